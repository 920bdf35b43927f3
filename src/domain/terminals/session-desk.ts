import { messageAd } from '../../core/session/messages.ts';
import { type ReplayWindow, replayWindow } from '../../core/session/replay-window.ts';
import { loadSessionSuite, SessionError } from '../../core/session/suite.ts';
import { CinnabarError } from '../errors.ts';
import type { NewSession, ReceivedMessage, SessionMessage } from './ports.ts';

/** Sessions of one person at a time; the oldest gives way. */
export const sessionsMax = 8;
/** How far a message may be behind the newest one: requests overtake each other on the way. */
const windowSize = 256;
const messagesMax = 1 << 20;
/** First messages are known for longer than any clock they are judged by may be wrong. */
const firstMessageMemoryMs = 60 * 60 * 1000;

/** First messages that were here, durably. */
export interface FirstMessages {
  /** Whether it is new. It is remembered then, before this returns. */
  remember(hash: string, nowMs: number): boolean;
  forgetBefore(ms: number): void;
}

interface HeldSession extends NewSession {
  readonly numbers: ReplayWindow;
  isConfirmed: boolean;
}

/**
 * The open sessions of one person.
 *
 * Their keys are in memory and nowhere else: after a restart nothing that was recorded before it
 * opens any more, and the terminal begins another session. What must outlive a restart is which
 * first messages were used, because a replayed one would be judged by a clock alone.
 */
export function createSessionDesk(firstMessages: FirstMessages) {
  const sessions = new Map<string, HeldSession>();

  function open(id: string, nowMs: number): HeldSession {
    const session = sessions.get(id);
    if (session && nowMs >= session.endsAtMs) close(id);
    const held = sessions.get(id);
    if (!held) throw new CinnabarError('session_not_found');
    return held;
  }

  function close(id: string): void {
    const session = sessions.get(id);
    session?.keys.sending.fill(0);
    session?.keys.receiving.fill(0);
    sessions.delete(id);
  }

  return {
    /** @throws CinnabarError `session_refused` */
    keep(session: NewSession, nowMs: number): void {
      firstMessages.forgetBefore(nowMs - firstMessageMemoryMs);
      if (!firstMessages.remember(session.firstMessage, nowMs)) {
        throw new CinnabarError('session_refused');
      }
      const [oldest] = sessions.keys();
      if (sessions.size >= sessionsMax && oldest !== undefined) close(oldest);
      sessions.set(session.id, {
        ...session,
        numbers: replayWindow(windowSize),
        isConfirmed: false,
      });
    },

    /** @throws CinnabarError `session_not_found`, `session_message_refused` */
    async receive(message: SessionMessage, nowMs: number): Promise<ReceivedMessage> {
      const { id, number, ciphertext } = message;
      const session = open(id, nowMs);
      const suite = await loadSessionSuite(session.suite);
      if (number >= messagesMax) throw new CinnabarError('session_message_refused');
      const ad = messageAd(id, number, 'request');
      const plaintext = refused(() =>
        suite.decrypt(session.keys.receiving, number, ad, ciphertext),
      );
      // Only after it is known to be the terminal's own, and without a pause up to here.
      if (!session.numbers.take(number)) throw new CinnabarError('session_message_refused');
      const isFirst = !session.isConfirmed;
      session.isConfirmed = true;
      const { terminalId, terminalCertificate, softwareSequence } = session;
      const answerKey = session.keys.sending.slice();
      return {
        terminalId,
        terminalCertificate,
        suite: session.suite,
        isFirst,
        softwareSequence,
        plaintext,
        answerKey,
      };
    },

    close,

    closeTerminal(terminalId: string): void {
      for (const session of [...sessions.values()]) {
        if (session.terminalId === terminalId) close(session.id);
      }
    },
  };
}

function refused<T>(open: () => T): T {
  try {
    return open();
  } catch (cause) {
    if (!(cause instanceof SessionError)) throw cause;
    throw new CinnabarError('session_message_refused', { cause });
  }
}
