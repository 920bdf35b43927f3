import type { CaptureSigns } from '../../core/pictures.ts';
import type { Bitmap1, Raster } from '../../core/raster.ts';
import type { EnrolPurpose, SealMatch } from '../../core/seal-vendor.ts';
import type { AuditLog } from '../audit/ports.ts';
import type { KeyService } from '../chips/keys.ts';
import type { Ledger } from '../ledger/ports.ts';
import type { Clock, PageRequest, Random } from '../ports.ts';
import type { SealPolicy } from './policy.ts';
import type {
  Account,
  Card,
  Quality,
  Seal,
  StoredTemplate,
  Vendor,
  Verification,
} from './types.ts';
import type { Work, WorkKind, WorkMessage } from './work-rows.ts';

/**
 * The rows of the seal store. Every call is bound to one tenant; a row of another tenant is as
 * absent as one that never existed.
 *
 * Each `add…` and `replaceSeal` is one atomic step: all rows or none. Lists run newest first by id.
 * When the store does not answer, every call throws CinnabarError `storage_unavailable`.
 */
export interface SealStore {
  /** @throws CinnabarError `account_number_taken` */
  addAccount(account: Account): Promise<void>;
  findAccount(tenant: string, id: string): Promise<Account | undefined>;
  /** `query` matches anywhere in number or name, without regard to the case of ASCII letters. */
  listAccounts(
    tenant: string,
    filter: { readonly query?: string },
    page: PageRequest,
  ): Promise<readonly Account[]>;

  /** @throws CinnabarError `card_number_taken` */
  addCard(card: Card): Promise<void>;
  /**
   * Writes dates, status and combinations of a card.
   *
   * @throws CinnabarError `card_changed` when the stored version is not `card.version - 1`
   */
  changeCard(card: Card): Promise<void>;
  findCard(tenant: string, id: string): Promise<Card | undefined>;
  listCards(
    tenant: string,
    filter: { readonly accountId: string },
    page: PageRequest,
  ): Promise<readonly Card[]>;

  /** Adds the seal, its first revision and its templates. @throws CinnabarError `seal_serial_taken` */
  addSeal(seal: Seal): Promise<void>;
  /**
   * Makes `seal` the current revision, which must be one above the stored one. The replaced
   * revision and its templates are kept.
   *
   * @throws CinnabarError `seal_changed` when the stored revision is not `seal.revision - 1`
   */
  replaceSeal(seal: Seal): Promise<void>;
  /** The current revision with its templates. */
  findSeal(tenant: string, id: string): Promise<Seal | undefined>;
  findSealBySerial(tenant: string, serial: string): Promise<Seal | undefined>;
  /** Current revisions. */
  listSeals(
    tenant: string,
    filter: { readonly accountId?: string; readonly cardId?: string },
    page: PageRequest,
  ): Promise<readonly Seal[]>;
  /** Every revision of one seal, newest first, each with its own templates. */
  listRevisions(tenant: string, sealId: string): Promise<readonly Seal[]>;

  /** A template of any revision or of a verification. */
  findTemplate(tenant: string, id: string): Promise<StoredTemplate | undefined>;

  /**
   * Reserved templates of one vendor in the order of their ids, those of earlier revisions too:
   * the live ones, and those that the job `retiredBy` has retired.
   */
  listReserved(
    tenant: string,
    filter: { readonly vendorCode: string; readonly retiredBy: string; readonly after: string },
    limit: number,
  ): Promise<readonly { readonly template: StoredTemplate; readonly isRetired: boolean }[]>;
  /** The vendor's live template of the same seal, revision and specimen. */
  findReserved(like: StoredTemplate, vendorCode: string): Promise<StoredTemplate | undefined>;
  /** How many live ones there are. */
  countReserved(tenant: string, vendorCode: string): Promise<number>;
  /**
   * Retires `old` and adds `fresh`, if any, in one step. Retired templates are found by id only.
   *
   * @throws CinnabarError `work_contended` when someone else has put a template there already
   */
  putInPlace(change: {
    readonly old: StoredTemplate;
    readonly fresh: StoredTemplate | undefined;
    readonly jobId: string;
  }): Promise<void>;
  /** Templates that the job retired and no verification was compared with. */
  listUnusedRetired(
    tenant: string,
    jobId: string,
    limit: number,
  ): Promise<readonly StoredTemplate[]>;
  /** Removes rows that `listUnusedRetired` still names. */
  removeRetired(tenant: string, jobId: string, ids: readonly string[]): Promise<void>;
  /** How many rows are left that the job retired. */
  countRetired(tenant: string, jobId: string): Promise<number>;

  /** Adds the verification with its query templates and, where a person must look, its review. */
  addVerification(verification: Verification, review?: Work<'review'>): Promise<void>;
  findVerification(tenant: string, id: string): Promise<Verification | undefined>;
  listVerifications(
    tenant: string,
    filter: { readonly sealId?: string },
    page: PageRequest,
  ): Promise<readonly Verification[]>;

  /**
   * Which of these objects some row refers to: a template of any revision, a card's image, or work
   * that is not done.
   */
  referencedObjects(tenant: string, objectKeys: readonly string[]): Promise<readonly string[]>;
}

/** Which rows of work, and in which order. */
export interface WorkFilter {
  readonly state?: string;
  readonly parent?: string;
  /** By id, which sorts by the time of its making; newest first when not said. */
  readonly order?: 'newest' | 'oldest';
}

