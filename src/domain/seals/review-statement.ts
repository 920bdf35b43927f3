import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import type { KeyService } from '../chips/keys.ts';
import type { DecisionBody } from './reviews.ts';
import type { Verification } from './types.ts';
import type { Work } from './work.ts';

/** The institution's key that vouches for review decisions; one for each institution. */
export const reviewKeyId = '00000000-0000-4000-8000-726576696577';

/**
 * What a final decision says, as canonical JSON (RFC 8785: sorted names, no blanks; the values are
 * texts and whole numbers only).
 *
 * It names the evidence by the digests of the encrypted templates that were compared, so that
 * neither imprint can be exchanged afterwards.
 */
export function statementOf(verification: Verification, decision: Work<'decision'>): string {
  const { body } = decision;
  const evidence = verification.templates
    .map(({ vendor, digestHex }) => ({ sha256: digestHex, vendor: vendor.code }))
    .sort((a, b) => (a.vendor < b.vendor ? -1 : 1));
  return JSON.stringify({
    decidedAtMs: body.decidedAtMs,
    decision: body.decision,
    decisionId: decision.id,
    evidence,
    note: body.note,
    reason: body.reason,
    reservedTemplates: verification.vendors
      .map(({ reservedTemplateId }) => reservedTemplateId)
      .sort(),
    reviewer: body.reviewer,
    seal: verification.sealId,
    sealRevision: verification.sealRevision,
    tenant: verification.tenant,
    type: 'cinnabar seal review 1',
    verdict: verification.verdict,
    verification: verification.id,
  });
}

/**
 * Signs the statement of a decision with the institution's review key.
 *
 * @throws CinnabarError `chips_unavailable`, `chips_busy`, `key_not_active`
 */
export async function signDecision(
  deps: { readonly keys?: KeyService },
  verification: Verification,
  decision: Work<'decision'>,
): Promise<Pick<DecisionBody, 'statement' | 'signature'>> {
  const { tenant } = verification;
  const statement = statementOf(verification, decision);
  if (!deps.keys) return { statement };
  const key = await deps.keys.create({
    tenant,
    id: reviewKeyId,
    algorithm: 'sm2',
    uses: ['sign'],
    owner: 'seal reviews',
  });
  const { signature } = await deps.keys.sign({
    tenant,
    keyId: reviewKeyId,
    requestId: `review:${decision.id}`,
    scheme: 'sm2-sm3',
    message: utf8ToBytes(statement),
  });
  return {
    statement,
    signature: {
      keyId: reviewKeyId,
      scheme: 'sm2-sm3',
      publicKeyHex: bytesToHex(key.publicKey),
      valueHex: bytesToHex(signature),
    },
  };
}
