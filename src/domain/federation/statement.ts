import { isDecisionStatement } from '../../core/federation/decision.ts';
import {
  countOf,
  type Fields,
  fieldsOf,
  flagOf,
  listOf,
  patterns,
  textOf,
  wordOf,
} from '../../core/federation/read.ts';
import { base64urlBytes } from '../../lib/base64url.ts';
import type { Json } from '../../lib/canonical-json.ts';
import type { Federation } from './parties.ts';
import { parseRequested } from './requested.ts';
import { type Rate, type Settings, tiers } from './settings.ts';

/**
 * What the decision service signs. It names the person by the consent's commitments only.
 */
export interface SettingsStatement {
  readonly v: 1;
  readonly requestId: string;
  readonly decisionId: string;
  readonly subject: string;
  /** The consent's commitment to the name. */
  readonly name: string;
  /** SHA-256 in hex of the public key (SPKI) that the settings are for, if the applicant named one. */
  readonly subjectKeySha256?: string;
  readonly identity: 'proven' | 'failed';
  /** A hard rule decided, so no person may raise the tier. */
  readonly isFinal: boolean;
  readonly settings: Settings;
  readonly issuedAt: string;
  /** Until then a certificate may be issued on it. */
  readonly expiresAt: string;
}

/** A decision as the applicant opened it and passes it on. */
export interface SignedStatement {
  /** The statement as JSON. */
  readonly statement: string;
  /** Base64url, by the roster's decision key. */
  readonly signature: string;
}

/** The statement, if the decision service of this federation signed it and it has its form. */
export function readStatement(
  { suite, roster }: Pick<Federation, 'suite' | 'roster'>,
  { statement, signature }: SignedStatement,
): SettingsStatement | undefined {
  const mark = base64urlBytes(signature);
  if (mark?.length !== suite.signatureBytes) return undefined;
  try {
    const value: unknown = JSON.parse(statement);
    const parsed = parseStatement(value);
    // What was parsed from JSON is JSON.
    return isDecisionStatement(suite, roster, value as Json, mark) ? parsed : undefined;
  } catch (error) {
    if (error instanceof TypeError || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** @throws TypeError */
function parseStatement(value: unknown): SettingsStatement {
  const fields = fieldsOf(value, [
    'v',
    'requestId',
    'decisionId',
    'subject',
    'name',
    'subjectKeySha256?',
    'identity',
    'isFinal',
    'settings',
    'issuedAt',
    'expiresAt',
  ]);
  if (fields.v !== 1) throw new TypeError('statement: unknown version');
  const { subjectKeySha256: key } = fields;
  return {
    v: 1,
    requestId: textOf(fields, 'requestId', patterns.requestId),
    decisionId: textOf(fields, 'decisionId', decisionId),
    subject: textOf(fields, 'subject', patterns.hash),
    name: textOf(fields, 'name', patterns.hash),
    ...(key === undefined
      ? {}
      : { subjectKeySha256: textOf(fields, 'subjectKeySha256', patterns.hash) }),
    identity: wordOf(fields, 'identity', ['proven', 'failed']),
    isFinal: flagOf(fields, 'isFinal'),
    settings: parseSettings(fields.settings),
    issuedAt: textOf(fields, 'issuedAt', patterns.instant),
    expiresAt: textOf(fields, 'expiresAt', patterns.instant),
  };
}

const decisionId = /^[0-9a-f-]{36}$/;

/** As the decision service writes them: a person's override comes later and elsewhere. */
function parseSettings(value: unknown): Settings {
  const fields = fieldsOf(value, [
    'tier',
    'role',
    'permissions',
    'limits',
    'dualControlAbove',
    'approvers',
    'rates',
    'validFrom',
    'validTo',
    'modelHash',
    'policyHash',
    'decisionId',
  ]);
  const { role, permissions, limits, dualControlAbove } = fields;
  return {
    ...parseRequested({ role, permissions, limits }),
    tier: tierOf(fields),
    dualControlAbove: textOf({ dualControlAbove }, 'dualControlAbove', patterns.amount),
    approvers: parseApprovers(fields.approvers),
    rates: listOf(fields.rates, 16, parseRate),
    validFrom: textOf(fields, 'validFrom', patterns.instant),
    validTo: textOf(fields, 'validTo', patterns.instant),
    modelHash: textOf(fields, 'modelHash', patterns.hash),
    policyHash: textOf(fields, 'policyHash', patterns.hash),
    decisionId: textOf(fields, 'decisionId', decisionId),
  };
}

function tierOf(fields: Fields) {
  const found = tiers.find((tier) => tier === fields.tier);
  if (found === undefined) throw new TypeError('tier is not in the expected form');
  return found;
}

function parseApprovers(value: unknown) {
  const fields = fieldsOf(value, ['min', 'ordered']);
  return { min: countOf(fields, 'min', 9), ordered: flagOf(fields, 'ordered') };
}

function parseRate(value: unknown): Rate {
  const fields = fieldsOf(value, ['currency', 'cnyMicros', 'date']);
  return {
    currency: textOf(fields, 'currency', /^[A-Z]{3}$/),
    cnyMicros: textOf(fields, 'cnyMicros', /^[1-9][0-9]{0,17}$/),
    date: textOf(fields, 'date', /^\d{4}-\d\d-\d\d$/),
  };
}
