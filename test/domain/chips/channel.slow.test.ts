import { bytesToHex } from '@noble/hashes/utils.js';
import { expect, test } from 'vitest';
import { noiseInitiate, noiseRespond } from '../../../src/core/session/noise.ts';
import { openTools } from '../../../src/domain/chips/tools.ts';

test('H4: 10,000 sessions of the same two parties have 20,000 keys, and each end has the other’s', async () => {
  const { sodium } = await openTools(crypto.subtle);
  const [own, peer] = [sodium.crypto_box_keypair(), sodium.crypto_box_keypair()];
  const prologue = Uint8Array.of(1);
  const [near, far] = [
    { sodium, own, peer: peer.publicKey, prologue },
    { sodium, own: peer, peer: own.publicKey, prologue },
  ];
  const text = new Uint8Array(16);
  const seen = new Set<string>();
  for (let i = 0; i < 10_000; i++) {
    const begun = noiseInitiate(near, text);
    const { message, session } = noiseRespond(far, begun.message, (payload) => payload);
    const ours = begun.finish(message).session;
    // The same text under the same number: equal only under an equal key.
    const [there, back] = [ours.sending.encrypt(0, text), session.sending.encrypt(0, text)];
    seen.add(bytesToHex(there)).add(bytesToHex(back));
    if (i % 100 > 0) continue;
    expect(session.receiving.decrypt(0, there)).toEqual(text);
    expect(ours.receiving.decrypt(0, back)).toEqual(text);
  }
  expect(seen.size).toBe(20_000);
});
