/** How an action ended. */
export const outcomes = ['done', 'failed', 'abandoned'] as const;
export type Outcome = (typeof outcomes)[number];

/**
 * Something that a person did at a business system. It names no person and holds no text: what was
 * sealed in a token never comes here.
 */
export interface BehaviourEvent {
  /** Chosen by the caller; a second event with the same id is the first one again. */
  readonly id: string;
  readonly atMs: number;
  /** Actions of one visit have the same. */
  readonly session: string;
  readonly action: string;
  readonly outcome: Outcome;
  readonly durationMs: number;
  readonly amount?: Amount;
}

/** Whole minor units of an ISO 4217 currency. */
export interface Amount {
  readonly currency: string;
  readonly minor: number;
}

/** Events by pseudonym, in the order of their times. */
export interface BehaviourLog {
  /**
   * Keeps an event; one whose id is there already is left as it is. A log that can wake up forgets
   * a person's events by itself `keepMs` after their times; in any other `prune` does it.
   */
  append(pseudonym: string, event: BehaviourEvent, keepMs: number): Promise<void>;
  /** The newest `most` events, oldest of them first. */
  read(pseudonym: string, most: number): Promise<readonly BehaviourEvent[]>;
  /** Forgets everything under a pseudonym, and says how many events that were. */
  erase(pseudonym: string): Promise<number>;
  /** Forgets what happened before `beforeMs` under a pseudonym, and says how much that was. */
  prune(pseudonym: string, beforeMs: number): Promise<number>;
}

const idPattern = /^[A-Za-z0-9_-]{8,64}$/;
const actionPattern = /^[a-z][a-z0-9_.-]{0,63}$/;
const currencyPattern = /^[A-Z]{3}$/;
const durationMsMax = 24 * 60 * 60 * 1000;

/** Whether a text can name an action: a word of the system's own, never what a person typed. */
export function isActionName(text: string): boolean {
  return actionPattern.test(text);
}

/** @throws RangeError for an event that is none; no value of it stands in the message */
export function assertEvent(event: BehaviourEvent): void {
  const { id, atMs, session, action, outcome, durationMs, amount } = event;
  const isEvent =
    idPattern.test(id) &&
    idPattern.test(session) &&
    isActionName(action) &&
    outcomes.includes(outcome) &&
    isCount(atMs, Number.MAX_SAFE_INTEGER) &&
    isCount(durationMs, durationMsMax) &&
    (amount === undefined ||
      (currencyPattern.test(amount.currency) && isCount(amount.minor, Number.MAX_SAFE_INTEGER)));
  if (!isEvent) throw new RangeError('not a behaviour event');
}

function isCount(value: number, most: number): boolean {
  return Number.isSafeInteger(value) && value >= 0 && value <= most;
}
