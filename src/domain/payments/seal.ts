import { CinnabarError } from '../errors.ts';
import type { SealEvidence } from '../risk/types.ts';
import type { PaymentDeps } from './ports.ts';
import type { OrderTerms } from './types.ts';

/** An older verification says nothing about the paper that lies on the desk now. */
export const sealFreshMs = 24 * 60 * 60 * 1000;

/**
 * The verification of a seal that an order leans on: of this institution, of the last day, of a paper
 * over the same money. What it said is judged by the risk engine; after a review, what people said.
 *
 * @throws CinnabarError `seal_verification_refused` naming what does not fit
 */
export async function sealEvidence(
  deps: PaymentDeps,
  tenant: string,
  id: string,
  { amountMinor, currency }: OrderTerms,
): Promise<SealEvidence> {
  const [verification, review] = await Promise.all([
    deps.seals.findVerification(tenant, id),
    deps.work.find(tenant, 'review', id),
  ]);
  if (!verification) throw sealRefused('unknown');
  const { sealId, money, verdict, createdAtMs } = verification;
  if (deps.clock.now() - createdAtMs > sealFreshMs) throw sealRefused('stale');
  if (money.currency !== currency || money.amountMinor !== amountMinor) {
    throw sealRefused('other_money');
  }
  return {
    verificationId: id,
    sealId,
    verdict: review?.body.outcome ?? verdict,
    atMs: createdAtMs,
  };
}

export const sealRefused = (code: 'unknown' | 'stale' | 'other_money' | 'used') =>
  new CinnabarError('seal_verification_refused', {
    fields: [{ pointer: '/body/sealVerificationId', code }],
  });
