import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { chooseSuite, messageAd, sessionBinding } from '../../core/session/messages.ts';
import { loadSessionSuite, SessionError, type SessionSuiteName } from '../../core/session/suite.ts';
import { base64urlBytes } from '../../lib/base64url.ts';
import type { Caller } from '../actor.ts';
import { audited, type Operation } from '../audit/record.ts';
import { CinnabarError } from '../errors.ts';
import { newId } from '../id.ts';
import type { SessionMessage, TerminalDeps } from './ports.ts';
import { serviceKeyPair } from './service-keys.ts';
import { softwareOf } from './software.ts';
import { activeKeys, noteFirstMessage } from './terminal-keys.ts';

export const sessionLifeMs = 15 * 60 * 1000;
/** How far the time that a terminal names may be from ours. */
export const clockSkewMsMax = 2 * 60 * 1000;

export interface SessionRequest {
  readonly terminalId: string;
  readonly offered: readonly SessionSuiteName[];
  readonly suite: SessionSuiteName;
  readonly terminalCertificate: string;
  readonly serviceCertificate: string;
  readonly software: string;
  readonly atMs: number;
  readonly message: Uint8Array;
}

export interface OpenedSession {
  readonly id: string;
  readonly answer: Uint8Array;
  readonly endsAtMs: number;
}

/**
 * Opens a session with a terminal (E6): both sides are authenticated by their certified keys, and
 * the keys of the session are fresh. Everything that the two sides must agree on is bound in, what
 * the terminal offered included, so a change on the way ends it.
 *
 * @throws CinnabarError `session_refused` without a reason, `session_clock`,
 * `terminal_keys_expired`, `software_refused`, `chips_unavailable`, `audit_unavailable`
 */
export async function openSession(
  deps: TerminalDeps,
  caller: Caller,
  request: SessionRequest,
): Promise<OpenedSession> {
  const { tenant, id: owner } = caller.actor;
  const { message, ...terms } = request;
  const nowMs = deps.clock.now();
  if (Math.abs(nowMs - terms.atMs) > clockSkewMsMax) throw new CinnabarError('session_clock');
  if (chooseSuite(terms.offered, deps.sessionSuites) !== terms.suite) throw refused();
  const softwareSequence = await softwareOf(deps, terms.software);
  const suite = await loadSessionSuite(terms.suite);
  const { peer, newestSoftware } = await terminalKey(deps, caller, request, nowMs);
  // What once ran something newer does not go back, also not to what was never withdrawn.
  if (softwareSequence < newestSoftware) throw new CinnabarError('software_refused');
  const own = await serviceKeyPair(deps, tenant, terms.suite, terms.serviceCertificate);
  if (!own) throw refused();
  const id = newId(deps);
  const operation: Operation = {
    action: 'session.open',
    subject: `terminal:${terms.terminalId}`,
    detail: { suite: terms.suite, sessionId: id },
  };
  const opening = audited(deps.audit, caller, operation, async () => {
    const binding = sessionBinding({ tenant, owner, ...terms });
    const { answer, keys } = refusing(() => suite.respond({ own, peer, binding }, message, id));
    const endsAtMs = nowMs + sessionLifeMs;
    const { terminalId, terminalCertificate } = terms;
    const firstMessage = bytesToHex(sha256(message));
    const session = {
      id,
      terminalId,
      terminalCertificate,
      suite: terms.suite,
      keys,
      endsAtMs,
      firstMessage,
      softwareSequence,
    };
    await deps.sessions.keep(tenant, owner, session, nowMs);
    return { id, answer, endsAtMs };
  });
  return opening.finally(() => own.privateKey.fill(0));
}

async function terminalKey(
  deps: TerminalDeps,
  caller: Caller,
  { terminalId, suite, terminalCertificate }: SessionRequest,
  nowMs: number,
): Promise<{ readonly peer: Uint8Array; readonly newestSoftware: number }> {
  const { current, next, softwareSequence = 0 } = await activeKeys(deps, caller, terminalId);
  const known = [current[suite], next?.[suite]].find(
    (key) => key?.certificateHash === terminalCertificate,
  );
  const publicKey = known && base64urlBytes(known.publicKey);
  if (!publicKey) throw refused();
  if (known.notAfterMs <= nowMs) throw new CinnabarError('terminal_keys_expired');
  return { peer: publicKey, newestSoftware: softwareSequence };
}

export interface SessionExchange {
  readonly terminalId: string;
  readonly plaintext: Uint8Array;
  /** Encrypts the one answer. */
  answer(plaintext: Uint8Array): Uint8Array;
}

/**
 * Opens a message of the caller's session, once.
 *
 * @throws CinnabarError `session_not_found`, `session_message_refused`
 */
export async function receiveInSession(
  deps: TerminalDeps,
  caller: Caller,
  message: SessionMessage,
): Promise<SessionExchange> {
  const { tenant, id: owner } = caller.actor;
  const received = await deps.sessions.receive(tenant, owner, message, deps.clock.now());
  const { terminalId, terminalCertificate, plaintext, answerKey } = received;
  if (received.isFirst) {
    const { softwareSequence } = received;
    await noteFirstMessage(deps, caller, { terminalId, terminalCertificate, softwareSequence });
  }
  const suite = await loadSessionSuite(received.suite);
  const { id, number } = message;
  return {
    terminalId,
    plaintext,
    answer(content) {
      const encrypted = suite.encrypt(answerKey, number, messageAd(id, number, 'answer'), content);
      answerKey.fill(0);
      return encrypted;
    },
  };
}

export function closeSession(deps: TerminalDeps, { actor }: Caller, id: string): Promise<void> {
  return deps.sessions.close(actor.tenant, actor.id, id);
}

const refused = (cause?: unknown) => new CinnabarError('session_refused', { cause });

function refusing<T>(act: () => T): T {
  try {
    return act();
  } catch (error) {
    throw error instanceof SessionError ? refused(error) : error;
  }
}
