import {
  type AuthorityRevocation,
  type AuthorityRow,
  authorityReasons,
  authorityRoles,
  type StatusRow,
  type StoredCrl,
} from '../../domain/certificates/ports.ts';
import { applicationKinds, keyAlgorithms, purposes } from '../../domain/certificates/profiles.ts';
import {
  applicationStates,
  certificateStates,
  deliverySteps,
  moveActions,
} from '../../domain/certificates/states.ts';
import {
  type Application,
  type Certificate,
  identityMethods,
  type PendingMove,
  type ScoredDecision,
  type SettingsStatement,
  type SubjectKey,
  type TierOverride,
} from '../../domain/certificates/types.ts';
import type { SubjectName } from '../../domain/certificates/x509/build.ts';
import { type CrlReason, crlReasons } from '../../domain/certificates/x509/crl.ts';
import { type Tier, tiers } from '../../domain/federation/settings.ts';
import { base64urlBytes, base64urlText } from '../../lib/base64url.ts';
import {
  bytesOf,
  type Fields,
  fieldsOf,
  flagOf,
  integerOf,
  jsonOf,
  listOf,
  oneOf,
  textOf,
} from '../fields.ts';

// Columns that may be empty become absent fields, so what is read equals what was written.

function optional<K extends string, T>(
  row: Fields,
  column: string,
  name: K,
  read: (row: Fields, column: string) => T,
): { readonly [P in K]?: T } {
  // The computed name is `name`, which is what the type says.
  return (row[column] === null ? {} : { [name]: read(row, column) }) as { [P in K]?: T };
}

export function parseApplication(row: Fields): Application {
  return {
    id: textOf(row, 'id'),
    tenant: textOf(row, 'tenant'),
    revision: integerOf(row, 'revision'),
    state: oneOf(row, 'state', applicationStates),
    applicant: textOf(row, 'applicant'),
    branch: textOf(row, 'branch'),
    kind: oneOf(row, 'kind', applicationKinds),
    algorithm: oneOf(row, 'algorithm', keyAlgorithms),
    subject: parseSubject(row, 'subject'),
    dnsNames: textsOf(jsonOf(row, 'dns_names')),
    keys: listOf(jsonOf(row, 'keys'), parseKey),
    requested: settingsJson(row, 'requested'),
    ...optional(row, 'not_after_ms', 'notAfterMs', integerOf),
    ...optional(row, 'scored', 'scored', parseScored),
    ...optional(row, 'identity', 'identity', parseIdentity),
    ...optional(row, 'override', 'override', parseOverride),
    ...optional(row, 'decision', 'decision', settingsJson<NonNullable<Application['decision']>>),
    ...optional(row, 'decided_by', 'decidedBy', textOf),
    ...optional(row, 'reason', 'reason', textOf),
    ...optional(row, 'renews', 'renews', textOf),
    createdAtMs: integerOf(row, 'created_at_ms'),
    changedAtMs: integerOf(row, 'changed_at_ms'),
  };
}

/** Wishes and decisions are kept in the form in which the settings domain wrote them. */
function settingsJson<T>(row: Fields, column: string): T {
  return fieldsOf(jsonOf(row, column)) as T;
}

function parseSubject(row: Fields, column: string): SubjectName {
  const fields = fieldsOf(jsonOf(row, column));
  for (const name of Object.keys(fields)) textOf(fields, name);
  return { ...fields, commonName: textOf(fields, 'commonName') };
}

function textsOf(value: unknown): readonly string[] {
  return listOf(
    (value as readonly unknown[]).map((text) => ({ text })),
    (item) => textOf(item, 'text'),
  );
}

function parseKey(fields: Fields): SubjectKey {
  const spki = base64urlBytes(textOf(fields, 'spki'));
  if (!spki) throw new TypeError('stored key is not base64url');
  const purpose = oneOf(fields, 'purpose', purposes);
  return fields.keyId === undefined
    ? { purpose, spki }
    : { purpose, spki, keyId: textOf(fields, 'keyId') };
}

export function keysText(keys: readonly SubjectKey[]): string {
  return JSON.stringify(keys.map((key) => ({ ...key, spki: base64urlText(key.spki) })));
}

function parseScored(row: Fields, column: string): ScoredDecision {
  const fields = fieldsOf(jsonOf(row, column));
  return {
    statement: textOf(fields, 'statement'),
    signature: textOf(fields, 'signature'),
    nameKey: textOf(fields, 'nameKey'),
  };
}

function parseOverride(row: Fields, column: string): TierOverride {
  const fields = fieldsOf(jsonOf(row, column));
  return {
    fromTier: tierOf(fields, 'fromTier'),
    tier: tierOf(fields, 'tier'),
    reason: textOf(fields, 'reason'),
    maker: textOf(fields, 'maker'),
    proposedAtMs: integerOf(fields, 'proposedAtMs'),
    statement: textOf(fields, 'statement'),
    signatures: listOf(fields.signatures, (item) => ({
      by: textOf(item, 'by'),
      publicKey: textOf(item, 'publicKey'),
      value: textOf(item, 'value'),
    })),
    ...(fields.checker === undefined ? {} : { checker: textOf(fields, 'checker') }),
  };
}

function tierOf(fields: Fields, name: string): Tier {
  const stored = integerOf(fields, name);
  const found = tiers.find((tier) => tier === stored);
  if (found === undefined) throw new TypeError('stored tier is not known');
  return found;
}

