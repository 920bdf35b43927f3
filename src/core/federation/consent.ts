import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { base64urlBytes, base64urlText } from '../../lib/base64url.ts';
import { canonicalJson, type Json } from '../../lib/canonical-json.ts';
import { instantText } from '../../lib/time.ts';
import type { Identity } from './identity.ts';
import { asJson, bytesOf, fieldsOf, listOf, patterns, textOf } from './read.ts';
import { nodesMax, type Roster, rosterHash } from './roster.ts';
import type { KeyPair, Suite } from './suite.ts';

/** What the consent allows, and the only thing it allows. */
export const consentPurpose = 'certificate-settings';
/** Longest time from giving to using. */
export const consentTtlMsMax = 15 * 60_000;
/** Clocks of parties may differ by this. */
const clockSkewMs = 60_000;

/**
 * What a person agrees to: that these parties look at what they know of them, for one purpose, once,
 * until a time. It names the person only by a salted commitment, so it may be kept and shown.
 */
export interface Consent {
  readonly v: 1;
  readonly purpose: typeof consentPurpose;
  /** 16 random bytes in hex; one consent is for one request. */
  readonly requestId: string;
  readonly rosterHash: string;
  readonly modelHash: string;
  /** Ids of every party that may read something; the decision service is one of them. */
  readonly parties: readonly string[];
  /** HMAC-SHA-256 of the identity under a salt that only the boxes hold, in hex. */
  readonly subject: string;
  /**
   * The same of the name alone, under a key made from that salt (`nameKeyOf`): whoever is given the
   * key can compare the name in a certificate, and nothing else.
   */
  readonly name: string;
  /**
   * HMAC-SHA-256 of what is asked for and of the key that it is for (`requestCommitment`), under a
   * salt that only the decision service's box holds: nobody on the way can put another request or
   * another key under this consent, and no node can find the certificate by it.
   */
  readonly request: string;
  /** Where answers to the person are encrypted to, base64url. */
  readonly replyKey: string;
  /** RFC 3339, UTC, milliseconds. */
  readonly issuedAt: string;
  readonly expiresAt: string;
}

/** A consent with the signature of the key that the person's terminal made for it. */
export interface SignedConsent {
  readonly consent: Consent;
  /** Base64url, of the roster's suite. */
  readonly signKey: string;
  readonly signature: string;
}

export const saltBytes = 32;

/** Binds a consent to a person; without the salt nobody can test a guess against it. */
export function subjectCommitment(salt: Uint8Array, identity: Identity): string {
  const text = canonicalJson({ ...identity });
  return bytesToHex(hmac(sha256, salt, utf8ToBytes(text)));
}

/** The key under which a consent holds the name; it does not lead back to the salt. */
export function nameKeyOf(salt: Uint8Array): Uint8Array {
  return hmac(sha256, salt, utf8ToBytes('cinnabar consent name 1'));
}

/** @param name canonical */
export function nameCommitment(nameKey: Uint8Array, name: string): string {
  return bytesToHex(hmac(sha256, nameKey, utf8ToBytes(name)));
}

/** What the person asks for, and for which key, as the consent holds it. */
export function requestCommitment(
  salt: Uint8Array,
  request: { readonly requested: Json; readonly subjectKeySha256?: string },
): string {
  const text = `cinnabar consent request 1\n${canonicalJson({ ...request })}`;
  return bytesToHex(hmac(sha256, salt, utf8ToBytes(text)));
}

export interface ConsentDraft {
  readonly roster: Roster;
  readonly requestId: string;
  readonly subject: string;
  readonly name: string;
  readonly request: string;
  readonly replyKey: Uint8Array;
  readonly nowMs: number;
  readonly ttlMs: number;
}

