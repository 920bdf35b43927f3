import { bytesToHex, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import type { Gm } from '../../core/gm.ts';
import { type Grant, grantsChangeBytes, grantsHash } from '../../core/grant-list.ts';
import { clockSlackMs, statementLifeMs } from '../../core/usage/times.ts';
import { type Activation, areOfficers, type ChangeGrants, isHex, type KeyPolicy } from './keys.ts';

/** What a person states. Every member is compared with what the chip is about to do. */
export interface Statement {
  readonly version: 1;
  readonly tenant: string;
  readonly keyId: string;
  readonly requestId: string;
  /** `sign:sm2-sm3`, `decrypt:sm2`, … */
  readonly operation: string;
  /** `inputDigest` of the request: for SM2 the digest e itself. 64 hex digits. */
  readonly digestHex: string;
  /** SM3 of the decision that allowed the use. 64 hex digits. */
  readonly decisionHashHex: string;
  /** At most `statementLifeMs` ahead. */
  readonly notAfterMs: number;
}

const statementCharactersMax = 4096;
const grantsMax = 256;

export type ActivationRefusal =
  | 'missing'
  | 'malformed'
  | 'grants'
  | 'signer'
  | 'signature'
  | 'mismatch'
  | 'expired';

export interface ExpectedUse {
  readonly tenant: string;
  readonly keyId: string;
  readonly requestId: string;
  readonly operation: string;
  readonly digestHex: string;
  readonly nowMs: number;
}

export type ActivationVerdict =
  | { readonly ok: true; readonly statementHashHex: string; readonly signerHex: string }
  | { readonly ok: false; readonly reason: ActivationRefusal };

/**
 * Whether a key with this policy may move for `use`. Single use is the key guard's: it gives out
 * one ticket for a request id, and the statement holds for one request id.
 */
export function checkActivation(
  gm: Gm,
  policy: KeyPolicy,
  activation: Activation | undefined,
  use: ExpectedUse,
): ActivationVerdict {
  if (policy.grantsHashHex === undefined) return { ok: true, statementHashHex: '', signerHex: '' };
  if (activation === undefined) return refused('missing');
  const statement = parseStatement(activation.statement);
  if (statement === undefined || !isGrantList(activation.grants)) return refused('malformed');
  if (grantsHash(gm, activation.grants) !== policy.grantsHashHex) return refused('grants');
  const kind = use.operation.startsWith('sign') ? 'sign' : 'decrypt';
  const signed = utf8ToBytes(activation.statement);
  const able = activation.grants.filter(({ operations }) => operations.includes(kind));
  if (able.length === 0) return refused('signer');
  const signer = able.find(({ publicKeyHex }) => isSignedBy(gm, publicKeyHex, signed, activation));
  if (!signer) return refused('signature');
  if (!isSameUse(statement, use)) return refused('mismatch');
  const left = statement.notAfterMs - use.nowMs;
  if (left < 0 || left > statementLifeMs + clockSlackMs) return refused('expired');
  return {
    ok: true,
    statementHashHex: bytesToHex(gm.sm3(signed)),
    signerHex: signer.publicKeyHex,
  };
}

/** Whether enough different officers of the key approved exactly this change. */
export function isChangeApproved(gm: Gm, policy: KeyPolicy, change: ChangeGrants): boolean {
  const { officers } = policy;
  if (!officers || !isHex(change.grantsHashHex, 64)) return false;
  // A chip trusts nobody's checks but its own: officers that cannot decide would end the key.
  if (change.officers && !areOfficers(change.officers)) return false;
  const bytes = grantsChangeBytes(change);
  const approving = new Set(
    change.approvals
      .filter(({ publicKeyHex }) => officers.publicKeysHex.includes(publicKeyHex))
      .filter((approval) => isSignedBy(gm, approval.publicKeyHex, bytes, approval))
      .map(({ publicKeyHex }) => publicKeyHex),
  );
  return approving.size >= officers.threshold;
}

function isSignedBy(
  gm: Gm,
  publicKeyHex: string,
  bytes: Uint8Array,
  { signature }: { readonly signature: Uint8Array },
): boolean {
  try {
    return gm.sm2.verify(hexToBytes(publicKeyHex), bytes, signature);
  } catch {
    // A listed key that is no point of the curve signs nothing.
    return false;
  }
}

function refused(reason: ActivationRefusal): ActivationVerdict {
  return { ok: false, reason };
}

function isSameUse(statement: Statement, use: ExpectedUse): boolean {
  return (
    statement.tenant === use.tenant &&
    statement.keyId === use.keyId &&
    statement.requestId === use.requestId &&
    statement.operation === use.operation &&
    statement.digestHex === use.digestHex
  );
}

function isGrantList(value: unknown): value is readonly Grant[] {
  return (
    Array.isArray(value) &&
    value.length <= grantsMax &&
    value.every(
      (grant) =>
        isHex(grant?.publicKeyHex, 130) &&
        Array.isArray(grant.operations) &&
        grant.operations.every((name: unknown) => name === 'sign' || name === 'decrypt'),
    )
  );
}

function parseStatement(text: unknown): Statement | undefined {
  if (typeof text !== 'string' || text.length > statementCharactersMax) return undefined;
  let value: Partial<Record<keyof Statement, unknown>>;
  try {
    value = { ...JSON.parse(text) };
  } catch {
    return undefined;
  }
  const { version, tenant, keyId, requestId, operation, digestHex, decisionHashHex } = value;
  const texts = [tenant, keyId, requestId, operation];
  const isWhole =
    version === 1 &&
    texts.every((item) => typeof item === 'string') &&
    isHex(digestHex, 64) &&
    isHex(decisionHashHex, 64) &&
    Number.isSafeInteger(value.notAfterMs);
  return isWhole ? (value as Statement) : undefined;
}
