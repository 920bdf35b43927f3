import { bytesToHex, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { type Gm, loadGm } from '../core/gm.ts';
import { grantsChangeBytes, grantsHash } from '../core/grant-list.ts';
import { base64Bytes } from '../lib/base64.ts';
import { base64urlText } from '../lib/base64url.ts';
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
 * Uses an institution's key for an operation that was asked for: statement, activation, outcome.
 *
 * Before anything is signed the statement is compared with the operation: which key, which use,
 * which decision, and the digest of exactly what the key will sign or decrypt.
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
  const executed = await untilExecuted(client, session, key, asked);
  const outcome = executed.outcome ?? '';
  await assertOutcome(asked.id, outcome);
  const signature = await session.sign(utf8ToBytes(outcome), {
    purpose: 'outcome',
    subjectId: asked.id,
  });
  return client.operations.complete(asked.id, base64urlText(signature));
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
  await assertStatement(key, asked, statement);
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
  const stated = membersOf(statement);
  const input = base64Bytes(asked.inputB64 ?? '') ?? new Uint8Array(0);
  const digest = digestOf(gm, key, asked, input);
  const expected: Readonly<Record<string, unknown>> = {
    version: 1,
    keyId: key.id,
    requestId: asked.id,
    operation: `${asked.kind}:${asked.scheme}`,
    digestHex: bytesToHex(digest),
    decisionHashHex: bytesToHex(gm.sm3(utf8ToBytes(asked.decision))),
  };
  for (const [member, value] of Object.entries(expected)) {
    if (stated[member] !== value) throw new StatementDiffers(member);
  }
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

async function assertOutcome(operationId: string, outcome: string): Promise<void> {
  if (membersOf(outcome).operationId !== operationId) throw new StatementDiffers('operationId');
}

function membersOf(text: string): Readonly<Record<string, unknown>> {
  try {
    return { ...JSON.parse(text) };
  } catch (cause) {
    throw new ApiError('unexpected_answer', { cause });
  }
}

/** Approves what somebody else asked for, with one's own key. */
export async function approveUse(
  client: Client,
  session: Session,
  personalKeyId: string,
  operation: Operation,
): Promise<Operation> {
  const text = operation.approvalText ?? '';
  if (membersOf(text).approves !== operation.id) throw new StatementDiffers('approves');
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
  const { list, officers, chipEpoch: epoch } = change;
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
  });
  if (bytesToHex(bytes) !== change.signedHex) throw new StatementDiffers('list');
  const purpose = { purpose: 'grant_change', subjectId: change.id } as const;
  return client.grants.approve(change.id, base64urlText(await session.sign(bytes, purpose)));
}
