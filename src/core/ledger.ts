export {
  assertSuccessor,
  type Checkpoint,
  type LedgerPolicy,
  parseCheckpoint,
  type VerifiedCheckpoint,
  verifyCheckpoint,
} from './ledger/checkpoint.ts';
export { LedgerError, type LedgerErrorCode } from './ledger/error.ts';
export {
  type InclusionStep,
  inclusionSteps,
  leafHash,
  verifyConsistency,
  verifyInclusion,
} from './ledger/merkle.ts';
export { type NoteKey, parseNote, parseNoteKey, verifyNote } from './ledger/note.ts';
export {
  type ProofFile,
  policyFrom,
  type TrustFile,
  verifyProofFile,
  verifySuccessor,
} from './ledger/proof-file.ts';
export { type StatusBody, verifyKeptStatus, verifyStatus } from './ledger/status.ts';
export { type LogReport, type LogSource, verifyLog } from './ledger/verify-log.ts';
