import { assertSuccessor, type Checkpoint, parseCheckpoint } from '../../core/ledger/checkpoint.ts';
import { LedgerError } from '../../core/ledger/error.ts';
import { emptyRoot } from '../../core/ledger/merkle.ts';
import {
  cosignatureValue,
  cosignedBytes,
  formatNoteKey,
  type Note,
  type NoteKey,
  parseNote,
  signatureLine,
  verifyNote,
} from '../../core/ledger/note.ts';
import type { Clock } from '../ports.ts';
import type { NoteSigner, Witness, WitnessReply, WitnessStore } from './ports.ts';

/**
 * A witness of one log (C2SP tlog-witness). It cosigns a tree only if that tree continues the last
 * one it cosigned, and remembers it before the signature leaves.
 */
export function createWitness(deps: {
  readonly clock: Clock;
  readonly signer: NoteSigner;
  readonly store: WitnessStore;
  /** The Ed25519 key of the log that it watches. */
  readonly log: NoteKey;
}): Witness {
  return {
    key: async () => formatNoteKey(await deps.signer.key()),
    async cosign({ known, proof, checkpoint: signed }): Promise<WitnessReply> {
      const read = readCheckpoint(signed);
      if (!read || read.checkpoint.origin !== deps.log.name)
        return { ok: false, code: 'malformed' };
      const { note, checkpoint } = read;
      if (!(await verifyNote(note, deps.log)).valid) return { ok: false, code: 'unsigned' };
      // Look and remember in one step: two requests at once must not both continue one tree.
      const last = deps.store.last() ?? { size: 0, root: emptyRoot() };
      if (last.size !== known) return { ok: false, code: 'conflict', known: last.size };
      try {
        assertSuccessor({ ...last, origin: checkpoint.origin }, checkpoint, proof);
      } catch (error) {
        if (error instanceof LedgerError) return { ok: false, code: 'inconsistent' };
        throw error;
      }
      deps.store.remember({ size: checkpoint.size, root: checkpoint.root });
      const atSeconds = Math.floor(deps.clock.now() / 1000);
      const signature = await deps.signer.sign(cosignedBytes(note.text, atSeconds));
      const value = cosignatureValue(atSeconds, signature);
      return { ok: true, line: signatureLine(await deps.signer.key(), value) };
    },
  };
}

function readCheckpoint(signed: string): { note: Note; checkpoint: Checkpoint } | undefined {
  try {
    const note = parseNote(signed);
    return { note, checkpoint: parseCheckpoint(note.text) };
  } catch {
    return undefined;
  }
}
