import { createHash, createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { loadGm } from '../../../src/core/gm.ts';
import { base64urlBytes } from '../../../src/lib/base64url.ts';
import { caller, samplePerson, startFederation } from '../../helpers/federation.ts';

/** A value as it could be guessed: plain, hashed without a key, or under a key that everybody knows. */
async function formsOf(value: string): Promise<Buffer[]> {
  const gm = await loadGm();
  const bytes = Buffer.from(value);
  return [value, `CN-ID|${value}`].flatMap((text) => {
    const plain = Buffer.from(text);
    return [
      bytes,
      createHash('sha256').update(plain).digest(),
      Buffer.from(gm.sm3(plain)),
      createHmac('sha256', 'cinnabar').update(plain).digest(),
      Buffer.from(gm.hmacSm3(new Uint8Array(32), plain)),
    ];
  });
}

/** Every text, and what its base64url parts hold. */
function bytesSeen(texts: readonly string[]): Buffer {
  const boxes = texts.flatMap((text) =>
    [...text.matchAll(/[0-9A-Za-z_-]{16,}/g)].map(([part]) => base64urlBytes(part) ?? []),
  );
  return Buffer.concat([...texts.map((text) => Buffer.from(text)), ...boxes.map(Buffer.from)]);
}

describe('A2: what the edge, its stores, the audit log, the ledger and errors hold', () => {
  test('no identifier, plain or in a form that can be guessed', async () => {
    const federation = await startFederation();
    const person = samplePerson(4);
    await federation.fileEverywhere(person, -1);
    const applied = federation.apply(person);
    await federation.score(applied);
    const refusal: unknown = await federation.score(federation.apply(person)).catch((e) => e);

    const { requestId } = applied.draft.consent;
    const { audit, ledger, requests } = federation.coordinator;
    const seen = bytesSeen([
      ...federation.seen,
      JSON.stringify(applied.consent),
      JSON.stringify(await requests.find(caller.actor.tenant, requestId)),
      JSON.stringify(await audit.list(caller.actor.tenant, { limit: 100 })),
      JSON.stringify((await ledger.head(`scoring/${requestId}`))?.event),
      JSON.stringify(refusal),
    ]);
    expect(seen.includes(requestId)).toBe(true);
    for (const value of Object.values(person)) {
      for (const form of await formsOf(value)) {
        for (const written of [form, form.toString('hex'), form.toString('base64url')]) {
          expect(seen.includes(written)).toBe(false);
        }
      }
    }
  });
});
