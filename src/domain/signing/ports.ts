import type { CertificateDeps } from '../certificates/ports.ts';
import type { ShareService } from '../chips/shares.ts';
import type { PageRequest } from '../ports.ts';
import type { TemplateKeys } from '../seals/ports.ts';
import type { Pin } from './pin.ts';
import type { UsageRecord } from './records.ts';
import type {
  Grant,
  GrantChange,
  Institution,
  InstitutionKey,
  Operation,
  PersonalKey,
  Row,
} from './types.ts';

/** What is stored, by its kind. */
export interface SigningRows {
  readonly 'personal-key': PersonalKey;
  readonly institution: Institution;
  readonly 'institution-key': InstitutionKey;
  readonly grant: Grant;
  readonly 'grant-change': GrantChange;
  readonly operation: Operation;
  readonly record: UsageRecord & Row;
  readonly pin: Pin;
}

export type SigningKind = keyof SigningRows;

/** One row to write, with its kind and what lists look it up by. */
export interface Entry<K extends SigningKind = SigningKind> {
  readonly kind: K;
  readonly row: SigningRows[K];
  /** Whose row it is: an actor. */
  readonly owner: string;
  /** The row it belongs to; empty when it belongs to none. */
  readonly parent: string;
  readonly state: string;
}

export interface SigningFilter {
  readonly owner?: string;
  readonly parent?: string;
  readonly state?: string;
}

/** Rows of one institution, in one place where one step decides. */
export interface SigningStore {
  /**
   * Writes all rows or none, durably. Each row's revision must be one above the stored one's, or 1
   * for a row that is not there; otherwise nothing is written and the answer is `false`.
   */
  write(tenant: string, entries: readonly Entry[]): Promise<boolean>;
  find<K extends SigningKind>(
    tenant: string,
    kind: K,
    id: string,
  ): Promise<SigningRows[K] | undefined>;
  /** Newest first by id. */
  list<K extends SigningKind>(
    tenant: string,
    kind: K,
    filter: SigningFilter,
    page: PageRequest,
  ): Promise<readonly SigningRows[K][]>;
}

export interface SigningDeps extends CertificateDeps {
  readonly shares: ShareService;
  readonly signing: SigningStore;
  /** Wraps the peppers of PINs: kept as they are nowhere. */
  readonly templateKeys: TemplateKeys;
}