/**
 * Rows of work: policies to approve, imprints to review, jobs and their pieces. Every row moves by
 * compare and swap, so of any number of simultaneous moves of one row exactly one happens.
 *
 * When the store does not answer, every call throws CinnabarError `storage_unavailable`.
 */
export interface WorkStore {
  /**
   * Adds rows and moves rows in one atomic step. A row to add whose id exists is left as it is. A
   * row to move replaces the stored one, whose version must be one below; when any was moved by
   * someone else, nothing at all is written and the answer is `false`.
   */
  apply(changes: {
    readonly add: readonly Work[];
    readonly move: readonly Work[];
  }): Promise<boolean>;
  find<K extends WorkKind>(tenant: string, kind: K, id: string): Promise<Work<K> | undefined>;
  /** `before` of the page is the id after which the order goes on. */
  list<K extends WorkKind>(
    tenant: string,
    kind: K,
    filter: WorkFilter,
    page: PageRequest,
  ): Promise<readonly Work<K>[]>;
  /** How many rows there are in each state. */
  count(
    tenant: string,
    kind: WorkKind,
    filter: { readonly parent?: string },
  ): Promise<Readonly<Record<string, number>>>;
  /** Rows of every tenant in this state whose time has come, the longest due first. */
  due<K extends WorkKind>(
    kind: K,
    state: string,
    nowMs: number,
    limit: number,
  ): Promise<readonly Work<K>[]>;
}

/** Hands messages to whoever looks after rows of work, at least once each. */
export interface WorkQueue {
  /** @throws CinnabarError `storage_unavailable` when they are not certainly kept */
  send(messages: readonly WorkMessage[], delayMs: number): Promise<void>;
}

/** Encrypted objects by key. Written once, never overwritten. */
export interface ObjectStore {
  /** @throws CinnabarError `storage_unavailable` */
  put(objectKey: string, bytes: Uint8Array): Promise<void>;
  /** `undefined` when there is no such object. @throws CinnabarError `storage_unavailable` */
  get(objectKey: string): Promise<Uint8Array | undefined>;
  /** Absent objects are no error. @throws CinnabarError `storage_unavailable` */
  remove(objectKeys: readonly string[]): Promise<void>;
}

/** Objects that are about to be written; those that no row refers to after a while are removed. */
export interface ObjectWatch {
  readonly tenant: string;
  readonly objectKeys: readonly string[];
}

/** Longer than any request lives, so that a watched object is either referred to or abandoned. */
export const orphanGraceMs = 15 * 60 * 1000;

export interface OrphanQueue {
  /**
   * Has `sweepOrphans` called with this watch, at least once, `orphanGraceMs` or more from now.
   *
   * @throws CinnabarError `storage_unavailable` when the watch is not certainly kept
   */
  watch(watch: ObjectWatch): Promise<void>;
}

/**
 * The tenant's template key, which lives in a chip and never leaves it.
 *
 * Each data key is bound to a context of at most 1024 bytes, and opens only with the same tenant
 * and context. Both calls answer in the order of their items.
 */
export interface TemplateKeys {
  /** @throws CinnabarError `chips_unavailable` on an outage */
  wrap(
    tenant: string,
    items: readonly { readonly dataKey: Uint8Array; readonly context: Uint8Array }[],
  ): Promise<readonly Uint8Array[]>;
  /**
   * @throws CinnabarError `chips_unavailable` on an outage, `template_unreadable` when any wrapped
   * key does not open, whatever the reason
   */
  unwrap(
    tenant: string,
    items: readonly { readonly wrappedKey: Uint8Array; readonly context: Uint8Array }[],
  ): Promise<readonly Uint8Array[]>;
}

/** What the service uses of `cinnabar/seal`, with the vendors that are installed here. */
export interface SealEngine {
  readonly vendors: readonly Vendor[];
  decode(bytes: Uint8Array, options: { readonly pixelsMax: number }): Raster;
  precheck(raster: Raster): Quality;
  /** Signs of a secondary capture; undefined when the picture cannot tell. */
  examine(raster: Raster): CaptureSigns | undefined;
  enrol(raster: Raster, vendorCode: string, purpose?: EnrolPurpose): Uint8Array;
  /** What is stored of an imprint that was enrolled as `evidence`. */
  keptPart(evidence: Uint8Array): Uint8Array;
  match(vendorCode: string, reservedTemplate: Uint8Array, queryTemplate: Uint8Array): SealMatch;
  restore(vendorCode: string, template: Uint8Array): Bitmap1;
  encodeBitmapPng(bitmap: Bitmap1, dpi: number): Uint8Array<ArrayBuffer>;
}

export interface SealDeps {
  readonly engine: SealEngine;
  readonly clock: Clock;
  readonly random: Random;
  readonly audit: AuditLog;
  readonly seals: SealStore;
  readonly work: WorkStore;
  readonly workQueue: WorkQueue;
  /** Signs what people decided. */
  readonly keys: KeyService;
  readonly ledger: Ledger;
  readonly objects: ObjectStore;
  readonly orphans: OrphanQueue;
  readonly templateKeys: TemplateKeys;
  /** What holds for an institution that has set no policy of its own. */
  readonly policy: SealPolicy;
}
