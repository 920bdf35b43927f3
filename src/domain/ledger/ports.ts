import type { NoteKey } from '../../core/ledger/note.ts';
import type { LedgerEvent, UnplacedEvent } from './events.ts';

/** An event in its place. Hashes are 64 lower-case hex digits everywhere in this port. */
export interface LedgerEntry {
  readonly index: number;
  readonly leafHash: string;
  readonly event: LedgerEvent;
  /** The exact bytes that were hashed. */
  readonly bytes: Uint8Array;
}

/** What the writer of an event holds in its hands: it proves the event to anyone, offline. */
export interface Appended {
  readonly index: number;
  readonly leafHash: string;
  /** Size of the tree that `checkpoint` speaks of and `proof` leads into. */
  readonly size: number;
  /** A signed note, with the cosignatures of a quorum of witnesses. */
  readonly checkpoint: string;
  readonly proof: readonly string[];
}

export interface InclusionProof {
  readonly index: number;
  readonly size: number;
  readonly leafHash: string;
  readonly proof: readonly string[];
}

export interface ConsistencyProof {
  readonly first: number;
  readonly second: number;
  readonly proof: readonly string[];
}

/**
 * The log's own word on which event of a subject is the newest, for a minute.
 *
 * A Merkle tree cannot prove that nothing newer exists; this signed statement makes hiding the
 * newest event something that the log can be convicted of.
 */
export interface SignedStatus {
  readonly subject: string;
  /** Absent when there is no event about the subject. */
  readonly newest?: { readonly index: number; readonly leafHash: string; readonly type: string };
  /** Size of the log when it was looked up. */
  readonly size: number;
  readonly issuedAt: string;
  readonly expiresAt: string;
  /** The signed note that says all of the above. */
  readonly note: string;
}

/** A part of a subject's events: at most `count` of them, without the `first` ones before. */
export interface HistoryRange {
  readonly first: number;
  readonly count: number;
}

/** The append-only log of everything that outsiders must be able to check. */
export interface Ledger {
  /**
   * Writes an event; resolves when it is durable, in a checkpoint, and cosigned by a quorum.
   *
   * `prev` must be the leaf hash of the newest event of the subject, so of any number of events
   * that race for one place exactly one wins. A repetition under the same `requestId` (1 to 128
   * printable characters, unique per subject) gives the place of the first; only `at` and
   * `signature` may differ then.
   *
   * @throws CinnabarError `ledger_conflict` when `prev` is not the newest event, or the request id
   *   was used for another event; `ledger_unavailable` when it is not certain that it is written
   */
  append(event: LedgerEvent, options: { readonly requestId: string }): Promise<Appended>;
  /**
   * Writes an event behind the newest one of its subject, whichever that is by then: for subjects
   * whose events do not exclude each other. Otherwise as `append`.
   *
   * @throws CinnabarError `ledger_conflict` when the request id was used for another event;
   *   `ledger_unavailable` when it is not certain that it is written
   */
  appendNext(event: UnplacedEvent, options: { readonly requestId: string }): Promise<Appended>;
  /** The newest event of a subject. */
  head(subject: string): Promise<LedgerEntry | undefined>;
  /** The events of a subject, oldest first: all of them, or a part. */
  history(subject: string, range?: HistoryRange): Promise<readonly LedgerEntry[]>;
  /** Only entries of the published checkpoint. @throws CinnabarError `ledger_entry_not_found` */
  entry(index: number): Promise<LedgerEntry>;
  /** At most `count` (1 to 256) entries of the published checkpoint from `first` on. */
  entries(first: number, count: number): Promise<readonly LedgerEntry[]>;
  /** The newest signed and cosigned checkpoint. */
  checkpoint(): Promise<string>;
  /** @throws CinnabarError `ledger_entry_not_found` when index ≥ size, or size is not reached */
  proveInclusion(index: number, size: number): Promise<InclusionProof>;
  /** @throws CinnabarError `ledger_entry_not_found` when first > second, or second is not reached */
  proveConsistency(first: number, second: number): Promise<ConsistencyProof>;
  /**
   * Which event is the newest as this is asked. It expires 60 seconds after it was issued, and what
   * was issued half of that ago at most may be given out again while it is true.
   */
  status(subject: string): Promise<SignedStatus>;
  /** A tile or entry bundle by its path (C2SP tlog-tiles), if it is there and so wide. */
  tile(path: string): Promise<Uint8Array | undefined>;
  /** Whom a verifier must trust. */
  trust(): Promise<LedgerTrust>;
}

