import type { Tagger } from '../../core/tagger.ts';
import type { ProfileName } from '../../core/token/profiles.ts';
import type { TokenVerifier } from '../../core/token/verify.ts';
import type { AuditLog } from '../audit/ports.ts';
import type { CertificateStore } from '../certificates/ports.ts';
import type { KeyService } from '../chips/keys.ts';
import type { Clock, Random } from '../ports.ts';
import type { RowEntry, RowStore } from '../row-store.ts';
import type { TemplateKeys } from '../seals/ports.ts';
import type {
  Account,
  BusinessSystem,
  Challenge,
  Family,
  IssuedToken,
  IssuerKey,
  Nonce,
  Passkey,
  Pepper,
  Seen,
} from './types.ts';

/** What is stored, by its kind. Keys of the issuer belong to the service, the rest to a tenant. */
export interface TokenRows {
  readonly account: Account;
  readonly passkey: Passkey;
  readonly challenge: Challenge;
  readonly 'issuer-key': IssuerKey;
  readonly system: BusinessSystem;
  readonly family: Family;
  readonly token: IssuedToken;
  readonly seen: Seen;
  readonly nonce: Nonce;
  readonly pepper: Pepper;
}

export type TokenKind = keyof TokenRows;
export type TokenEntry<K extends TokenKind = TokenKind> = RowEntry<TokenRows, K>;
export type TokenStore = RowStore<TokenRows>;

/** Finds what is sensitive in what a terminal sent: `cinnabar/tagger`. */
export type SensitiveFields = Pick<Tagger, 'tag' | 'split'>;

export interface TokenDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly audit: AuditLog;
  readonly keys: KeyService;
  readonly certificates: CertificateStore;
  readonly templateKeys: TemplateKeys;
  readonly tokens: TokenStore;
  readonly sensitive: () => Promise<SensitiveFields>;
  /** Name of the authentication centre in every token: the address of the service. */
  readonly issuer: string;
  /** Profiles that may be issued here. */
  readonly profiles: readonly ProfileName[];
}

/** Keys of the issuer as they were a moment ago, ready to verify with. */
export interface VerifierSource {
  verifier(): Promise<TokenVerifier>;
}
