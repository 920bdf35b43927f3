import { bytesToHex } from '@noble/hashes/utils.js';
import { canonicalJson } from '../../lib/canonical-json.ts';
import { tupleBytes } from '../../lib/tuple.ts';
import { type SessionSuiteName, sessionSuites } from './suite.ts';

/** What a terminal and the service must agree on before there is a session. */
export interface SessionTerms {
  readonly tenant: string;
  readonly owner: string;
  readonly terminalId: string;
  /** What the terminal offers, in its order, and what is used. */
  readonly offered: readonly SessionSuiteName[];
  readonly suite: SessionSuiteName;
  /** SHA-256 of both sides' certificates, hex. */
  readonly terminalCertificate: string;
  readonly serviceCertificate: string;
  /** SHA-256 of the manifest of the software that the terminal runs, hex; empty for none. */
  readonly software: string;
  /** When the terminal says it began. */
  readonly atMs: number;
}

/** The bytes that both sides bind into the handshake. */
export function sessionBinding(terms: SessionTerms): Uint8Array {
  return tupleBytes(
    'cinnabar session 1',
    terms.tenant,
    terms.owner,
    terms.terminalId,
    terms.offered.join(','),
    terms.suite,
    terms.terminalCertificate,
    terms.serviceCertificate,
    terms.software,
    terms.atMs,
  );
}

/** Bound into a message: which session, which number, which way. */
export function messageAd(
  sessionId: string,
  number: number,
  way: 'request' | 'answer',
): Uint8Array {
  return tupleBytes('cinnabar session message 1', sessionId, number, way);
}

/**
 * The suite to use for what a terminal offers and the service allows: the service's own order
 * decides, so that nobody on the way can make the weaker one win.
 */
export function chooseSuite(
  offered: readonly SessionSuiteName[],
  allowed: readonly SessionSuiteName[],
): SessionSuiteName | undefined {
  return allowed.find((suite) => offered.includes(suite));
}

/** A request inside a session. */
export interface InnerRequest {
  readonly method: string;
  readonly path: string;
  readonly idempotencyKey?: string;
  /** JSON text. */
  readonly body?: string;
}

/** Its answer. */
export interface InnerAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export type TerminalPublicKeys = Readonly<Partial<Record<SessionSuiteName, Uint8Array>>>;

/**
 * What a person signs, with both halves of the personal key, to make keys those of a terminal:
 * canonical JSON (RFC 8785).
 */
export function terminalKeysText(
  place: { readonly tenant: string; readonly terminalId: string },
  keys: TerminalPublicKeys,
): string {
  const entries = sessionSuites.flatMap((suite) => {
    const key = keys[suite];
    return key ? [[suite, bytesToHex(key)] as const] : [];
  });
  return canonicalJson({
    v: 1,
    kind: 'cinnabar terminal keys',
    institution: place.tenant,
    terminal: place.terminalId,
    keys: Object.fromEntries(entries),
  });
}
