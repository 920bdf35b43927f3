import type { Actor } from '../../domain/actor.ts';
import { approvalText } from '../../domain/signing/approvals.ts';
import { inputOf } from '../../domain/signing/operation.ts';
import type { SigningDeps } from '../../domain/signing/ports.ts';
import type * as rows from '../../domain/signing/types.ts';
import { outcomeOf, resultOf } from '../../domain/signing/use.ts';
import { base64Text } from '../../lib/base64.ts';
import { instantText } from '../../lib/time.ts';
import type { Operation } from '../schemas/key-operations.ts';

/**
 * An operation as `actor` may see it. What is signed, and what comes out, are for who asked: a
 * decrypted text is nobody else's, whoever may see that it was decrypted.
 */
export async function operationView(
  deps: SigningDeps,
  operation: rows.Operation,
  actor: Actor,
): Promise<Operation> {
  const { state, document, result } = operation;
  const listed = await listedOperation(operation, actor);
  if (operation.actor !== actor.id) return listed;
  const isExecuted = state === 'executed' || state === 'completed';
  // Not before the outcome is signed (C7); of a document it is only what went into it.
  const isGiven = state === 'completed' && !document;
  return {
    ...listed,
    inputB64: base64Text(await inputOf(deps, operation)),
    receipt: isExecuted && result ? { ...result.receipt } : null,
    resultB64: isGiven ? base64Text(await resultOf(deps, operation)) : null,
  };
}

/** The same in a list: what is signed and what comes out rest encrypted, and stay there. */
export async function listedOperation(operation: rows.Operation, actor: Actor): Promise<Operation> {
  const { id, state, institutionKeyId, grantId, personalKeyId, documentType, reason } = operation;
  const { approvals, approvalsNeeded, decision, statement = null, amount, request } = operation;
  const isExecuted = state === 'executed' || state === 'completed';
  const isOwn = operation.actor === actor.id;
  const { document } = operation;
  return {
    id,
    state,
    institutionKeyId,
    grantId,
    personalKeyId,
    actor: operation.actor,
    kind: request.kind,
    scheme: request.scheme,
    document: document ? documentView(operation, document) : null,
    inputB64: null,
    inputForm: inputForm(request),
    documentType,
    amount: amount ? { ...amount } : null,
    reason,
    approvals: approvals.map((approval) => ({ actor: approval.actor })),
    approvalsNeeded,
    decision,
    approvalText: state === 'asked' ? await approvalText(operation) : null,
    // Also when the key may have moved: who lost the answer signs the same statement again.
    statement: isOwn && (state === 'approved' || state === 'activated') ? statement : null,
    outcome: isOwn && isExecuted ? await outcomeOf(operation) : null,
    receipt: null,
    resultB64: null,
    createdAt: instantText(operation.createdAtMs),
  };
}

function inputForm(request: rows.OperationRequest): Operation['inputForm'] {
  if (request.kind === 'decrypt') return 'ciphertext';
  return 'digestB64' in request ? 'digest' : 'message';
}

function documentView(operation: rows.Operation, document: rows.OperationDocument) {
  const { work, name, bytes, sha256Hex, failure = null } = document;
  const resultName = resultNameOf(operation);
  return { action: work.action, name, bytes, sha256: sha256Hex, resultName, failure };
}

/** A name for what is made of a document; the endings are those of RFC 8551 §3.2.1 and use. */
export function resultNameOf({ document }: Pick<rows.Operation, 'document'>): string {
  if (!document) return '';
  const { work, name } = document;
  switch (work.action) {
    case 'cms':
      return `${name}.${work.detached ? 'p7s' : 'p7m'}`;
    case 'pdf':
      return `${name.replace(/\.pdf$/i, '')}-signed.pdf`;
    case 'make_seal':
      return `${name}.esl`;
    case 'seal':
      return `${name}.sig`;
    case 'open':
      return name.replace(/\.p7[em]$/i, '') || name;
  }
}
