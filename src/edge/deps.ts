import type { Actor } from '../domain/actor.ts';
import type { BiometricDeps } from '../domain/biometrics/ports.ts';
import type { BackupDesk } from '../domain/chips/backup-desk.ts';
import type { ChipOperations } from '../domain/chips/cluster.ts';
import type { KeyService } from '../domain/chips/keys.ts';
import type { BackupRows } from '../domain/chips/operate-backup.ts';
import type { ShareService } from '../domain/chips/shares.ts';
import type { CoordinatorDeps } from '../domain/federation/coordinate.ts';
import type { HealthDeps } from '../domain/federation/health.ts';
import type { TrainingRunDeps } from '../domain/federation/training-runs.ts';
import type { DemoLedger } from '../domain/ledger/demo.ts';
import type { PaymentDeps, PaymentRows } from '../domain/payments/ports.ts';
import type { IdempotencyStore, RateLimiter } from '../domain/ports.ts';
import type { RiskDeps } from '../domain/risk/ports.ts';
import type { RowStore } from '../domain/row-store.ts';
import type { SealDeps } from '../domain/seals/ports.ts';
import type { TerminalDeps } from '../domain/terminals/ports.ts';
import type { Nonces } from '../domain/tokens/nonces.ts';
import type { TokenDeps } from '../domain/tokens/ports.ts';
import type { WebhookDeps } from '../domain/webhooks/ports.ts';

/** How a request showed its token: as it is, or with a proof of possession (RFC 9449 §7.1). */
export interface PresentedToken {
  readonly scheme: 'bearer' | 'dpop';
  readonly method: string;
  /** Of the service as it is known outside, without query. */
  readonly url: string;
  readonly proof?: string | undefined;
}

/** Says who holds an access token. */
export interface Authenticator {
  /**
   * @throws CinnabarError `unauthenticated`, whatever is wrong with the token;
   * `proof_nonce_required` when all but the nonce of its proof is right
   */
  authenticate(token: string, presented: PresentedToken): Promise<Actor>;
}

/** A system beside the service that speaks for itself over HTTP. */
export interface BusinessGate {
  fetch(request: Request): Promise<Response>;
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
  'federation' | 'parties' | 'requests' | 'board' | 'policy' | 'policyRows' | 'model'
> &
  Pick<HealthDeps, 'healthRows'> &
  Pick<TrainingRunDeps, 'trainingRows'>;

/** Everything that the edge needs from the machine it runs on. */
export interface EdgeDeps
  extends SealDeps,
    PaymentDeps,
    BiometricDeps,
    RiskDeps,
    TerminalDeps,
    TokenDeps,
    WebhookDeps {
  readonly paymentRows: RowStore<PaymentRows>;
  readonly authenticator: Authenticator;
  /** Whose people operate what all institutions share. */
  readonly serviceInstitution: string;
  readonly idempotency: IdempotencyStore;
  readonly limiter: RateLimiter;
  readonly keys: KeyService;
  readonly shares: ShareService;
  readonly chips: ChipOperations;
  readonly backups: BackupDesk;
  readonly backupRows: RowStore<BackupRows>;
  readonly notices: Notices;
  /** One per binding, by the name that `/readyz` shows; it throws when the binding is down. */
  readonly checks: Readonly<Record<string, () => Promise<void>>>;
  readonly log: (line: LogLine) => void;
  /** What the machine counts beside requests: lines in the Prometheus text format. */
  readonly meters?: () => Promise<readonly string[]>;
  /** Values that proofs of possession must repeat. */
  readonly nonces: Nonces;
  /** The sample business system; absent in deployments. */
  readonly business?: BusinessGate;
  /** Absent where the service is set up without a federation. */
  readonly federation?: EdgeFederation;
  /** Present in demo mode only. */
  readonly demo?: DemoTokens;
  /** Present in demo mode only: lets the served ledger lie. `ledger` is then the one inside. */
  readonly demoLedger?: DemoLedger;
}

/** Everything that may stand in the log. There is no field for what a caller sent. */
export interface LogLine {
  readonly event: 'request' | 'failure';
  readonly requestId: string;
  readonly method: string;
  /** The pattern of the route, never the URL. */
  readonly route: string;
  readonly status: number;
  readonly ms: number;
  readonly code?: string;
  /** The actor's id, which is a pseudonym; never a name. */
  readonly actor?: string;
  readonly tenant?: string;
  /** For a failure of ours: what was thrown, from the innermost cause outwards. */
  readonly causes?: readonly { readonly name: string; readonly stack: string }[];
}
