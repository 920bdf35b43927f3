import type { SessionKeys, SessionSuiteName } from '../../core/session/suite.ts';
import type { RowStore } from '../row-store.ts';
import type { SigningDeps } from '../signing/ports.ts';
import type { ServiceKey, SoftwareHead, SoftwareRelease, TerminalKeys } from './types.ts';

export type { InnerAnswer, TerminalPublicKeys } from '../../core/session/messages.ts';
export { sessionSuites } from '../../core/session/suite.ts';

/** What an institution keeps of terminals and of its own side of their sessions, by its kind. */
export interface TerminalRows {
  readonly 'terminal-keys': TerminalKeys;
  readonly 'service-key': ServiceKey;
  readonly software: SoftwareRelease;
  readonly 'software-head': SoftwareHead;
}

/** A session that came about. Its keys are kept in memory only. */
export interface NewSession {
  readonly id: string;
  readonly terminalId: string;
  readonly suite: SessionSuiteName;
  readonly keys: SessionKeys;
  /** SHA-256 of the terminal's certificate, hex. */
  readonly terminalCertificate: string;
  readonly endsAtMs: number;
  /** SHA-256 of the terminal's first message, hex: it opens one session. */
  readonly firstMessage: string;
  /** Number of the release that the terminal named; 0 for none. */
  readonly softwareSequence: number;
}

/** A message that opened, and what its answer is encrypted with. */
export interface ReceivedMessage {
  readonly terminalId: string;
  readonly suite: SessionSuiteName;
  readonly terminalCertificate: string;
  /** The first one of the session: only now the terminal has proved its key. */
  readonly isFirst: boolean;
  readonly softwareSequence: number;
  readonly plaintext: Uint8Array;
  readonly answerKey: Uint8Array;
}

export interface SessionMessage {
  readonly id: string;
  readonly number: number;
  readonly ciphertext: Uint8Array;
}

/** The open sessions of each person, in one place where one step decides. */
export interface Sessions {
  /** @throws CinnabarError `session_refused` for a first message that was here before */
  keep(tenant: string, owner: string, session: NewSession, nowMs: number): Promise<void>;
  /**
   * @throws CinnabarError `session_not_found` when there is none of this name, or no more;
   * `session_message_refused` when the message is not authentic, or its number was used
   */
  receive(
    tenant: string,
    owner: string,
    message: SessionMessage,
    nowMs: number,
  ): Promise<ReceivedMessage>;
  close(tenant: string, owner: string, id: string): Promise<void>;
  closeTerminal(tenant: string, owner: string, terminalId: string): Promise<void>;
}

export interface TerminalDeps extends SigningDeps {
  readonly terminalRows: RowStore<TerminalRows>;
  readonly sessions: Sessions;
  /** What the service allows, the best first. */
  readonly sessionSuites: readonly SessionSuiteName[];
}
