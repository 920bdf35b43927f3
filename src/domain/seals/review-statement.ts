import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { canonicalJson } from '../../lib/canonical-json.ts';
import { instantText } from '../../lib/time.ts';
import type { SealDeps } from './ports.ts';
import type { Verification } from './types.ts';
import type { DecisionBody, Work } from './work-rows.ts';

/** The institution's key that vouches for review decisions; one for each institution. */
export const reviewKeyId = '00000000-0000-4000-8000-726576696577';

/**
 * What a final decision says, as canonical JSON (RFC 8785).
 *
 * It names the evidence by the digests of the encrypted templates that were compared, so that
 * neither imprint can be exchanged afterwards.
 */
export function statementOf(verification: Verification, decision: Work<'decision'>): string {
  const { body } = decision;
  const evidence = verification.templates
    .map(({ vendor, digestHex }) => ({ sha256: digestHex, vendor: vendor.code }))
    .sort((a, b) => (a.vendor < b.vendor ? -1 : 1));
  return canonicalJson({
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

type Proof = Required<Pick<DecisionBody, 'statement' | 'signature' | 'ledger'>>;

/**
 * Signs the statement of a decision with the institution's review key, and writes its hash into the
 * ledger. Repeated, it finds what was signed and written.
 *
 * @throws CinnabarError `chips_unavailable`, `chips_busy`, `key_not_active`, `ledger_unavailable`
 */
export async function proveDecision(
  deps: Pick<SealDeps, 'keys' | 'ledger'>,
  verification: Verification,
  decision: Work<'decision'>,
): Promise<Proof> {
  const { tenant } = verification;
  const statement = statementOf(verification, decision);
  const message = utf8ToBytes(statement);
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
    message,
  });
  return {
    statement,
    signature: {
      keyId: reviewKeyId,
      scheme: 'sm2-sm3',
      publicKeyHex: bytesToHex(key.publicKey),
      valueHex: bytesToHex(signature),
    },
    ledger: await anchor(deps, decision, bytesToHex(sha256(message))),
  };
}

/** The place of a decision in the ledger; its subject is the verification. */
async function anchor(
  { ledger }: Pick<SealDeps, 'ledger'>,
  decision: Work<'decision'>,
  recordSha256: string,
): Promise<Proof['ledger']> {
  const subject = `review/${decision.parent}`;
  const head = await ledger.head(subject);
  const isThere = head?.event.type === 'seal_review' && head.event.recordSha256 === recordSha256;
  if (isThere) return { index: head.index, leafHash: head.leafHash };
  const { index, leafHash } = await ledger.append(
    {
      v: 1,
      type: 'seal_review',
      subject,
      prev: head?.leafHash ?? null,
      at: instantText(decision.body.decidedAtMs),
      recordSha256,
    },
    { requestId: decision.id },
  );
  return { index, leafHash };
}
