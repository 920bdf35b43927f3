import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { followBody } from '../../src/edge/middleware/pace.ts';
import { account, bodyOf, startEdge } from '../helpers/edge.ts';

const forms = 20;
const requests = 400;
const hungUpMs = 60_000;

/** A service whose work does not end before it may. */
async function heldEdge() {
  let open: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  const edge = await startEdge(({ seals }) => ({
    seals: {
      ...seals,
      listSeals: (...input) => gate.then(() => seals.listSeals(...input)),
      findAccount: (...input) => gate.then(() => seals.findAccount(...input)),
    },
  }));
  return { edge, open };
}

describe('L2: an isolate that is full', () => {
  it('answers 503 with Retry-After at once, and serves again when there is room', async () => {
    const { edge, open } = await heldEdge();
    const running = Array.from({ length: requests }, () => edge.call('/v1/seals'));
    await vi.waitFor(async () => expect((await edge.call('/v1/notice')).status).toBe(503), 9_000);
    const refused = await edge.call('/v1/seals/accounts', { json: account });
    expect(refused.headers.get('retry-after')).toBe('2');
    expect(await bodyOf(refused)).toMatchObject({ status: 503, code: 'service_busy' });
    expect((await edge.call('/healthz', { as: null })).status).toBe(200);
    open();
    const statuses = (await Promise.all(running)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 200).length).toBeGreaterThan(requests - 9);
    expect((await edge.call('/v1/seals/accounts', { json: account })).status).toBe(201);
  });

  it('takes no more forms than it can hold, and reads all the same', async () => {
    let taken = 0;
    let open: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    const edge = await startEdge(({ idempotency }) => ({
      idempotency: {
        ...idempotency,
        async begin(...input) {
          taken += 1;
          await gate;
          return idempotency.begin(...input);
        },
      },
    }));
    const send = (n: number) =>
      edge.call('/v1/seals/cards', {
        form: { number: 'x' },
        headers: { 'idempotency-key': `${n}` },
      });
    const running = Array.from({ length: forms }, (_, n) => send(n));
    await vi.waitFor(() => expect(taken).toBe(forms));
    expect(await bodyOf(await send(99))).toMatchObject({ code: 'service_busy' });
    expect((await edge.call('/v1/seals')).status).toBe(200);
    // Whoever hung up long ago keeps no place.
    edge.clock.advance(hungUpMs);
    const late = send(100);
    open();
    expect((await late).status).not.toBe(503);
    for (const one of running) expect((await one).status).toBe(400);
  });

  it('counts what a form without a length may bring', async () => {
    const edge = await startEdge();
    const boundary = 'multipart/form-data; boundary=x';
    const slow = () =>
      edge.app.request('http://localhost/v1/seal-batches', {
        method: 'POST',
        headers: { 'content-type': boundary, authorization },
        body: new ReadableStream({ start: () => undefined }),
        duplex: 'half',
      } as RequestInit);
    const authorization = `Bearer ${await edge.tokenOf('teller-zhou')}`;
    // Five of 8 MB fill the isolate.
    for (let i = 0; i < 5; i++) void slow();
    expect(await bodyOf(await slow())).toMatchObject({ code: 'service_busy' });
    expect((await edge.call('/v1/seals')).status).toBe(200);
  });
});

describe('M3: a body that comes slowly', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  /** A body of which so many bytes come every second, for so many seconds. */
  function trickle(bytesPerSecond: number, seconds: number) {
    let sent = 0;
    let timer: ReturnType<typeof setInterval>;
    return new ReadableStream<Uint8Array>({
      cancel: () => clearInterval(timer),
      start(controller) {
        timer = setInterval(() => {
          controller.enqueue(new Uint8Array(bytesPerSecond));
          sent += 1;
          if (sent < seconds) return;
          clearInterval(timer);
          controller.close();
        }, 1000);
      },
    });
  }

  async function read(bytesPerSecond: number, seconds: number, bytesMax = 1_000_000) {
    const followed = followBody(trickle(bytesPerSecond, seconds), { bytesMax });
    const whole = new Response(followed.stream).arrayBuffer().then(
      (bytes) => bytes.byteLength,
      () => followed.refusal()?.code,
    );
    await vi.advanceTimersByTimeAsync(10_001);
    const first = followed.refusal()?.code;
    await vi.advanceTimersByTimeAsync(600_000);
    return { first, end: await whole };
  }

  it('is cut off after ten seconds when it brings a byte a second, or nothing', async () => {
    expect(await read(1, 300)).toEqual({ first: 'body_too_slow', end: 'body_too_slow' });
    expect(await read(0, 300)).toEqual({ first: 'body_too_slow', end: 'body_too_slow' });
    // Quick enough in each window, and still not here after 55 seconds.
    expect(await read(8192, 100)).toEqual({ first: undefined, end: 'body_too_slow' });
  });

  it('may take most of a minute over a line that works, up to its limit', async () => {
    expect(await read(8 * 1024, 50)).toEqual({ first: undefined, end: 409_600 });
    expect(await read(32 * 1024, 50)).toMatchObject({ end: 'payload_too_large' });
    expect(await read(5, 3)).toEqual({ first: undefined, end: 15 });
  });

  it('gets 408 and is in no log with what it sent', async () => {
    const edge = await startEdge();
    const authorization = `Bearer ${await edge.tokenOf('teller-zhou')}`;
    const sent = edge.app.request('http://localhost/v1/seals/accounts', {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization },
      body: trickle(1, 1000),
      duplex: 'half',
    } as RequestInit);
    let isAnswered = false;
    void Promise.resolve(sent).finally(() => {
      isAnswered = true;
    });
    while (!isAnswered) await vi.advanceTimersByTimeAsync(1000);
    const answer = await sent;
    expect(answer.status).toBe(408);
    expect(await bodyOf(answer)).toMatchObject({ code: 'body_too_slow' });
    expect(edge.log.at(-1)).toMatchObject({ event: 'request', status: 408 });
  });
});
