import { utf8ToBytes } from '@noble/hashes/utils.js';
import { expect, test } from 'vitest';
import { loadGm } from '../../../src/core/gm.ts';
import { opensslFolder } from '../../helpers/openssl.ts';

test('C3: OpenSSL accepts each of 1,000 joint signatures, under ten keys', async () => {
  const { twoParty, sm2, keys } = await loadGm();
  const openssl = opensslFolder();
  let accepted = 0;
  try {
    for (let k = 0; k < 10; k++) {
      const ctx = utf8ToBytes(`key ${k}`);
      const first = twoParty.keygen.clientStart(ctx);
      const second = twoParty.keygen.serverReply(ctx, first.commitment);
      const client = twoParty.keygen.clientFinish(first.state, second.message);
      const server = twoParty.keygen.serverFinish(second.state, client.opening);
      openssl.write('key.pem', keys.toPem('PUBLIC KEY', keys.encodeSpki(client.publicKey)));
      for (let i = 0; i < 100; i++) {
        const text = utf8ToBytes(`text ${i} of key ${k}`);
        const e = sm2.digest(client.publicKey, text);
        const { state, message } = twoParty.sign.clientStart(client.share, e, ctx);
        const reply = twoParty.sign.serverReply(server.share, e, ctx, message);
        openssl.write('text', text);
        openssl.write('signature', twoParty.sign.clientFinish(state, reply));
        const { ok } = openssl.run(
          'pkeyutl -verify -pubin -inkey key.pem -rawin -digest sm3 -pkeyopt distid:1234567812345678 -in text -sigfile signature',
        );
        if (ok) accepted++;
      }
    }
  } finally {
    openssl.remove();
  }
  expect(accepted).toBe(1000);
}, 1_800_000);
