import { expect } from 'vitest';
import { loadGm } from '../../src/core/gm.ts';
import { keygenContext, refreshContext, signContext } from '../../src/core/two-party-context.ts';
import { newId } from '../../src/domain/id.ts';
import { base64urlBytes, base64urlText } from '../../src/lib/base64url.ts';
import { derElement, derInteger, derSequence } from '../../src/lib/der.ts';
import { okOf } from './documents.ts';
import type { Edge } from './edge.ts';

const gm = await loadGm();
export const tenant = 'beichen-bank';
export const base = '/v1/personal-keys';
export const hour = 60 * 60 * 1000;

export const flipped = (bytes: Uint8Array, at: number) =>
  bytes.map((byte, i) => (i === at ? byte ^ (1 << (at % 8)) : byte));

/** A personal key made over HTTP, with the terminal's half in the hands of the test. */
export async function makeKey(edge: Edge, as: string) {
  const [id, sessionId] = [newId(edge.deps), newId(edge.deps)];
  const started = gm.twoParty.keygen.clientStart(keygenContext({ tenant, keyId: id }, sessionId));
  const { message } = await okOf(
    await edge.call(base, {
      as,
      json: { id, label: 'phone', sessionId, commitment: base64urlText(started.commitment) },
    }),
  );
  const finished = gm.twoParty.keygen.clientFinish(started.state, bytesOf(message));
  await okOf(
    await edge.call(`${base}/${id}/finish`, {
      as,
      json: { sessionId, opening: base64urlText(finished.opening) },
    }),
  );
  return { id, as, share: finished.share, publicKey: finished.publicKey };
}

export type Key = Awaited<ReturnType<typeof makeKey>>;

export const bytesOf = (text: unknown) => base64urlBytes(String(text)) ?? new Uint8Array(0);

/** A request for a certificate over the key: what the service lets a key sign without a subject. */
export function infoOf({ publicKey }: Key): Uint8Array {
  const spki = gm.keys.encodeSpki(publicKey);
  return derSequence(derInteger(0), derSequence(), spki, derElement(0xa0));
}

/** The first message of a signature over the key's own request, and all that goes with it. */
export function signing(
  edge: Edge,
  key: Key,
  share = key.share,
  requestId: string = newId(edge.deps),
) {
  const { epoch } = gm.twoParty.inspect(share);
  const e = gm.sm2.digest(key.publicKey, infoOf(key));
  const ctx = signContext({ tenant, keyId: key.id }, epoch, requestId);
  const { state, message } = gm.twoParty.sign.clientStart(share, e, ctx);
  const json = {
    requestId,
    epoch,
    message: base64urlText(message),
    purpose: 'certificate_request',
    request: base64urlText(infoOf(key)),
  };
  return { state, message, json, e };
}

export const send = (edge: Edge, key: Key, json: object, as = key.as) =>
  edge.call(`${base}/${key.id}/signatures`, { as, json });

/** The key with what a failed run may change: the count of strikes, and nothing else. */
export async function rowOf(edge: Edge, { id }: Key) {
  const row = await edge.deps.signing.find(tenant, 'personal-key', id);
  const { strikes: _, revision: __, busy: ___, ...rest } = { ...row };
  return rest;
}

export async function signsNow(edge: Edge, key: Key, share = key.share): Promise<boolean> {
  const { state, json, e } = signing(edge, key, share);
  const { reply } = await okOf(await send(edge, key, json));
  const signature = gm.twoParty.sign.clientFinish(state, bytesOf(reply));
  return gm.sm2.verifyDigest(key.publicKey, e, signature);
}

/**
 * Refreshes the shares with one byte of the opening changed and a proof that is none: whether the
 * old share is still the key afterwards. Gives how many bytes there are.
 */
export async function refreshChanged(edge: Edge, key: Key, at: number): Promise<number> {
  const { epoch } = gm.twoParty.inspect(key.share);
  const sessionId = newId(edge.deps);
  const ctx = refreshContext({ tenant, keyId: key.id }, epoch, sessionId);
  const started = gm.twoParty.refresh.clientStart(key.share, ctx);
  const commitment = base64urlText(started.commitment);
  const path = `${base}/${key.id}/refresh`;
  const { as } = key;
  const { message } = await okOf(
    await edge.call(path, { as, json: { sessionId, epoch, commitment } }),
  );
  const { opening } = gm.twoParty.refresh.clientFinish(started.state, bytesOf(message));
  await edge.call(`${path}/finish`, {
    as,
    json: { sessionId, opening: base64urlText(flipped(opening, at)) },
  });
  const signature = base64urlText(new Uint8Array(70).fill(0x30));
  const commit = await edge.call(`${path}/commit`, { as, json: { signature } });
  expect({ at, ok: commit.ok }).toEqual({ at, ok: false });
  edge.clock.advance(hour);
  expect(await signsNow(edge, key), `byte ${at}`).toBe(true);
  return opening.length;
}
