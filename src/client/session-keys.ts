import type { SessionSuiteName } from '../core/session/suite.ts';

// How session keys rest on a terminal, and when they are due: apart from sessions themselves, so that
// a page can look without loading what opens them.

/** A session key as it rests on the terminal, with the name of its certificate. */
export interface StoredSessionKey {
  /** Base64url. */
  readonly privateKey: string;
  readonly certificateHash: string;
  readonly notAfter: string;
}

export type StoredKeySet = Readonly<Partial<Record<SessionSuiteName, StoredSessionKey>>>;

/** What rests on a terminal. `next` is there while a renewal is not yet in force. */
export interface StoredTerminal {
  readonly current: StoredKeySet;
  readonly next?: StoredKeySet;
}

/**
 * Where the keys of a terminal's sessions rest. Whoever reads it can speak as the terminal, but signs
 * and pays nothing: that takes the person's share. A write is durable when it resolves.
 */
export interface TerminalVault {
  load(terminalId: string): Promise<StoredTerminal | undefined>;
  save(terminalId: string, terminal: StoredTerminal): Promise<void>;
}

/** Keys are renewed when less than this is left of their certificate, half of its life. */
const renewalMs = 7 * 24 * 60 * 60 * 1000;

/** When the first of the keys ends, by their certificates, in milliseconds. */
export function sessionKeysEnd(keys: StoredKeySet): number {
  return Math.min(...Object.values(keys).map(({ notAfter }) => Date.parse(notAfter)));
}

/** Whether the terminal's keys should be renewed, and still can. */
export function areKeysDue({ current }: StoredTerminal, nowMs: number): boolean {
  const leftMs = sessionKeysEnd(current) - nowMs;
  return leftMs > 0 && leftMs <= renewalMs;
}
