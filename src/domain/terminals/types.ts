import type { SessionSuiteName } from '../../core/session/suite.ts';
import type { Row } from '../row-store.ts';

/** The long-lived key of an institution's side of sessions, in one suite. */
export interface ServiceKey extends Row, CertifiedKey {
  readonly suite: SessionSuiteName;
  readonly generation: number;
  /** The private key as the chips wrapped it, base64url. */
  readonly wrapped: string;
}

/** Software of terminals that the key manager signed. Its id is the hash of its manifest. */
export interface SoftwareRelease extends Row {
  readonly version: string;
  readonly manifest: string;
  /** Rises with every release: an older one is known by it. Absent of earlier builds. */
  readonly sequence?: number;
  /** ECDSA P-256 with SHA-256, r || s in base64url, by the key manager's key in the chips. */
  readonly signature: string;
  readonly state: 'released' | 'revoked';
  readonly releasedBy: string;
  readonly releasedAtMs: number;
  readonly revocation?: { readonly by: string; readonly atMs: number; readonly reason: string };
}

/** The number of the newest release. */
export interface SoftwareHead extends Row {
  readonly sequence: number;
}

/** The session keys of a terminal. It has the id of the terminal. */
export interface TerminalKeys extends Row {
  readonly owner: string;
  readonly state: 'active' | 'revoked';
  readonly current: KeySet;
  /** Asked for by the terminal; in force with the first message of a session under it. */
  readonly next?: KeySet;
  /** Number of the newest released software that it ran; absent before it ran any. */
  readonly softwareSequence?: number;
}

/** A session key with its certificate; all in base64url but the hash. */
export interface CertifiedKey {
  readonly publicKey: string;
  /** The certificate first, its root last, DER. */
  readonly chain: readonly string[];
  /** SHA-256 of the certificate, hex: what the handshake names it by. */
  readonly certificateHash: string;
  readonly notAfterMs: number;
}

/** The certified keys of one generation, by suite. */
export type KeySet = Readonly<Partial<Record<SessionSuiteName, CertifiedKey>>>;
