import { expect, test } from 'vitest';
import { loadGm } from '../../../src/core/gm.ts';

const { sm2 } = await loadGm();
const signatures = Number(process.env.NONCES ?? 1_000_000);
/** As many as are kept at once: r repeats with the nonce, whatever the message. */
const bitsCompared = 64;

test('S6: no nonce comes twice in a million signatures of one key over one message', ({ task }) => {
  const { privateKey } = sm2.generateKeyPair();
  const message = new Uint8Array(32);
  const seen = new BigUint64Array(signatures);
  for (let i = 0; i < signatures; i++) {
    const raw = sm2.sign(privateKey, message, { format: 'raw' });
    seen[i] = new DataView(raw.buffer, raw.byteOffset).getBigUint64(0);
  }
  seen.sort();
  let repeats = 0;
  for (let i = 1; i < seen.length; i++) if (seen[i] === seen[i - 1]) repeats += 1;
  task.meta.measured = `${repeats} of ${signatures} values of r repeat in their first ${bitsCompared} bits`;
  expect(repeats).toBe(0);
});

test('S6: no signature without randomness', () => {
  const { privateKey } = sm2.generateKeyPair();
  const genuine = crypto.getRandomValues;
  crypto.getRandomValues = () => {
    throw new Error('there is none');
  };
  try {
    // What was drawn ahead may be used up first.
    const signUntilDry = () => {
      for (let i = 0; i < 1000; i++) sm2.sign(privateKey, new Uint8Array(4));
    };
    expect(signUntilDry).toThrow('the host gave no randomness');
  } finally {
    crypto.getRandomValues = genuine;
  }
});
