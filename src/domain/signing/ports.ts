import type { CertificateDeps } from '../certificates/ports.ts';
import type { ShareService } from '../chips/shares.ts';
import type { RowEntry, RowStore } from '../row-store.ts';
import type { ObjectStore, OrphanQueue, SealStore, TemplateKeys } from '../seals/ports.ts';
import type { UsageRecord } from './records.ts';
import type {
  Grant,
  GrantChange,
  Institution,
  InstitutionKey,
  Misbehaviour,
  Operation,
  PersonalKey,
  Pin,
  SignatureActivation,
  StoredDocument,
} from './types.ts';

/** What is stored, by its kind. */
export interface SigningRows {
  readonly 'personal-key': PersonalKey;
  readonly institution: Institution;
  readonly 'institution-key': InstitutionKey;
  readonly grant: Grant;
  readonly 'grant-change': GrantChange;
  readonly operation: Operation;
  readonly document: StoredDocument;
  readonly record: UsageRecord;
  readonly pin: Pin;
  readonly sad: SignatureActivation;
  readonly misbehaviour: Misbehaviour;
}

export type SigningStore = RowStore<SigningRows>;
export type Entry<K extends keyof SigningRows = keyof SigningRows> = RowEntry<SigningRows, K>;

export interface SigningDeps extends CertificateDeps {
  readonly shares: ShareService;
  readonly signing: SigningStore;
  /** Wraps the peppers of PINs and the keys of documents: kept as they are nowhere. */
  readonly templateKeys: TemplateKeys;
  readonly objects: ObjectStore;
  readonly orphans: OrphanQueue;
  /** Verifications that requests lean on. */
  readonly seals: SealStore;
}
