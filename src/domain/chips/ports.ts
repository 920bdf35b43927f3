import type { Receipt } from '../../core/usage/receipt.ts';
import type { ShareAttestation } from '../../core/usage/share-use.ts';
import type { BackupManifest, BackupName, GuardFacts, KeyBackup } from './backup.ts';
import type { RestoreOffer } from './ceremony.ts';
import type { CloneOffer, ClonePackage } from './cloning.ts';
import type { DecryptInput, SignInput } from './key-material.ts';
import type { ChangeGrants } from './keys.ts';
import type { PlainItem, WrappedItem } from './messages.ts';
import type { Attestation, Incarnation, KeyKind, KeyName } from './types.ts';
import type { KeyOperation } from './uses.ts';

/**
 * The storage of one actor: small, synchronous, durable. What an actor writes between two awaits is
 * written whole or not at all, and before anybody hears of it.
 */
export interface Cells {
  get(key: string): unknown;
  put(key: string, value: unknown): void;
  delete(key: string): void;
  /** In ascending order of the keys; at most `limit`, and only those behind the key `after`. */
  list(prefix: string, limit?: number, after?: string): Iterable<readonly [string, unknown]>;
}

/** Timers, so that tests need not wait. */
export interface Waits {
  after(ms: number): { readonly done: Promise<void>; cancel(): void };
}

/** The right to one use of a key on one chip. Numbers rise with every ticket of a key. */
export interface Ticket extends KeyName {
  readonly epoch: number;
  readonly number: number;
  readonly requestId: string;
  readonly chip: string;
  readonly notAfterMs: number;
  /** The newest incarnation of the chip that anybody saw. */
  readonly incarnation: Incarnation;
}

export interface UseOutcome {
  readonly output: Uint8Array;
  readonly receipt: Receipt;
  readonly incarnation: Incarnation;
}

/**
 * A chip: a place where keys are born, live and work. No call returns a private key; `exportTo`
 * gives it encrypted for one certified chip that asked for it just now.
 */
export interface Chip {
  attest(challengeHex: string): Promise<Attestation>;
  /** @returns the public key (SubjectPublicKeyInfo); empty for wrapping keys */
  generate(kind: KeyKind, epoch: number): Promise<Uint8Array>;
  prove(name: KeyName, challenge: Uint8Array): Promise<Uint8Array>;
  offer(name: KeyName, epoch: number): Promise<CloneOffer>;
  exportTo(name: KeyName, offer: CloneOffer): Promise<ClonePackage>;
  import(clone: ClonePackage): Promise<void>;
  use(ticket: Ticket, operation: KeyOperation): Promise<UseOutcome>;
  wrap(name: KeyName, items: readonly PlainItem[]): Promise<readonly Uint8Array[]>;
  /** `undefined` when one of them is not authentic. */
  unwrap(name: KeyName, items: readonly WrappedItem[]): Promise<readonly Uint8Array[] | undefined>;
  /** Moves the key to the next epoch with the grant list that its officers approved. */
  changeGrants(change: ChangeGrants): Promise<void>;
  /** Forgets the key and says so. Keys that are not here are forgotten too. */
  wipe(name: KeyName, requestId: string): Promise<Receipt>;

  keygenReply(name: KeyName, session: ShareSession): Promise<Uint8Array>;
  keygenFinish(kind: KeyKind, epoch: number, opening: ShareOpening): Promise<Uint8Array>;
  refreshReply(name: KeyName, session: ShareSession): Promise<Uint8Array>;
  /** Keeps the refreshed share beside the old one. @returns its epoch */
  refreshFinish(name: KeyName, opening: ShareOpening): Promise<number>;
  /**
   * Erases the old share, after a signature that was made with the new one, and moves on from
   * `epoch` to the next: copies with the old share are of a time that is over.
   */
  refreshCommit(name: KeyName, proof: ShareProof, epoch: number): Promise<void>;
  useShare(ticket: Ticket, use: ShareUse): Promise<UseOutcome>;
  /** Signs what is public about the share that it holds now. */
  attestShare(name: KeyName): Promise<ShareAttestation>;

  /**
   * The key for the officers' eyes only, encrypted for the backup key that the chip was set up with.
   *
   * @throws CinnabarError `backup_key_missing` when it was set up with none
   */
  backup(order: BackupOrder): Promise<KeyBackup>;
  signManifest(body: UnsignedManifest): Promise<BackupManifest>;
  /** Begins a ceremony, and ends the one before. @throws CinnabarError `backup_invalid` */
  restoreOffer(manifest: BackupManifest): Promise<RestoreOffer>;
  /** Takes an officer's consent. @throws CinnabarError `share_unreadable`, `restore_not_found` */
  restoreShare(id: string, sealed: Uint8Array): Promise<Ceremony>;
  /**
   * Takes a key from the backup that enough officers consented to, in a new epoch: a copy that was
   * away and comes back does nothing any more.
   */
  restoreKey(id: string, record: KeyBackup, epoch: number): Promise<void>;
  /** Forgets the backup key. A ceremony that is over is forgotten already. */
  restoreEnd(id: string): Promise<void>;
}

export type UnsignedManifest = Omit<BackupManifest, 'chip' | 'signatureHex'>;

/** Asks a chip to back up a key, with what the guard knows of it. */
export interface BackupOrder extends KeyName {
  readonly backup: BackupName;
  readonly facts: GuardFacts;
}

/** How far a ceremony is. */
export interface Ceremony {
  /** Officers that gave their shares. */
  readonly given: readonly number[];
  /** How many it takes; known from the first share on. */
  readonly threshold: number | null;
  /** Whether the chip can open the backup now. */
  readonly isOpen: boolean;
}

/**
 * A hardware token in which a chip makes and uses the keys that it can (`isTokenKey`). A reference
 * names a key in it and is no secret; of the key itself the token gives nothing but what another
 * token of its domain unwraps.
 */
export interface KeyToken {
  generate(
    kind: KeyKind,
  ): Promise<{ readonly reference: Uint8Array; readonly publicKey: Uint8Array }>;
  sign(reference: Uint8Array, input: SignInput): Promise<Uint8Array>;
  decrypt(reference: Uint8Array, input: DecryptInput): Promise<Uint8Array>;
  /** The key under the domain's wrapping key. */
  wrap(reference: Uint8Array): Uint8Array;
  /** @throws ChipFault `not_for_us` for a key of another domain */
  unwrap(kind: KeyKind, wrapped: Uint8Array): Uint8Array;
  destroy(reference: Uint8Array): void;
  /** Whether it answers and computes right. */
  isWell(): boolean;
}

/** A protocol run between a client and one chip. */
export interface ShareSession {
  readonly sessionId: string;
  readonly ctx: Uint8Array;
  readonly commitment: Uint8Array;
}

export interface ShareOpening {
  readonly sessionId: string;
  readonly opening: Uint8Array;
}

export interface ShareProof {
  readonly e: Uint8Array;
  readonly signature: Uint8Array;
}

/**
 * What the server's share is asked for; `epoch` is that of the client's share. Of a signature it is
 * the text itself: the chip makes the digest, and answers for no digest that somebody names.
 */
export type ShareUse = {
  readonly ctx: Uint8Array;
  readonly message: Uint8Array;
  readonly epoch: number;
} & ({ readonly kind: 'sign'; readonly text: Uint8Array } | { readonly kind: 'decrypt' });
