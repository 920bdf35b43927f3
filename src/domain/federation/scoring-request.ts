import type { SignedConsent } from '../../core/federation/consent.ts';
import type {
  Addressed,
  DecideMessage,
  DecideReply,
  OpenMessage,
  OpenReply,
  Refusal,
  SettleMessage,
  SettleReply,
} from './messages.ts';

/**
 * The parties, as the coordinator reaches them. Each call has the deadline of its step and is sent
 * a second time when no answer came; parties answer the same message alike.
 *
 * @throws PartyRefusal when the party says no, CinnabarError `federation_unavailable` when it does
 *   not answer in time or not in the expected form
 */
export interface Parties {
  open(node: string, message: OpenMessage): Promise<OpenReply>;
  settle(node: string, message: SettleMessage): Promise<SettleReply>;
  decide(message: DecideMessage): Promise<DecideReply>;
  /** Whether the party lives, and with which model. Asked once. */
  alive(party: string): Promise<PartyAlive>;
}

/** What a party tells whoever asks whether it lives. */
export interface PartyAlive {
  /** SHA-256 in hex of the public model; `null` before one was installed. */
  readonly modelHash: string | null;
}

export const stages = ['open', 'settle', 'decide', 'record'] as const;
export type Stage = (typeof stages)[number];

export const nodeStates = ['waiting', 'opened', 'settled', 'lost', 'refused'] as const;
export type NodeState = (typeof nodeStates)[number];

/** How far a node has come with a request. */
export interface NodeProgress {
  readonly node: string;
  readonly state: NodeState;
  /** Why it refused. */
  readonly code?: Refusal;
}

export const requestStates = ['running', 'decided', 'failed'] as const;
export type RequestState = (typeof requestStates)[number];

/** A request as the coordinator keeps it: who asked, the consent, and boxes that it cannot open. */
export interface ScoringRequest {
  readonly tenant: string;
  readonly requestId: string;
  readonly requestedBy: string;
  readonly consent: SignedConsent;
  readonly state: RequestState;
  readonly stage: Stage;
  readonly nodes: readonly NodeProgress[];
  readonly contributors: readonly string[];
  readonly createdAtMs: number;
  /** The stage's error, when it failed. */
  readonly code?: string;
  /** When it is decided. */
  readonly outcome?: Outcome;
}

export interface Outcome {
  readonly decision: Uint8Array;
  readonly reasons: readonly Addressed[];
  readonly record: DecideReply['record'];
  readonly signature: Uint8Array;
  readonly ledgerIndex: number;
  readonly elapsedMs: number;
}

/** What one actor of a tenant may begin: so many requests from a moment on. */
export interface RequestLimit {
  readonly requestsMax: number;
  readonly sinceMs: number;
}

/** Throws CinnabarError `storage_unavailable` when it does not answer. */
export interface ScoringStore {
  /**
   * Keeps a new request if its actor has begun fewer than the limit. One atomic step: of any number
   * at the same time no more than the limit begin.
   *
   * @throws CinnabarError `rate_limited` at the limit, `federation_request_used` when the request id
   *   was seen before
   */
  begin(request: ScoringRequest, limit: RequestLimit): Promise<void>;
  save(request: ScoringRequest): Promise<void>;
  find(tenant: string, requestId: string): Promise<ScoringRequest | undefined>;
}