/** The verifier keys of log and witnesses (`formatNoteKey`), and how many witnesses must cosign. */
export interface LedgerTrust {
  readonly log: string;
  readonly logSm2: string;
  readonly witnesses: readonly string[];
  readonly quorum: number;
}

/** Signs the bytes of notes with keys that it keeps. */
export interface NoteSigner {
  key(): Promise<NoteKey>;
  /**
   * `place` names what only one message may ever say, as the tree of a size: a keeper that
   * remembers what it signed refuses a second message for it.
   *
   * @throws CinnabarError `ledger_unavailable`
   */
  sign(message: Uint8Array, place?: string): Promise<Uint8Array>;
}

/** A place in the log, as the store keeps it. */
export interface StoredEntry {
  readonly index: number;
  readonly leafHash: Uint8Array;
  readonly bytes: Uint8Array;
}

export interface NewEntry extends StoredEntry {
  readonly subject: string;
  readonly requestId: string;
}

/**
 * What one log keeps. It has one writer and answers at once, so a look and the write that follows
 * from it are one step. What was written is durable before any promise of the writer resolves.
 */
export interface LogStore {
  /** Entries that have a place. */
  size(): number;
  /** Puts an entry at `size()`. */
  add(entry: NewEntry): void;
  entry(index: number): StoredEntry | undefined;
  /** At most `count` entries from `first` on. */
  entries(first: number, count: number): readonly StoredEntry[];
  /** Those of a subject, oldest first: all of them, or a part. */
  ofSubject(subject: string, range?: HistoryRange): readonly StoredEntry[];
  newestOf(subject: string): StoredEntry | undefined;
  ofRequest(subject: string, requestId: string): StoredEntry | undefined;
  /** Entries whose hashes are in the tiles. */
  treeSize(): number;
  tile(level: number, index: number): Uint8Array | undefined;
  /** What was stored as `inner` with a full tile. */
  innerOf(level: number, index: number): Uint8Array | undefined;
  /** Writes tiles and the tree size that they make, all or nothing. */
  grow(size: number, tiles: readonly StoredTile[]): void;
  published(): Published | undefined;
  publish(published: Published): void;
  /** Size of the last tree that the witness cosigned; 0 if none. */
  witnessed(witness: string): number;
  setWitnessed(witness: string, size: number): void;
}

export interface StoredTile {
  readonly level: number;
  readonly index: number;
  readonly hashes: Uint8Array;
  /** Of a full tile: the hashes above its own, so that no proof computes them again. */
  readonly inner?: Uint8Array;
}

export interface Published {
  readonly size: number;
  readonly checkpoint: string;
  readonly atMs: number;
}

/** The last tree that a witness cosigned. It answers at once, like `LogStore`. */
export interface WitnessStore {
  last(): { readonly size: number; readonly root: Uint8Array } | undefined;
  remember(tree: { readonly size: number; readonly root: Uint8Array }): void;
}

/** What the log asks of a witness (C2SP tlog-witness `add-checkpoint`). */
export interface WitnessRequest {
  /** Size of the last tree that this witness cosigned, as far as the log knows. */
  readonly known: number;
  readonly proof: readonly Uint8Array[];
  /** The note, signed by the log. */
  readonly checkpoint: string;
}

export type WitnessReply =
  | { readonly ok: true /** The signature line of the cosignature. */; readonly line: string }
  /** `known` is out of date: this is the size that the witness knows. */
  | { readonly ok: false; readonly code: 'conflict'; readonly known: number }
  | { readonly ok: false; readonly code: 'unsigned' | 'malformed' | 'inconsistent' };

/** Cosigns checkpoints of one log after checking that none contradicts an earlier one. */
export interface Witness {
  key(): Promise<string>;
  cosign(request: WitnessRequest): Promise<WitnessReply>;
}

/** Where checkpoints are written a second time, out of the log's reach. */
export interface Anchor {
  /** Idempotent. A different root for an anchored size is refused: `ledger_conflict`. */
  anchor(checkpoint: {
    size: number;
    root: string;
    origin: string;
  }): Promise<{ reference: string }>;
  /** The root that was anchored for this size. */
  anchored(origin: string, size: number): Promise<string | undefined>;
  /** The largest tree that was anchored. */
  last(origin: string): Promise<{ readonly size: number; readonly root: string } | undefined>;
}
