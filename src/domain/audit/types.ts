/**
 * What became of an operation.
 *
 * `intended` is written before anything is done, `done` or `failed` after. An intention without a
 * later record means that the process ended in between: the store then says what exists.
 */
export const outcomes = ['intended', 'done', 'refused', 'failed'] as const;
export type Outcome = (typeof outcomes)[number];

export type AuditDetail = Readonly<Record<string, string | number | boolean>>;

/** What an operation reports. It carries ids, codes, scores and digests, never personal data. */
export interface AuditEntry {
  /** What was done, noun first: `seal.enrol`. */
  readonly action: string;
  /** The actor's id. */
  readonly actor: string;
  /** What it was done to: `seal:<id>`. */
  readonly subject: string;
  readonly outcome: Outcome;
  readonly requestId: string;
  readonly detail: AuditDetail;
}

/** One link of a tenant's chain. */
export interface AuditRecord extends AuditEntry {
  readonly tenant: string;
  /** 0 for the first record of the tenant, then without gaps. */
  readonly index: number;
  readonly atMs: number;
  /** 64 zeros for the first record. */
  readonly previousHashHex: string;
  /** SHA-256 of the canonical encoding of everything above (`chain.ts`). */
  readonly hashHex: string;
}

/** The newest record of a chain, all that is needed to add the next one. */
export interface ChainHead {
  readonly index: number;
  readonly hashHex: string;
}