function parseIdentity(row: Fields, column: string): NonNullable<Application['identity']> {
  const fields = fieldsOf(jsonOf(row, column));
  return {
    method: oneOf(fields, 'method', identityMethods),
    passed: flagOf(fields, 'passed'),
    reference: textOf(fields, 'reference'),
    by: textOf(fields, 'by'),
    atMs: integerOf(fields, 'atMs'),
  };
}

export function parseCertificateRow(row: Fields): Certificate {
  return {
    id: textOf(row, 'id'),
    tenant: textOf(row, 'tenant'),
    revision: integerOf(row, 'revision'),
    holder: textOf(row, 'holder'),
    ledgerSubject: textOf(row, 'ledger_subject'),
    applicationId: textOf(row, 'application_id'),
    kind: oneOf(row, 'kind', applicationKinds),
    purpose: oneOf(row, 'purpose', purposes),
    algorithm: oneOf(row, 'algorithm', keyAlgorithms),
    issuer: integerOf(row, 'issuer'),
    subject: parseSubject(row, 'subject'),
    spki: bytesOf(row, 'spki'),
    ...optional(row, 'key_id', 'keyId', textOf),
    ...optional(row, 'der', 'der', bytesOf),
    ...optional(row, 'sha256_hex', 'sha256Hex', textOf),
    ...optional(row, 'sm3_hex', 'sm3Hex', textOf),
    notBeforeMs: integerOf(row, 'not_before_ms'),
    notAfterMs: integerOf(row, 'not_after_ms'),
    delivery: oneOf(row, 'delivery', deliverySteps),
    ...optional(row, 'head_hash', 'headHash', textOf),
    ...optional(row, 'frozen_index', 'frozenIndex', integerOf),
    ...optional(row, 'moved_by', 'movedBy', textOf),
    ...optional(row, 'statement', 'statement', parseStatement),
    ...optional(row, 'renews_subject', 'renewsSubject', textOf),
    createdAtMs: integerOf(row, 'created_at_ms'),
    ...statusFields(row),
  };
}

export function parseStatus(row: Fields): StatusRow {
  return { ...statusFields(row), change: integerOf(row, 'status_change') };
}

function statusFields(row: Fields): Omit<StatusRow, 'change'> {
  return {
    serialHex: textOf(row, 'serial_hex'),
    state: oneOf(row, 'state', certificateStates),
    ...optional(row, 'pending', 'pending', parsePending),
    ...optional(row, 'reason', 'reason', reasonOf),
    changedAtMs: integerOf(row, 'changed_at_ms'),
  };
}

function reasonOf(row: Fields, column: string): CrlReason {
  // The keys of the table are its reasons.
  return oneOf(row, column, Object.keys(crlReasons) as CrlReason[]);
}

function parsePending(row: Fields, column: string): PendingMove {
  const fields = fieldsOf(jsonOf(row, column));
  const pending = {
    action: oneOf(fields, 'action', moveActions),
    requestId: textOf(fields, 'requestId'),
    atMs: integerOf(fields, 'atMs'),
  };
  return fields.reason === undefined ? pending : { ...pending, reason: reasonOf(fields, 'reason') };
}

function parseStatement(row: Fields, column: string): SettingsStatement {
  const fields = fieldsOf(jsonOf(row, column));
  return {
    payload: textOf(fields, 'payload'),
    signatures: listOf(fields.signatures, (item) => ({
      scheme: oneOf(item, 'scheme', ['sm2-sm3', 'ecdsa-p256-sha256']),
      spkiSha256: textOf(item, 'spkiSha256'),
      value: textOf(item, 'value'),
    })),
  };
}

export function parseAuthority(row: Fields): AuthorityRow {
  return {
    algorithm: oneOf(row, 'algorithm', keyAlgorithms),
    role: oneOf(row, 'role', authorityRoles),
    under: integerOf(row, 'under'),
    generation: integerOf(row, 'generation'),
    keyId: textOf(row, 'key_id'),
    der: bytesOf(row, 'der'),
    ...optional(row, 'revocation', 'revocation', parseRevocation),
  };
}

function parseRevocation(row: Fields, column: string): AuthorityRevocation {
  const fields = fieldsOf(jsonOf(row, column));
  const proposal = {
    reason: oneOf(fields, 'reason', authorityReasons),
    proposedBy: textOf(fields, 'proposedBy'),
    proposedAtMs: integerOf(fields, 'proposedAtMs'),
  };
  if (fields.atMs === undefined) return proposal;
  return { ...proposal, by: textOf(fields, 'by'), atMs: integerOf(fields, 'atMs') };
}

export function parseCrl(row: Fields): StoredCrl {
  return { ...parseCrlTimes(row), der: bytesOf(row, 'der') };
}

export function parseCrlTimes(row: Fields): Omit<StoredCrl, 'der'> {
  const algorithm = oneOf(row, 'algorithm', keyAlgorithms);
  return {
    issuer: { algorithm, generation: integerOf(row, 'issuer') },
    number: integerOf(row, 'number'),
    thisUpdateMs: integerOf(row, 'this_update_ms'),
    nextUpdateMs: integerOf(row, 'next_update_ms'),
    throughChange: integerOf(row, 'through_change'),
  };
}
