import { bytesToHex, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { type Gm, loadGm } from '../core/gm.ts';
import { grantsChangeBytes, grantsHash, grantTermsHash } from '../core/grant-list.ts';
import { approvalStatement, readDecision, type UseDecision } from '../core/usage/decision.ts';
import { type Receipt, receiptJson, verifyReceipt } from '../core/usage/receipt.ts';
import { outcomeText } from '../core/usage/record.ts';
import { base64Bytes } from '../lib/base64.ts';
import { base64urlText } from '../lib/base64url.ts';
import { canonicalJson } from '../lib/canonical-json.ts';
import { ApiError, type Client } from './api.ts';
import type { KeySession } from './personal-key.ts';
import type { CompletedOperation, GrantChange, InstitutionKey, Operation } from './types.ts';

/**
 * What the service wants signed is not what was asked for. Nothing was signed; `member` says where
 * the two differ.
 */
export class StatementDiffers extends Error {
  override readonly name = 'StatementDiffers';
  readonly member: string;

  constructor(member: string) {
    super(`the statement is about something else: ${member}`);
    this.member = member;
  }
}

type Session = Pick<KeySession, 'sign'>;

/**
 * Reads what a person signs for a use: the decision, which the statement and approvals name by its
 * hash. One that says anything else than the operation around it is not shown, and so not signed.
 *
 * @throws StatementDiffers
 */
export function readUse(operation: Operation): UseDecision {
  const decision = readDecision(operation.decision);
  if (!decision) throw new StatementDiffers('decision');
  const { document, amount } = operation;
  const shown: Readonly<Record<string, readonly [unknown, unknown]>> = {
    operation: [decision.operation, operation.id],
    key: [decision.key.id, operation.institutionKeyId],
    actor: [decision.person.actor, operation.actor],
    personalKey: [decision.person.personalKey, operation.personalKeyId],
    grant: [decision.grant.id, operation.grantId],
    kind: [decision.use.kind, operation.kind],
    scheme: [decision.use.scheme, operation.scheme],
    documentType: [decision.documentType, operation.documentType],
    reason: [decision.reason, operation.reason],
    currency: [decision.amount?.currency, amount?.currency],
    amount: [decision.amount?.minor, amount?.minor],
    action: [decision.document?.action, document?.action],
    name: [decision.document?.name, document?.name],
    bytes: [decision.document?.bytes, document?.bytes],
    sha256: [decision.document?.sha256, document?.sha256],
    approvalsNeeded: [decision.approvalsNeeded, operation.approvalsNeeded],
  };
  for (const [member, [said, around]] of Object.entries(shown)) {
    if (said !== around) throw new StatementDiffers(member);
  }
  return decision;
}

/**
 * Uses an institution's key for an operation that was asked for: statement, activation, outcome.
 *
 * Before anything is signed the statement is compared with the operation: which key, which use,
 * which decision, and the digest of exactly what the key will sign or decrypt. Before the outcome is
 * signed it is compared with the statement and with the receipt of the chip.
 *
 * Called again after an interruption it goes on where it was.
 *
 * @throws StatementDiffers, ApiError `operation_state` while approvals are missing
 */
export async function activateOperation(
  client: Client,
  session: Session,
  key: Pick<InstitutionKey, 'id' | 'publicKeyHex'>,
  asked: Operation,
): Promise<CompletedOperation> {
  readUse(asked);
  const executed = await untilExecuted(client, session, key, asked);
  await readOutcome(asked, executed);
  const signature = await session.sign(utf8ToBytes(executed.outcome ?? ''), {
    purpose: 'outcome',
    subjectId: asked.id,
  });
  const completed = await client.operations.complete(asked.id, base64urlText(signature));
  await assertResult(executed, completed.operation);
  return completed;
}

async function untilExecuted(
  client: Client,
  session: Session,
  key: Pick<InstitutionKey, 'id' | 'publicKeyHex'>,
  asked: Operation,
): Promise<Operation> {
  const current = asked.state === 'approved' ? asked : await client.operations.get(asked.id);
  if (current.state === 'executed' || current.state === 'completed') return current;
  // Where only the answer was lost the statement stands; a fresh one would be another use.
  const prepared =
    current.state === 'activated' ? current : await client.operations.prepare(asked.id);
  const statement = prepared.statement ?? '';
  await assertStatement(key, { ...asked, inputB64: prepared.inputB64 }, statement);
  const signature = await session.sign(utf8ToBytes(statement), {
    purpose: 'statement',
    subjectId: asked.id,
  });
  return client.operations.execute(asked.id, base64urlText(signature));
}

/** @throws StatementDiffers */
export async function assertStatement(
  key: Pick<InstitutionKey, 'id' | 'publicKeyHex'>,
  asked: Operation,
  statement: string,
): Promise<void> {
  const gm = await loadGm();
  const { use, tenant } = readUse(asked);
  const input = base64Bytes(asked.inputB64 ?? '') ?? new Uint8Array(0);
  const digestHex = bytesToHex(digestOf(gm, key, asked, input));
  if (use.digestHex !== digestHex) throw new StatementDiffers('digestHex');
  const stated = membersOf(statement);
  const expected = {
    version: 1,
    tenant,
    keyId: key.id,
    requestId: asked.id,
    operation: `${use.kind}:${use.scheme}`,
    digestHex,
    decisionHashHex: sm3Hex(gm, asked.decision),
    notAfterMs: Number(stated.notAfterMs),
  };
  for (const [member, value] of Object.entries(expected)) {
    if (stated[member] !== value) throw new StatementDiffers(member);
  }
  if (statement !== canonicalJson(expected)) throw new StatementDiffers('statement');
}

/** As the chips state it: of an SM2 signature the digest e, of everything else SM3 of the input. */
function digestOf(
  gm: Gm,
  { publicKeyHex }: Pick<InstitutionKey, 'publicKeyHex'>,
  { scheme, inputForm }: Operation,
  input: Uint8Array,
): Uint8Array {
  if (inputForm === 'digest') return input;
  return scheme === 'sm2-sm3' ? gm.sm2.digest(hexToBytes(publicKeyHex), input) : gm.sm3(input);
}

/**
 * Reads the outcome that a person signs: by its text and nothing else the key moved once, for the
 * use that was decided, and gave the result that the chip's receipt names.
 *
 * @throws StatementDiffers
 */
export async function readOutcome(asked: Operation, executed: Operation): Promise<Receipt> {
  const gm = await loadGm();
  const { use, tenant, key } = readUse(asked);
  // Of any form: every member that counts is compared, and the signature covers them all.
  const receipt = executed.receipt as unknown as Receipt | null;
  if (!receipt || !isReceipt(gm, receipt)) throw new StatementDiffers('receipt');
  const { statementHashHex, resultHashHex } = receipt;
  const expected: Partial<Record<keyof Receipt, unknown>> = {
    tenant,
    keyId: key.id,
    requestId: asked.id,
    operation: `${use.kind}:${use.scheme}`,
    inputHashHex: use.digestHex,
  };
  for (const [member, value] of Object.entries(expected)) {
    if (receipt[member as keyof Receipt] !== value) throw new StatementDiffers(member);
  }
  const text = outcomeText({
    v: 1,
    operationId: asked.id,
    statementHashHex,
    resultHashHex,
    receiptHashHex: bytesToHex(gm.sm3(receiptJson(receipt))),
  });
  if (executed.outcome !== text) throw new StatementDiffers('outcome');
  return receipt;
}

function isReceipt(gm: Gm, receipt: Receipt): boolean {
  try {
    return verifyReceipt(gm, hexToBytes(receipt.chipPublicKeyHex), receipt);
  } catch {
    return false;
  }
}

/** A signature that is handed out is the one that the outcome was signed for. */
async function assertResult(executed: Operation, completed: Operation): Promise<void> {
  const { resultB64, kind } = completed;
  if (kind !== 'sign' || resultB64 === null) return;
  const gm = await loadGm();
  const hash = bytesToHex(gm.sm3(base64Bytes(resultB64) ?? new Uint8Array(0)));
  const { resultHashHex } = { ...executed.receipt };
  if (hash !== resultHashHex) throw new StatementDiffers('result');
}

const sm3Hex = (gm: Gm, text: string) => bytesToHex(gm.sm3(utf8ToBytes(text)));

function membersOf(text: string): Readonly<Record<string, unknown>> {
  try {
    return { ...JSON.parse(text) };
  } catch (cause) {
    throw new ApiError('unexpected_answer', { cause });
  }
}

/**
 * Approves what somebody else asked for, with one's own key.
 *
 * @throws StatementDiffers when what is to be signed is not about the use that is shown
 */
export async function approveUse(
  client: Client,
  session: Session,
  personalKeyId: string,
  operation: Operation,
): Promise<Operation> {
  const gm = await loadGm();
  readUse(operation);
  const text = approvalStatement(operation.id, sm3Hex(gm, operation.decision));
  if (operation.approvalText !== text) throw new StatementDiffers('approves');
  const purpose = { purpose: 'approval', subjectId: operation.id } as const;
  const signature = base64urlText(await session.sign(utf8ToBytes(text), purpose));
  return client.operations.approve(operation.id, { personalKeyId, signature });
}

/**
 * An officer's consent to a change of who may use a key, or of who decides about it. What is signed
 * is made here from what the change says, so that an officer consents to what the screen showed.
 *
 * @throws StatementDiffers when the change says something else than it wants signed
 */
export async function approveChange(
  client: Client,
  session: Session,
  tenant: string,
  change: GrantChange,
): Promise<GrantChange> {
  const gm = await loadGm();
  const { list, officers, terms, chipEpoch: epoch } = change;
  const grantsHashHex = grantsHash(gm, list);
  const decides = officers && {
    threshold: officers.threshold,
    publicKeysHex: officers.members.map(({ publicKeyHex }) => publicKeyHex),
  };
  const bytes = grantsChangeBytes({
    tenant,
    keyId: change.institutionKeyId,
    grantsHashHex,
    epoch,
    ...(decides ? { officers: decides } : {}),
    ...(terms ? { termsHashHex: grantTermsHash(gm, terms) } : {}),
  });
  if (change.action === 'give' && !terms) throw new StatementDiffers('terms');
  if (bytesToHex(bytes) !== change.signedHex) throw new StatementDiffers('list');
  const purpose = { purpose: 'grant_change', subjectId: change.id } as const;
  return client.grants.approve(change.id, base64urlText(await session.sign(bytes, purpose)));
}
