import { bytesToHex, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { canonicalJson, type Json } from '../../lib/canonical-json.ts';
import type { Gm } from '../gm.ts';
import { receiptJson, verifyReceipt } from './receipt.ts';
import { outcomeText, type UsageApproval, type UsageRecordBody } from './record.ts';

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

/** As the chips: a statement is younger than this when its key moves. */
const statementLifeMs = 120_000;

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
  const decision = membersOf(body.decision);
  const [kind] = body.receipt.operation.split(':');
  const isSame =
    decision.verdict === 'allow' &&
    decision.institutionKey === body.institutionKeyId &&
    decision.person === body.personPublicKeyHex &&
    decision.documentType === body.documentType &&
    decision.kind === kind;
  if (!isSame) return 'decision_differs';
  const people = new Set(
    body.approvals.map(({ actor }) => actor).filter((one) => one !== body.actor),
  );
  const keys = new Set(body.approvals.map(({ publicKeyHex }) => publicKeyHex));
  const needed = decision.approvalsNeeded;
  const isEnough =
    typeof needed === 'number' && people.size >= needed && keys.size === body.approvals.length;
  if (!isEnough || people.size !== body.approvals.length) return 'approval_missing';
  const areValid = body.approvals.every((approval) => isApproval(gm, body, approval));
  return areValid ? undefined : 'approval_invalid';
}

function isApproval(gm: Gm, body: UsageRecordBody, approval: UsageApproval): boolean {
  const { approves, decisionHash } = membersOf(approval.text);
  return (
    approves === body.operationId &&
    decisionHash === sm3Hex(gm, body.decision) &&
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
    left <= statementLifeMs;
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