/** What is to be shown to the person before it is signed. */
export function draftConsent({ roster, nowMs, ttlMs, replyKey, ...rest }: ConsentDraft): Consent {
  return {
    v: 1,
    purpose: consentPurpose,
    ...rest,
    rosterHash: rosterHash(roster),
    modelHash: roster.modelHash,
    parties: [...roster.nodes.map(({ id }) => id), roster.decision.id],
    replyKey: base64urlText(replyKey),
    issuedAt: instantText(nowMs),
    expiresAt: instantText(nowMs + ttlMs),
  };
}

/** SHA-256 in hex of the whole signed object: that all parties were given the same one. */
export function consentHash(consent: SignedConsent): string {
  return bytesToHex(sha256(utf8ToBytes(canonicalJson(asJson(consent)))));
}

export function signConsent(suite: Suite, keys: KeyPair, consent: Consent): SignedConsent {
  return {
    consent,
    signKey: base64urlText(keys.publicKey),
    signature: base64urlText(suite.sign(keys, consentBytes(consent))),
  };
}

/** The bytes under the signature: canonical JSON (RFC 8785) after the name of the statement. */
function consentBytes(consent: Consent): Uint8Array {
  return utf8ToBytes(`cinnabar consent 1\n${canonicalJson(asJson(consent))}`);
}

/** @throws TypeError */
export function parseSignedConsent(value: unknown): SignedConsent {
  const outer = fieldsOf(value, ['consent', 'signKey', 'signature']);
  const fields = fieldsOf(outer.consent, [
    'v',
    'purpose',
    'requestId',
    'rosterHash',
    'modelHash',
    'parties',
    'subject',
    'name',
    'request',
    'replyKey',
    'issuedAt',
    'expiresAt',
  ]);
  if (fields.v !== 1 || fields.purpose !== consentPurpose) throw new TypeError('consent: unknown');
  return {
    consent: {
      v: 1,
      purpose: consentPurpose,
      requestId: textOf(fields, 'requestId', patterns.requestId),
      rosterHash: textOf(fields, 'rosterHash', patterns.hash),
      modelHash: textOf(fields, 'modelHash', patterns.hash),
      parties: listOf(fields.parties, nodesMax + 1, (id) => textOf({ id }, 'id', patterns.party)),
      subject: textOf(fields, 'subject', patterns.hash),
      name: textOf(fields, 'name', patterns.hash),
      request: textOf(fields, 'request', patterns.hash),
      replyKey: base64urlText(bytesOf(fields, 'replyKey', 65)),
      issuedAt: textOf(fields, 'issuedAt', patterns.instant),
      expiresAt: textOf(fields, 'expiresAt', patterns.instant),
    },
    signKey: base64urlText(bytesOf(outer, 'signKey', 65)),
    signature: base64urlText(bytesOf(outer, 'signature', 64)),
  };
}

/** Why a consent does not hold. Codes are public and stable. */
export type ConsentFault =
  | 'consent_signature'
  | 'consent_roster'
  | 'consent_party'
  | 'consent_not_yet'
  | 'consent_expired'
  | 'consent_too_long';

/** Whether the consent lets `party` act now; `undefined` when it does. */
export function consentFault(
  suite: Suite,
  roster: Roster,
  { consent, signKey, signature }: SignedConsent,
  party: string,
  nowMs: number,
): ConsentFault | undefined {
  // Whoever passes a consent on has not parsed it: what cannot be read has signed nothing.
  const key = base64urlBytes(signKey);
  const mark = base64urlBytes(signature);
  if (!key || !mark || !suite.verify(key, consentBytes(consent), mark)) return 'consent_signature';
  if (consent.rosterHash !== rosterHash(roster)) return 'consent_roster';
  if (consent.modelHash !== roster.modelHash) return 'consent_roster';
  if (!consent.parties.includes(party)) return 'consent_party';
  const issuedMs = Date.parse(consent.issuedAt);
  const expiresMs = Date.parse(consent.expiresAt);
  if (!(expiresMs - issuedMs <= consentTtlMsMax)) return 'consent_too_long';
  if (!(issuedMs <= nowMs + clockSkewMs)) return 'consent_not_yet';
  if (!(nowMs < expiresMs)) return 'consent_expired';
  return undefined;
}
