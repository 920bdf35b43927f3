import { bytesToHex } from '@noble/hashes/utils.js';
import { expect, test } from 'vitest';
import { loadSessionSuite, sessionSuites } from '../../../src/core/session/suite.ts';

test.each(sessionSuites)('E6: 10,000 sessions by %s have 20,000 keys', async (name) => {
  const suite = await loadSessionSuite(name);
  const [terminal, service] = [suite.keyPair(), suite.keyPair()];
  const binding = new Uint8Array(32);
  const keys = new Set<string>();
  for (let i = 0; i < 10_000; i++) {
    const started = suite.initiate({ own: terminal, peer: service.publicKey, binding });
    const party = { own: service, peer: terminal.publicKey, binding };
    const { answer } = suite.respond(party, started.message, 's');
    const { sending, receiving } = started.finish(answer, 's');
    keys.add(bytesToHex(sending));
    keys.add(bytesToHex(receiving));
  }
  expect(keys.size).toBe(20_000);
});
