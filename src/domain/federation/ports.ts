import type { Clock, Random } from '../ports.ts';
import type { AnswerBook } from './rules.ts';
import type { Tier } from './settings.ts';

/** What a node keeps of a person: no name, no number, only keyed tags and binned features. */
export interface PersonRow {
  /** 16 bytes. */
  readonly pid: Uint8Array;
  /** One byte per feature of the part that `binnedBy` names. */
  readonly bins: Uint8Array;
  /** Commitment of the part of a model that made the bins; rows of earlier builds name none. */
  readonly binnedBy?: string;
  readonly nameTag: Uint8Array;
  /** Absent where the node knows no phone. */
  readonly phoneTag?: Uint8Array;
  readonly sanctioned: boolean;
}

export type NodeStep = 'open' | 'settle';

/** A node's own store. Calls are durable when they resolve. */
export interface NodeStore extends AnswerBook {
  findPerson(pid: Uint8Array): Promise<PersonRow | undefined>;
  /** Adds rows or replaces those with the same pid; all or none. */
  putPeople(rows: readonly PersonRow[]): Promise<void>;
  /** How many rows the part of this commitment has binned. */
  countPeople(binnedBy: string): Promise<number>;
  /**
   * Keeps the answer of a step for as long as its request counts as used. Of any number of calls
   * for one step exactly one has its answer kept; each gets what is kept, whoever wrote it.
   */
  keepAnswer(answer: KeptAnswer): Promise<KeptAnswer>;
  findAnswer(requestId: string, step: NodeStep): Promise<KeptAnswer | undefined>;
}

export interface KeptAnswer {
  readonly requestId: string;
  readonly step: NodeStep;
  /** SHA-256 in hex of the message that was answered. */
  readonly digest: string;
  readonly reply: string;
  readonly expiresAtMs: number;
}

/** A decision as the decision service keeps it: the person only as a keyed tag. */
export interface StoredDecision {
  readonly requestId: string;
  readonly decisionId: string;
  /** Hex. */
  readonly tag: string;
  readonly tier: Tier;
  /** The score brought the tier: no hard rule held, and no part was missing. */
  readonly isByScore: boolean;
  /** SHA-256 in hex of the message that was answered. */
  readonly digest: string;
  /** The reply, as it was sent. */
  readonly reply: string;
  /** Everything that explains it, as canonical JSON; encrypted by the store. */
  readonly content: string;
  readonly decidedAtMs: number;
}

export interface DecisionStore {
  find(requestId: string): Promise<StoredDecision | undefined>;
  /** The newest decision about a person that came by the score. */
  newestByScore(tag: string): Promise<StoredDecision | undefined>;
  /** Exactly one decision per request is kept; each call gets the one that is. */
  keep(decision: StoredDecision): Promise<StoredDecision>;
}

/** What every party needs from its machine. */
export interface PartySystem {
  readonly clock: Clock;
  readonly random: Random;
}
