import type { SealStore } from '../../domain/seals/ports.ts';
import type { Verification } from '../../domain/seals/types.ts';
import { binding, commit, page } from './database.ts';
import { parseVerification } from './seal-rows.ts';
import { addTemplates, oneWithTemplates, withTemplates } from './templates.ts';
import { addingWork } from './work-store.ts';

/** The verifications of the seal store. */
export function d1Verifications(
  db: D1Database,
): Pick<SealStore, 'addVerification' | 'findVerification' | 'listVerifications'> {
  const sql = binding(db);
  return {
    async addVerification(verification, review) {
      await commit(db, [
        sql(
          `INSERT INTO verifications (tenant, id, seal_id, seal_revision, currency, amount_minor,
             branch, policy_source, policy_vendor_count, policy_detail, is_match, verdict, next_step, vendors,
             reasons, elapsed_ms, requested_by, created_at_ms)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
          verification.tenant,
          verification.id,
          verification.sealId,
          verification.sealRevision,
          verification.money.currency,
          verification.money.amountMinor,
          verification.branch,
          verification.policy.source,
          verification.policy.vendorCount,
          JSON.stringify(policyDetail(verification)),
          verification.match ? 1 : 0,
          verification.verdict,
          verification.nextStep,
          JSON.stringify(verification.vendors),
          JSON.stringify(verification.reasons),
          verification.elapsedMs,
          verification.requestedBy,
          verification.createdAtMs,
        ),
        ...addTemplates(db, verification.templates),
        ...(review ? [addingWork(db, review)] : []),
      ]);
    },

    async findVerification(tenant, id) {
      const select = sql('SELECT * FROM verifications WHERE tenant = ? AND id = ?', tenant, id);
      return oneWithTemplates(db, select, { tenant, kind: 'verification', id }, parseVerification);
    },

    async listVerifications(tenant, { sealId }, request) {
      const conditions: [string, string][] = [['tenant = ?', tenant]];
      if (sealId !== undefined) conditions.push(['seal_id = ?', sealId]);
      const found = await page(db, 'SELECT * FROM verifications', 'id', conditions, request);
      return withTemplates(db, tenant, 'verification', found, parseVerification);
    },
  };
}

/** What the row's own columns do not hold. */
function policyDetail({ policy }: Verification) {
  const { source: _source, vendorCount: _count, ...detail } = policy;
  return detail;
}
