import { uuidBeside } from '../../lib/uuid.ts';
import type { Caller } from '../actor.ts';
import { type Operation, record } from '../audit/record.ts';
import { CinnabarError, type FieldError } from '../errors.ts';
import { getCard } from './cards.ts';
import type { Picture } from './picture.ts';
import type { SealDeps } from './ports.ts';
import type { Card, Money, Verdict, Verification } from './types.ts';
import { verifyImprint } from './verify.ts';

/** Most imprints on one paper. */
export const cardImprintsMax = 8;

export interface CardVerificationRequest {
  /** The operation's id. A retry passes the same one and gets what the first attempt made. */
  readonly id: string;
  readonly cardId: string;
  readonly money: Money;
  readonly branch: string;
  /** One picture for each seal that the paper bears. */
  readonly imprints: readonly { readonly sealId: string; readonly picture: Picture }[];
}

/** What is said of a paper that bears several imprints of one card's seals. */
export interface CardVerification {
  readonly cardId: string;
  /** The seals that together answer for the card, all of which were on the paper. */
  readonly combination: readonly string[];
  /** `pass` when every imprint passes, `fail` when any fails. */
  readonly verdict: Verdict;
  readonly verifications: readonly Verification[];
}

/**
 * Decides about a paper that several seals of one card answer for, such as finance and legal person
 * (B4, B6). Every imprint becomes a verification of its own under the same policy, with its own
 * draw and review; all of them must pass.
 *
 * A card without combinations asks for one seal at least.
 *
 * @throws CinnabarError `card_not_found`; `invalid_request` for a seal named twice or of another
 * card; `combination_incomplete` when the seals named complete no combination: nothing is computed
 * then; and what `verifyImprint` throws. What was verified before an error stays, and a retry
 * goes on from there.
 */
export async function verifyCard(
  deps: SealDeps,
  caller: Caller,
  request: CardVerificationRequest,
): Promise<CardVerification> {
  const card = await getCard(deps, caller.actor, request.cardId);
  const sealIds = request.imprints.map(({ sealId }) => sealId);
  await assertOwn(deps, card, sealIds);
  const combination = completed(card, sealIds);
  if (!combination) {
    const detail = { code: 'combination_incomplete', seals: sealIds.join(' ') };
    await record(deps.audit, caller, operationOf(request, detail), 'refused');
    throw new CinnabarError('combination_incomplete');
  }
  const verifications: Verification[] = [];
  for (const { sealId, picture } of request.imprints) {
    const { money, branch } = request;
    const id = uuidBeside(request.id, sealId);
    verifications.push(
      await verifyImprint(deps, caller, { id, sealId, money, branch, imprint: picture }),
    );
  }
  const verdict = together(verifications.map((one) => one.verdict));
  const detail = {
    verdict,
    combination: combination.join(' '),
    verifications: verifications.map(({ id }) => id).join(' '),
  };
  await record(deps.audit, caller, operationOf(request, detail), 'done');
  return { cardId: card.id, combination, verdict, verifications };
}

function together(verdicts: readonly Verdict[]): Verdict {
  if (verdicts.includes('fail')) return 'fail';
  return verdicts.every((verdict) => verdict === 'pass') ? 'pass' : 'review';
}

async function assertOwn(deps: SealDeps, card: Card, sealIds: readonly string[]): Promise<void> {
  const fields: FieldError[] = [];
  for (const [index, id] of sealIds.entries()) {
    const pointer = `/body/sealIds/${index}`;
    const seal = await deps.seals.findSeal(card.tenant, id);
    if (seal?.cardId !== card.id) fields.push({ pointer, code: 'other_card' });
    else if (sealIds.indexOf(id) !== index) fields.push({ pointer, code: 'repeated' });
  }
  if (fields.length > 0) throw new CinnabarError('invalid_request', { fields });
}

/** The largest combination that these seals complete: the strictest reading of the paper. */
function completed(card: Card, sealIds: readonly string[]): readonly string[] | undefined {
  if (card.combinations.length === 0) return sealIds;
  return [...card.combinations]
    .filter((combination) => combination.every((id) => sealIds.includes(id)))
    .sort((a, b) => b.length - a.length)[0];
}

function operationOf({ cardId }: CardVerificationRequest, detail: Operation['detail']): Operation {
  return { action: 'card.verify', subject: `card:${cardId}`, detail };
}
