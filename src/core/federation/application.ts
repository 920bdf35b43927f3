import { bytesToHex } from '@noble/hashes/utils.js';
import { base64urlText } from '../../lib/base64url.ts';
import type { Json } from '../../lib/canonical-json.ts';
import { randomBytes } from '../gm/random.ts';
import {
  type Consent,
  draftConsent,
  nameCommitment,
  nameKeyOf,
  requestCommitment,
  type SignedConsent,
  saltBytes,
  signConsent,
  subjectCommitment,
} from './consent.ts';
import { applicant } from './decision.ts';
import { sealJson } from './envelope.ts';
import type { Identity } from './identity.ts';
import { asJson } from './read.ts';
import { publicKeysOf, type Roster } from './roster.ts';
import type { KeyPair, Suite } from './suite.ts';

/** What a person wants to be scored for. */
export interface Application {
  readonly roster: Roster;
  /** Canonical. */
  readonly identity: Identity;
  /** The requested settings. */
  readonly requested: Json;
  /** SHA-256 in hex of the public key (SPKI) that the certificate will be for. */
  readonly subjectKeySha256?: string;
  readonly nowMs: number;
  readonly ttlMs: number;
}

/** Everything that exists before the person agrees. Nothing of it has left the terminal. */
export interface ApplicationDraft {
  readonly application: Application;
  readonly consent: Consent;
  readonly salt: Uint8Array;
  /** Opens the consent's commitment to what is asked for; the decision service's only. */
  readonly requestSalt: Uint8Array;
  /** Shows, together with the decision, that it is about the person of a certificate's name. */
  readonly nameKey: Uint8Array;
  /** The terminal keeps these; answers open with them. */
  readonly replyKeys: KeyPair;
}

/** A box and the party that can open it. */
export interface SealedBox {
  readonly party: string;
  readonly box: Uint8Array;
}

const requestIdBytes = 16;

export function draftApplication(suite: Suite, application: Application): ApplicationDraft {
  const { roster, identity, nowMs, ttlMs } = application;
  const salt = randomBytes(saltBytes);
  const requestSalt = randomBytes(saltBytes);
  const nameKey = nameKeyOf(salt);
  const replyKeys = suite.boxKeys();
  const consent = draftConsent({
    roster,
    requestId: bytesToHex(randomBytes(requestIdBytes)),
    subject: subjectCommitment(salt, identity),
    name: nameCommitment(nameKey, identity.name),
    request: requestCommitment(requestSalt, requestOf(application)),
    replyKey: replyKeys.publicKey,
    nowMs,
    ttlMs,
  });
  return { application, consent, salt, requestSalt, nameKey, replyKeys };
}

function requestOf({ requested, subjectKeySha256 }: Application) {
  return { requested, ...(subjectKeySha256 === undefined ? {} : { subjectKeySha256 }) };
}

/**
 * Signs the consent and encrypts for each party what it needs, and no more: the identity for the
 * nodes, the request for the decision service (A1, A2). `keys` sign for the person: fresh ones, or
 * those of the terminal.
 *
 * @throws RangeError when a request is too long for its box
 */
export function sealApplication(
  suite: Suite,
  { application, consent, salt, requestSalt }: ApplicationDraft,
  keys: KeyPair = suite.signKeys(),
): { readonly consent: SignedConsent; readonly boxes: readonly SealedBox[] } {
  const { roster, identity } = application;
  const signed = signConsent(suite, keys, consent);
  const common = {
    requestId: consent.requestId,
    rosterHash: consent.rosterHash,
    from: applicant,
  } as const;
  const forNodes = {
    consent: asJson(signed),
    identity: asJson(identity),
    salt: base64urlText(salt),
  };
  const forDecision = {
    consent: asJson(signed),
    requestSalt: base64urlText(requestSalt),
    ...requestOf(application),
  };
  const nodeBoxes = roster.nodes.map((node) => {
    const context = { ...common, step: 'apply', to: node.id } as const;
    return { party: node.id, box: sealJson(suite, publicKeysOf(node).boxKey, context, forNodes) };
  });
  const { decision } = roster;
  const context = { ...common, step: 'request', to: decision.id } as const;
  const box = sealJson(suite, publicKeysOf(decision).boxKey, context, forDecision);
  return { consent: signed, boxes: [...nodeBoxes, { party: decision.id, box }] };
}
