import type { Actor } from '../../domain/actor.ts';
import { approvalText } from '../../domain/signing/operations.ts';
import { inputText } from '../../domain/signing/requests.ts';
import type * as rows from '../../domain/signing/types.ts';
import { outcomeOf } from '../../domain/signing/use.ts';
import { instantText } from '../../lib/time.ts';
import type { Operation } from '../schemas/signing.ts';

/**
 * An operation as `actor` may see it. What is signed, and what comes out, are for who asked: a
 * decrypted text is nobody else's, whoever may see that it was decrypted.
 */
export async function operationView(operation: rows.Operation, actor: Actor): Promise<Operation> {
  const { id, state, institutionKeyId, grantId, personalKeyId, documentType, reason } = operation;
  const { approvals, approvalsNeeded, decision, statement = null, amount, request } = operation;
  const isExecuted = state === 'executed' || state === 'completed';
  const isOwn = operation.actor === actor.id;
  const { document, result } = operation;
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
    inputB64: isOwn ? inputText(request) : null,
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
    // Not before the outcome is signed (C7); of a document it is only what went into it.
    resultB64: isOwn && state === 'completed' && !document ? (result?.valueB64 ?? null) : null,
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
