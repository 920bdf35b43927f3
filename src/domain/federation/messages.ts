import { FederationError, type FederationErrorCode } from '../../core/federated.ts';
import type { ConsentFault } from '../../core/federation/consent.ts';
import {
  bytesOf,
  type Fields,
  fieldsOf,
  listOf,
  patterns,
  textOf,
} from '../../core/federation/read.ts';
import { nodesMax } from '../../core/federation/roster.ts';
import { base64urlText } from '../../lib/base64url.ts';
import type { PolicyTable } from './policy.ts';
import { parsePolicy } from './policy-check.ts';
import { parseCaps } from './requested.ts';
import type { Caps } from './settings.ts';

// What the coordinator carries between the parties of one scoring. Boxes are base64url; only the
// party that a box is for can read it. Both sides check the form on arrival.

/** A box and the party that it comes from, or goes to. */
export interface Addressed {
  readonly party: string;
  readonly box: Uint8Array;
}

/** Coordinator to node: an applicant's box. */
export interface OpenMessage {
  readonly requestId: string;
  readonly box: Uint8Array;
}

export interface OpenReply {
  /** The corrected piece, for each node that holds it. */
  readonly pieces: readonly Addressed[];
  /** What the node says of the person, for the decision service. */
  readonly statement: Uint8Array;
  /** Why, for the applicant only. */
  readonly reasons: Uint8Array;
}

/** Coordinator to node: who contributes, and the pieces that are for this node. */
export interface SettleMessage {
  readonly requestId: string;
  readonly contributors: readonly string[];
  readonly pieces: readonly Addressed[];
}

export interface SettleReply {
  readonly report: Uint8Array;
}

/** Coordinator to decision service. */
export interface DecideMessage {
  readonly requestId: string;
  readonly box: Uint8Array;
  readonly contributors: readonly string[];
  readonly statements: readonly Addressed[];
  readonly reports: readonly Addressed[];
  /** What the institution allows at most, whatever the score; it can only lower. */
  readonly caps?: Caps;
  /** The institution's own table; it must lie within the one of the federation. */
  readonly policy?: PolicyTable;
}

export interface DecideReply {
  /** For the applicant only. */
  readonly decision: Uint8Array;
  readonly record: DecisionRecord;
  /** The decision service's signature of the record. */
  readonly signature: Uint8Array;
}

/** What anybody may know of a decision, and what goes into the ledger. */
export interface DecisionRecord {
  readonly requestId: string;
  /** SHA-256 of the box with the decision. */
  readonly decisionHash: string;
  readonly modelHash: string;
  readonly policyHash: string;
  readonly contributorsHash: string;
}

/** Why a party does not answer. Codes are public and stable. */
export type Refusal = FederationErrorCode | ConsentFault | 'subject_mismatch' | 'policy_invalid';

const refusals: Readonly<Record<Refusal, true>> = {
  argument_invalid: true,
  data_invalid: true,
  model_invalid: true,
  message_invalid: true,
  answer_repeated: true,
  contributors_invalid: true,
  reports_missing: true,
  reports_disagree: true,
  training_failed: true,
  core_failed: true,
  consent_signature: true,
  consent_roster: true,
  consent_party: true,
  consent_not_yet: true,
  consent_expired: true,
  consent_too_long: true,
  subject_mismatch: true,
  policy_invalid: true,
};

export class PartyRefusal extends Error {
  readonly code: Refusal;

  constructor(code: Refusal) {
    super(code);
    this.name = 'PartyRefusal';
    this.code = code;
  }
}

/** What the party answers for an error, or `undefined` for one that is nobody's business. */
export function refusalOf(error: unknown): Refusal | undefined {
  if (error instanceof PartyRefusal || error instanceof FederationError) return error.code;
  return error instanceof TypeError ? 'message_invalid' : undefined;
}

export function parseRefusal(value: unknown): Refusal {
  const { code } = fieldsOf(value, ['code']);
  if (typeof code !== 'string' || !Object.hasOwn(refusals, code)) throw new TypeError('refusal');
  // A key of `refusals` is a Refusal.
  return code as Refusal;
}

/** No box of any step is longer. */
const boxBytesMax = 8192;

/** @throws TypeError */
export function parseOpenMessage(value: unknown): OpenMessage {
  const fields = fieldsOf(value, ['requestId', 'box']);
  return { requestId: requestIdOf(fields), box: boxOf(fields, 'box') };
}

/** @throws TypeError */
export function parseOpenReply(value: unknown): OpenReply {
  const fields = fieldsOf(value, ['pieces', 'statement', 'reasons']);
  return {
    pieces: addressedOf(fields.pieces),
    statement: boxOf(fields, 'statement'),
    reasons: boxOf(fields, 'reasons'),
  };
}

/** @throws TypeError */
export function parseSettleMessage(value: unknown): SettleMessage {
  const fields = fieldsOf(value, ['requestId', 'contributors', 'pieces']);
  return {
    requestId: requestIdOf(fields),
    contributors: contributorsOf(fields),
    pieces: addressedOf(fields.pieces),
  };
}

/** @throws TypeError */
export function parseSettleReply(value: unknown): SettleReply {
  return { report: boxOf(fieldsOf(value, ['report']), 'report') };
}

/** @throws TypeError */
export function parseDecideMessage(value: unknown): DecideMessage {
  const fields = fieldsOf(value, [
    'requestId',
    'box',
    'contributors',
    'statements',
    'reports',
    'caps?',
    'policy?',
  ]);
  return {
    requestId: requestIdOf(fields),
    box: boxOf(fields, 'box'),
    contributors: contributorsOf(fields),
    statements: addressedOf(fields.statements),
    reports: addressedOf(fields.reports),
    ...(fields.caps === undefined ? {} : { caps: parseCaps(fields.caps) }),
    ...(fields.policy === undefined ? {} : { policy: parsePolicy(fields.policy) }),
  };
}

/** @throws TypeError */
export function parseDecideReply(value: unknown): DecideReply {
  const fields = fieldsOf(value, ['decision', 'record', 'signature']);
  const record = fieldsOf(fields.record, [
    'requestId',
    'decisionHash',
    'modelHash',
    'policyHash',
    'contributorsHash',
  ]);
  return {
    decision: boxOf(fields, 'decision'),
    record: {
      requestId: requestIdOf(record),
      decisionHash: textOf(record, 'decisionHash', patterns.hash),
      modelHash: textOf(record, 'modelHash', patterns.hash),
      policyHash: textOf(record, 'policyHash', patterns.hash),
      contributorsHash: textOf(record, 'contributorsHash', patterns.hash),
    },
    signature: bytesOf(fields, 'signature', 64),
  };
}

/** A message or reply as JSON: bytes become base64url. */
export function messageJson(value: object): string {
  return JSON.stringify(value, (_, item: unknown) =>
    item instanceof Uint8Array ? base64urlText(item) : item,
  );
}

function requestIdOf(fields: Fields): string {
  return textOf(fields, 'requestId', patterns.requestId);
}

function contributorsOf(fields: Fields): string[] {
  return listOf(fields.contributors, nodesMax, (id) => textOf({ id }, 'id', patterns.party));
}

function boxOf(fields: Fields, name: string): Uint8Array {
  return bytesOf(fields, name, boxBytesMax);
}

function addressedOf(value: unknown): Addressed[] {
  return listOf(value, nodesMax, (item) => {
    const fields = fieldsOf(item, ['party', 'box']);
    return { party: textOf(fields, 'party', patterns.party), box: boxOf(fields, 'box') };
  });
}
