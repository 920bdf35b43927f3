import { hexToBytes } from '@noble/hashes/utils.js';
import { expect, it } from 'vitest';
import { parseCheckpoint, verifyCheckpoint } from '../../../src/core/ledger/checkpoint.ts';
import { parseNote } from '../../../src/core/ledger/note.ts';
import { verifyLog } from '../../../src/core/ledger/verify-log.ts';
import { policyOf } from '../../../src/domain/ledger/lookup.ts';
import { memoryLedger } from '../../../src/platform/memory/ledger.ts';
import { frozenEvent } from '../../contract/ledger.ts';
import { oracleIncludes, oracleLeaf } from '../../helpers/merkle-oracle.ts';
import { sigstoreEntry, sigstoreVerifier } from '../../helpers/sigstore.ts';
import { tickingClock } from '../../helpers/time-and-chance.ts';

const count = 100_000;
const batch = 2000;

it('A8: an independent verifier accepts the proofs of 100,000 entries and refuses tampered ones', async () => {
  const ledger = memoryLedger(tickingClock());
  const start = performance.now();
  for (let first = 0; first < count; first += batch) {
    await Promise.all(
      Array.from({ length: batch }, (_, i) =>
        ledger.append(frozenEvent(`cert/c${first + i}`), { requestId: 'r1' }),
      ),
    );
  }
  const appended = performance.now();
  const note = await ledger.checkpoint();
  const policy = policyOf(await ledger.trust());
  expect((await verifyCheckpoint(note, policy)).size).toBe(count);
  const { root } = parseCheckpoint(parseNote(note).text);
  const outsider = sigstoreVerifier();
  const read = { origin: 'any', logSize: BigInt(count), logHash: Buffer.from(root) };
  let refused = 0;
  let proveMs = 0;
  for (let index = 0; index < count; index++) {
    const before = performance.now();
    const { proof } = await ledger.proveInclusion(index, count);
    proveMs += performance.now() - before;
    const { bytes } = await ledger.entry(index);
    const path = proof.map((item) => hexToBytes(item));
    expect(oracleIncludes(index, count, oracleLeaf(bytes), path, root)).toBe(true);
    outsider?.verifyMerkleInclusion(sigstoreEntry(index, bytes, proof, note), read);
    // One byte of the entry, or of the proof, by turns.
    const changed = index % 2 === 0 ? Uint8Array.from(bytes) : (path[index % path.length] ?? bytes);
    changed[index % changed.length] = (changed[index % changed.length] ?? 0) ^ 1;
    const leaf = oracleLeaf(index % 2 === 0 ? changed : bytes);
    if (!oracleIncludes(index, count, leaf, path, root)) refused++;
    const body = index % 2 === 0 ? changed : bytes;
    const hexPath = path.map((hash) => Buffer.from(hash).toString('hex'));
    const forged = sigstoreEntry(index, body, hexPath, note);
    if (outsider) expect(() => outsider.verifyMerkleInclusion(forged, read)).toThrow();
  }
  expect(refused).toBe(count);
  const verified = performance.now();
  const report = await verifyLog(ledger, policy);
  expect(report).toMatchObject({ entries: count, subjects: count });
  const seconds = (ms: number) => (ms / 1000).toFixed(1);
  console.info(
    `${count} entries: append ${seconds(appended - start)} s, ` +
      `prove ${((proveMs * 1000) / count).toFixed(0)} µs each, ` +
      `proofs checked by the oracle${outsider ? ' and by Sigstore' : ''} ${seconds(verified - appended)} s, ` +
      `whole log verified ${seconds(performance.now() - verified)} s`,
  );
});
