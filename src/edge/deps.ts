import type { Actor } from '../domain/actor.ts';
import type { OverrideDeps } from '../domain/certificates/override.ts';
import type { ChipOperations } from '../domain/chips/cluster.ts';
import type { KeyService } from '../domain/chips/keys.ts';
import type { ShareService } from '../domain/chips/shares.ts';
import type { CoordinatorDeps } from '../domain/federation/coordinate.ts';
import type { DemoLedger } from '../domain/ledger/demo.ts';
import type { PaymentDeps, PaymentRows } from '../domain/payments/ports.ts';
import type { IdempotencyStore, RateLimiter } from '../domain/ports.ts';
import type { RiskDeps } from '../domain/risk/ports.ts';
import type { RowStore } from '../domain/row-store.ts';
import type { SealDeps } from '../domain/seals/ports.ts';
import type { TokenDeps } from '../domain/tokens/ports.ts';
import type { LogLine } from './middleware/log.ts';

/** Says who holds an access token. */
export interface Authenticator {
  /** @throws CinnabarError `unauthenticated`, whatever is wrong with the token */
  authenticate(token: string): Promise<Actor>;
}

/** Gives tokens to sample people. It exists in demo mode only. */
export interface DemoTokens {
  issue(actor: Actor): Promise<{ readonly token: string; readonly expiresAtMs: number }>;
}

/** What the operator wants everybody to read, in both languages. */
export interface Notices {
  current(): Promise<{ readonly zh: string; readonly en: string } | undefined>;
}

/** The federation that the edge coordinates, and what is public about it. */
export type EdgeFederation = Pick<
  CoordinatorDeps,
  'federation' | 'parties' | 'requests' | 'policy' | 'model'
>;

/** Everything that the edge needs from the machine it runs on. */
export interface EdgeDeps
  extends SealDeps,
    PaymentDeps,
    RiskDeps,
    TokenDeps,
    Pick<OverrideDeps, 'scoring'> {
  readonly paymentRows: RowStore<PaymentRows>;
  readonly authenticator: Authenticator;
  readonly idempotency: IdempotencyStore;
  readonly limiter: RateLimiter;
  readonly keys: KeyService;
  readonly shares: ShareService;
  readonly chips: ChipOperations;
  readonly notices: Notices;
  /** One per binding, by the name that `/readyz` shows; it throws when the binding is down. */
  readonly checks: Readonly<Record<string, () => Promise<void>>>;
  readonly log: (line: LogLine) => void;
  /** Absent where the service is set up without a federation. */
  readonly federation?: EdgeFederation;
  /** Present in demo mode only. */
  readonly demo?: DemoTokens;
  /** Present in demo mode only: lets the served ledger lie. `ledger` is then the one inside. */
  readonly demoLedger?: DemoLedger;
}
