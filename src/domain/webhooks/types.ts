import type { Row } from '../row-store.ts';
import type { Sealed } from '../sealed.ts';

/**
 * `active` delivers; `paused` keeps its place in the chain and delivers nothing until somebody
 * resumes it; `removed` is over.
 */
export type WebhookState = 'active' | 'paused' | 'removed';

/** One delivery, or one attempt at it. */
export interface Attempt {
  /** Of the record in the audit chain; -1 for a test. */
  readonly index: number;
  readonly action: string;
  readonly atMs: number;
  /** What the receiver answered; 0 when it did not. */
  readonly status: number;
}

/** Where an institution wants to hear of its own audit records. */
export interface Webhook extends Row {
  readonly url: string;
  /** Actions (`seal.enrol`), families of them (`payment.*`), or `*`. */
  readonly actions: readonly string[];
  readonly state: WebhookState;
  readonly secret: Sealed;
  readonly secretAtMs: number;
  /** Signs beside `secret` until its time is over. */
  readonly oldSecret?: { readonly sealed: Sealed; readonly untilMs: number };
  /** Index of the record of the audit chain that is looked at next. */
  readonly next: number;
  /** Failed attempts at the record that is next. */
  readonly failures: number;
  readonly failingSinceMs?: number;
  /** Nothing is sent before. */
  readonly notBeforeMs: number;
  readonly recent: readonly Attempt[];
  readonly createdBy: string;
  readonly createdAtMs: number;
}

/** What a webhook is told: a record of the audit chain, without what links it. */
export interface WebhookMessage {
  readonly type: string;
  /** When it happened: ISO 8601, UTC. */
  readonly timestamp: string;
  readonly data: {
    readonly index: number;
    readonly actor: string;
    readonly subject: string;
    readonly outcome: string;
    readonly requestId: string;
    readonly detail: Readonly<Record<string, string | number | boolean>>;
  };
}
