import type { noteKey } from '../../core/ledger/note.ts';
import { createLog } from '../../domain/ledger/log.ts';
import type { Ledger, LogStore, Witness } from '../../domain/ledger/ports.ts';
import { createWitness } from '../../domain/ledger/witness.ts';
import type { Clock } from '../../domain/ports.ts';
import { processEd25519Signer, processSm2Signer } from '../note-signers.ts';
import { memoryLogStore, memoryWitnessStore } from './ledger-stores.ts';

export const memoryLedgerOrigin = 'ledger.cinnabar.example/memory';

/** A whole log in RAM with three witnesses, two of which must cosign. Its keys are real. */
export function memoryLedger(clock: Clock, store: LogStore = memoryLogStore()): Ledger {
  const signer = processEd25519Signer('ed25519', memoryLedgerOrigin);
  const witnesses = ['one', 'two', 'three'].map((id) => {
    const name = `witness-${id}.cinnabar.example/memory`;
    return { name, witness: memoryWitness(clock, name, async () => signer.key()) };
  });
  const signerSm2 = processSm2Signer(memoryLedgerOrigin);
  return createLog({ clock, store, signer, signerSm2, witnesses, quorum: 2 });
}

/** A witness in RAM of the log whose key `log` gives. */
export function memoryWitness(
  clock: Clock,
  name: string,
  log: () => Promise<ReturnType<typeof noteKey>>,
): Witness {
  const signer = processEd25519Signer('cosignature', name);
  const store = memoryWitnessStore();
  const made = async () => createWitness({ clock, signer, store, log: await log() });
  return {
    key: async () => (await made()).key(),
    cosign: async (request) => (await made()).cosign(request),
  };
}
