import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { httpBiometrics } from '../../src/platform/biometrics/http.ts';
import { boundedBytes, boundedText } from '../../src/platform/bounded-body.ts';
import { remoteParties } from '../../src/platform/federation/parties.ts';

const piece = new Uint8Array(1024).fill(0x61);

/** A body that never ends, and how much of it was read. */
function endless() {
  let read = 0;
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(controller) {
      read += piece.length;
      controller.enqueue(piece);
    },
  });
  return { response: new Response(body), read: () => read };
}

describe('bodies from outside', () => {
  it('M3: are read up to their limit and no further, whatever was said of their length', async () => {
    expect(await boundedText(new Response('a'.repeat(10)), 10)).toBe('a'.repeat(10));
    expect(await boundedText(new Response('a'.repeat(11)), 10)).toBeUndefined();
    expect(await boundedText(new Response('\u{1f600}'), 3)).toBeUndefined();
    expect(await boundedText(new Response('\u{1f600}'), 4)).toBe('\u{1f600}');
    expect(await boundedBytes(new Response(null), 0)).toEqual(new Uint8Array(0));
    const { response, read } = endless();
    expect(await boundedBytes(response, 5000)).toBeUndefined();
    expect(read()).toBeLessThan(10_000);
  });

  it('M3: a party that answers without end, or leads elsewhere, gives no answer', async () => {
    const asked: RequestInit[] = [];
    const { response, read } = endless();
    const elsewhere = new Response(null, {
      status: 307,
      headers: { location: 'http://10.0.0.1/' },
    });
    const answers = [response, elsewhere];
    const parties = remoteParties(
      () => async (_, init) => {
        asked.push(init);
        return answers.shift() ?? new Response('{}', { status: 500 });
      },
      'decision',
      1000,
    );
    const open = parties.open('bank', {} as Parameters<typeof parties.open>[1]);
    await expect(open).rejects.toMatchObject({ code: 'federation_unavailable' });
    expect(read()).toBeLessThan(200_000);
    expect(asked).toHaveLength(2);
    await expect(parties.alive('bank')).rejects.toMatchObject({ code: 'federation_unavailable' });
    expect(asked.map(({ redirect }) => redirect)).toEqual(['manual', 'manual', 'manual']);
  });
});

describe('a service that compares people and answers without end', () => {
  let sent = 0;
  const server = createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    const go = () => {
      sent += piece.length;
      response.write(piece, (error) => (error ? undefined : setImmediate(go)));
    };
    go();
  });
  beforeAll(() => new Promise<void>((done) => server.listen(0, '127.0.0.1', done)));
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  it('M3: gives none', async () => {
    const { port } = server.address() as AddressInfo;
    const about = { modality: 'face', name: 'x', liveness: 'none' } as unknown as Parameters<
      typeof httpBiometrics
    >[0];
    const url = `http://127.0.0.1:${port}`;
    const service = httpBiometrics({ ...about, url, secret: 's'.repeat(32) });
    const sample = new Uint8Array(1);
    const asked = service.verify(sample, sample, sample);
    await expect(asked).rejects.toMatchObject({ code: 'biometrics_unavailable' });
    expect(sent).toBeGreaterThan(64 * 1024);
    expect(sent).toBeLessThan(64 * 1024 * 1024);
  });
});
