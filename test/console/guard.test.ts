import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  expectedHash,
  type GuardDeps,
  judge,
  judgeServed,
  sha256Hex,
} from '../../src/console/guard/guard.ts';
import { manifestHash, manifestText, parseManifest } from '../../src/core/software/manifest.ts';
import { base64urlText } from '../../src/lib/base64url.ts';
import { type Edge, startEdge } from '../helpers/edge.ts';

const script = new TextEncoder().encode('pay()');
let manifest = '';
let edge: Edge;

/** A terminal that has seen nothing yet, and what the service serves it. */
function terminal(served: () => string = () => manifest) {
  const kept = new Map<string, string>();
  const deps: GuardDeps = {
    fetch: async (path) =>
      path === '/software.json' ? new Response(served()) : edge.call(path, { as: null }),
    store: {
      get: async (name) => kept.get(name),
      async put(name, text) {
        kept.set(name, text);
      },
    },
  };
  return deps;
}

const release = (text: string) =>
  edge.call('/v1/software', { as: 'operator-ma', json: { manifest: text } });
const revoke = (text: string) =>
  edge.call(`/v1/software/${manifestHash(text)}/revoke`, {
    as: 'operator-ma',
    json: { reason: '有缺陷' },
  });

beforeAll(async () => {
  edge = await startEdge();
  const files = { '/assets/pay.js': await sha256Hex(script.buffer as ArrayBuffer) };
  manifest = manifestText({ version: '1.0.0', files });
});

describe('the guard of a terminal', () => {
  test('E5: software runs once the key manager signed it, and not before', async () => {
    expect((await judgeServed(terminal())).state).toBe('unreleased');
    expect((await release(manifest)).status).toBe(200);
    expect(await judgeServed(terminal())).toEqual({ state: 'released', manifest, sequence: 1 });
    const subject = `/ledger/subjects/software/${manifestHash(manifest)}`;
    const entries = await (await edge.call(subject, { as: null })).text();
    expect(entries).toContain(manifestHash(manifest));
  });

  test('E5: a manifest with one other hash, path or version is not that release', async () => {
    const files = { '/assets/pay.js': manifestHash('other') };
    for (const changed of [
      manifestText({ version: '1.0.0', files }),
      manifestText({ version: '1.0.1', files: parseManifest(manifest)?.files ?? {} }),
      manifest.replace('pay.js', 'pai.js'),
    ]) {
      expect((await judgeServed(terminal(() => changed))).state).toBe('unreleased');
    }
    for (const broken of ['', '{}', `${manifest} `, manifest.replace('"v":1', '"v":2')]) {
      expect((await judge(terminal(), broken)).state).toBe('forged');
    }
  });

  test('E5: a terminal that knows the key takes no signature by another', async () => {
    const deps = terminal();
    const curve = { name: 'ECDSA', namedCurve: 'P-256' };
    const other = await crypto.subtle.generateKey(curve, true, ['sign', 'verify']);
    const spki = new Uint8Array(await crypto.subtle.exportKey('spki', other.publicKey));
    await deps.store.put('key', base64urlText(spki));
    expect((await judgeServed(deps)).state).toBe('forged');
  });

  test('E5: a service that does not answer changes nothing', async () => {
    const deps = { ...terminal(), fetch: () => Promise.reject(new Error('offline')) };
    expect((await judgeServed(deps)).state).toBe('unreachable');
  });

  test('E5: what ran something newer takes no older release, signed and not withdrawn as it is', async () => {
    const files = parseManifest(manifest)?.files ?? {};
    const newer = manifestText({ version: '1.1.0', files });
    expect((await release(newer)).status).toBe(200);
    expect((await release(manifest)).status).toBe(200);
    const deps = terminal();
    const verdict = await judge(deps, newer);
    expect(verdict).toMatchObject({ state: 'released', sequence: 2 });
    await deps.store.put('sequence', '2');
    expect((await judge(deps, newer)).state).toBe('released');
    expect((await judgeServed(deps)).state).toBe('outdated');
    // The number is under the signature: nobody makes an old release new.
    const numbered = async (sequence: unknown) => {
      const lying: GuardDeps = {
        ...deps,
        fetch: async (path) => {
          const answer = await deps.fetch(path);
          if (!path.startsWith('/v1/software/')) return answer;
          return Response.json({ ...(await answer.json()), sequence });
        },
      };
      return (await judge(lying, manifest)).state;
    };
    expect(await numbered(3)).toBe('forged');
    expect(await numbered(undefined)).toBe('forged');
    expect((await revoke(newer)).status).toBe(200);
  });

  test('E5: a file is known by its path and its bytes', async () => {
    expect(expectedHash(manifest, '/assets/pay.js')).toBe(
      await sha256Hex(script.buffer as ArrayBuffer),
    );
    expect(expectedHash(manifest, '/assets/other.js')).toBeUndefined();
    expect(expectedHash(manifest, 'constructor')).toBeUndefined();
  });

  test('E5: withdrawn software runs no more, and is not released again', async () => {
    expect((await revoke(manifest)).status).toBe(200);
    expect((await judgeServed(terminal())).state).toBe('revoked');
    expect((await release(manifest)).status).toBe(403);
    const list = await edge.call('/v1/software', { as: 'operator-ma' });
    expect((await list.json()).items).toContainEqual(
      expect.objectContaining({ state: 'revoked', version: '1.0.0' }),
    );
  });

  test('E5: only operators and administrators release and withdraw', async () => {
    const json = { manifest };
    expect((await edge.call('/v1/software', { as: 'customer-chen', json })).status).toBe(403);
    expect((await edge.call('/v1/software', { as: null, json })).status).toBe(401);
  });

  test('E5: the build writes a manifest of every script, module, style and page', () => {
    const built = fileURLToPath(new URL('../../dist/console/software.json', import.meta.url));
    const files = Object.keys(parseManifest(readFileSync(built, 'utf8'))?.files ?? {});
    expect(files).toContain('/index.html');
    expect(files).toContain('/guard.js');
    expect(files.filter((path) => path.endsWith('.wasm')).length).toBeGreaterThan(3);
  });
});
