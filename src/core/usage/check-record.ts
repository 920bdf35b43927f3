import { bytesToHex, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { canonicalJson, type Json } from '../../lib/canonical-json.ts';
import type { Gm } from '../gm.ts';
import {
  approvalStatement,
  type DecidedCertificate,
  readDecision,
  type UseDecision,
} from './decision.ts';
import { receiptJson, verifyReceipt } from './receipt.ts';
import { outcomeText, type UsageApproval, type UsageRecordBody } from './record.ts';
import { clockSlackMs, statementLifeMs } from './times.ts';

export type RecordCode =
  | 'record_malformed'
  | 'statement_differs'
  | 'statement_signature_invalid'
  | 'decision_differs'
  | 'approval_missing'
  | 'approval_invalid'
  | 'receipt_invalid'
  | 'receipt_differs'
  | 'chip_untrusted'
  | 'outcome_differs'
  | 'outcome_signature_invalid';

/**
 * What is wrong with a record by itself, if anything: every signature in it, and that statement,
 * decision, approvals, receipt and outcome speak of one and the same use. Whose keys they are, and
 * that the record is the one that was logged, is for the caller to check.
 *
 * @param chips identity keys of the chips that are trusted, in hex; absent: any chip's
 */
export function checkRecord(
  gm: Gm,
  body: UsageRecordBody,
  chips: readonly string[] | undefined,
): RecordCode | undefined {
  try {
    return (
      statementCode(gm, body) ??
      decisionCode(gm, body) ??
      receiptCode(gm, body, chips) ??
      outcomeCode(gm, body)
    );
  } catch {
    // Texts that are no JSON, hex that is none, members of another type.
    return 'record_malformed';
  }
}

function statementCode(gm: Gm, body: UsageRecordBody): RecordCode | undefined {
  const statement = membersOf(body.statement);
  const { digestHex, notAfterMs } = statement;
  const expected = {
    version: 1,
    tenant: body.tenant,
    keyId: body.institutionKeyId,
    requestId: body.operationId,
    operation: body.receipt.operation,
    digestHex,
    decisionHashHex: sm3Hex(gm, body.decision),
    notAfterMs,
  };
  if (!isText(body.statement, expected)) return 'statement_differs';
  const isSigned = signed(gm, body.personPublicKeyHex, body.statement, body.statementSignatureHex);
  return isSigned ? undefined : 'statement_signature_invalid';
}

function decisionCode(gm: Gm, body: UsageRecordBody): RecordCode | undefined {
  const decision = readDecision(body.decision);
  if (!decision || !isDecisionOf(decision, body) || !isWithin(decision, body.receipt.atMs)) {
    return 'decision_differs';
  }
  const others = body.approvals.map(({ actor }) => actor).filter((one) => one !== body.actor);
  const people = new Set(others);
  const keys = new Set(body.approvals.map(({ publicKeyHex }) => publicKeyHex));
  const { approvalsNeeded } = decision;
  const isWhole = people.size === body.approvals.length && keys.size === body.approvals.length;
  const isEnough = Number.isSafeInteger(approvalsNeeded) && people.size >= approvalsNeeded;
  if (!isWhole || !isEnough) return 'approval_missing';
  const areValid = body.approvals.every((approval) => isApproval(gm, body, approval));
  return areValid ? undefined : 'approval_invalid';
}

/** Whether the decision is about what the record says was done, by whom and with which key. */
function isDecisionOf(decision: UseDecision, body: UsageRecordBody): boolean {
  const { key, person, use } = decision;
  return (
    decision.verdict === 'allow' &&
    decision.operation === body.operationId &&
    decision.tenant === body.tenant &&
    key.id === body.institutionKeyId &&
    isHeld(key.certificate, body.institutionSerial, standingsOfKey[use.kind]) &&
    person.actor === body.actor &&
    person.personalKey === body.personalKeyId &&
    person.publicKeyHex === body.personPublicKeyHex &&
    isHeld(person.certificate, body.personSerial, ['good']) &&
    `${use.kind}:${use.scheme}` === body.receipt.operation &&
    use.digestHex === body.receipt.inputHashHex &&
    decision.documentType === body.documentType &&
    decision.reason === body.reason
  );
}

/** What was encrypted while a certificate held is opened after it has ended too. */
const standingsOfKey: Readonly<Record<string, readonly string[] | undefined>> = {
  sign: ['good'],
  decrypt: ['good', 'expired', 'superseded'],
};

const isHeld = (
  { serial, standing }: DecidedCertificate,
  expected: string,
  standings: readonly string[] | undefined,
) => serial === expected && standings?.includes(standing) === true;

/** Whether the right that the decision names allows the use, at the time of the chip's receipt. */
function isWithin({ at, grant, use, documentType, amount, risk }: UseDecision, atMs: number) {
  const { validFrom, validUntil, operations, documentTypes, amountMax } = grant;
  const decidedAtMs = Date.parse(at);
  const isUnlimited = amountMax === undefined && amount === undefined;
  return (
    decidedAtMs <= atMs + clockSlackMs &&
    Date.parse(validFrom) <= Math.max(decidedAtMs, atMs) &&
    // A time in text has whole milliseconds, as receipts have.
    atMs <= Date.parse(validUntil) &&
    operations.includes(use.kind) &&
    (documentTypes.length === 0 || documentTypes.includes(documentType)) &&
    (isUnlimited ||
      (amount?.currency === amountMax?.currency &&
        Number(amount?.minor) <= Number(amountMax?.minor))) &&
    (risk.verdict === 'allow' || risk.verdict === 'challenge')
  );
}

function isApproval(gm: Gm, body: UsageRecordBody, approval: UsageApproval): boolean {
  return (
    approval.text === approvalStatement(body.operationId, sm3Hex(gm, body.decision)) &&
    approval.publicKeyHex !== body.personPublicKeyHex &&
    signed(gm, approval.publicKeyHex, approval.text, approval.signatureHex)
  );
}

function receiptCode(
  gm: Gm,
  { tenant, institutionKeyId, operationId, statement, receipt }: UsageRecordBody,
  chips: readonly string[] | undefined,
): RecordCode | undefined {
  const { chipPublicKeyHex } = receipt;
  if (chips && !chips.includes(chipPublicKeyHex)) return 'chip_untrusted';
  if (!verifyReceipt(gm, hexToBytes(chipPublicKeyHex), receipt)) return 'receipt_invalid';
  const { digestHex, notAfterMs } = membersOf(statement);
  const left = Number(notAfterMs) - receipt.atMs;
  const isSame =
    receipt.tenant === tenant &&
    receipt.keyId === institutionKeyId &&
    receipt.requestId === operationId &&
    receipt.inputHashHex === digestHex &&
    receipt.statementHashHex === sm3Hex(gm, statement) &&
    left >= 0 &&
    left <= statementLifeMs + clockSlackMs;
  return isSame ? undefined : 'receipt_differs';
}

function outcomeCode(gm: Gm, body: UsageRecordBody): RecordCode | undefined {
  const expected = outcomeText({
    v: 1,
    operationId: body.operationId,
    statementHashHex: sm3Hex(gm, body.statement),
    resultHashHex: body.receipt.resultHashHex,
    receiptHashHex: bytesToHex(gm.sm3(receiptJson(body.receipt))),
  });
  if (body.outcome !== expected) return 'outcome_differs';
  const isSigned = signed(gm, body.personPublicKeyHex, body.outcome, body.outcomeSignatureHex);
  return isSigned ? undefined : 'outcome_signature_invalid';
}

function signed(gm: Gm, publicKeyHex: string, text: string, signatureHex: string): boolean {
  return gm.sm2.verify(hexToBytes(publicKeyHex), utf8ToBytes(text), hexToBytes(signatureHex));
}

function membersOf(text: string): Readonly<Record<string, unknown>> {
  return { ...JSON.parse(text) };
}

function isText(text: string, members: Readonly<Record<string, unknown>>): boolean {
  return text === canonicalJson(members as Readonly<Record<string, Json>>);
}

function sm3Hex(gm: Gm, text: string): string {
  return bytesToHex(gm.sm3(utf8ToBytes(text)));
}
