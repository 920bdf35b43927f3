import { beforeAll, describe, expect, it } from 'vitest';
import { parseNoteKey } from '../../../src/core/ledger/note.ts';
import type { Ledger } from '../../../src/domain/ledger/ports.ts';
import { memoryLedger, memoryLedgerOrigin } from '../../../src/platform/memory/ledger.ts';
import { frozenEvent } from '../../contract/ledger.ts';
import { sigstoreEntry, sigstoreLog, sigstoreVerifier } from '../../helpers/sigstore.ts';
import { tickingClock } from '../../helpers/time-and-chance.ts';

const count = 700;
const verifier = sigstoreVerifier();

describe.skipIf(verifier === undefined)('the verifier of Sigstore', () => {
  if (!verifier) return;
  const ledger: Ledger = memoryLedger(tickingClock());
  let checkpoint: string;
  let log: ReturnType<typeof sigstoreLog>;

  beforeAll(async () => {
    const events = Array.from({ length: count }, (_, i) => frozenEvent(`cert/s${i}`));
    await Promise.all(events.map((event) => ledger.append(event, { requestId: 'r1' })));
    checkpoint = await ledger.checkpoint();
    log = sigstoreLog(parseNoteKey((await ledger.trust()).log));
  });

  async function entryAt(index: number) {
    const { bytes } = await ledger.entry(index);
    const { proof } = await ledger.proveInclusion(index, count);
    return sigstoreEntry(index, bytes, proof, checkpoint);
  }

  it('A8: reads our checkpoints and accepts the signature of the log, and no other', async () => {
    const entry = await entryAt(0);
    const read = verifier.verifyCheckpoint(entry, [log]);
    expect(read).toMatchObject({ origin: memoryLedgerOrigin, logSize: BigInt(count) });
    const other = memoryLedger(tickingClock());
    const stranger = sigstoreLog(parseNoteKey((await other.trust()).log));
    expect(() => verifier.verifyCheckpoint(entry, [stranger])).toThrow();
    const changed = checkpoint.replace(`\n${count}\n`, `\n${count + 1}\n`);
    const { inclusionProof } = entry;
    const forged = {
      ...entry,
      inclusionProof: { ...inclusionProof, checkpoint: { envelope: changed } },
    };
    expect(() => verifier.verifyCheckpoint(forged, [log])).toThrow();
  });

  it('A8: accepts the proof of every entry, and refuses each with one byte changed', async () => {
    const read = verifier.verifyCheckpoint(await entryAt(0), [log]);
    for (let index = 0; index < count; index++) {
      const entry = await entryAt(index);
      verifier.verifyMerkleInclusion(entry, read);
      const { canonicalizedBody: body, inclusionProof } = entry;
      const target =
        index % 2 === 0 ? body : inclusionProof.hashes[index % inclusionProof.hashes.length];
      const at = index % (target?.length ?? 1);
      target?.writeUInt8((target[at] ?? 0) ^ 1, at);
      expect(() => verifier.verifyMerkleInclusion(entry, read), `${index}`).toThrow();
    }
  });
});
