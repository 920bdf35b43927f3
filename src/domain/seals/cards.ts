import { calendarDay } from '../../lib/time.ts';
import type { Actor, Caller } from '../actor.ts';
import { audited, type Operation, record } from '../audit/record.ts';
import { CinnabarError } from '../errors.ts';
import { getAccount } from './accounts.ts';
import { decryptObjects, encryptObjects } from './envelope.ts';
import { storeObjects } from './orphans.ts';
import { assertCardPicture, type Picture } from './picture.ts';
import type { SealDeps } from './ports.ts';
import type { Card, CardImageType, SealStatus } from './types.ts';

/** Cards begin and end with the banks' day: China Standard Time, which knows no summer time. */
const bankUtcOffsetMinutes = 8 * 60;

export interface NewCard {
  /** The id to give. A retry passes the same one and gets what the first attempt made. */
  readonly id: string;
  readonly accountId: string;
  readonly number: string;
  readonly startDate: string;
  readonly endDate: string;
  readonly image?: Picture;
}

/**
 * Files a seal card under its account (B3). Its picture, if any, is checked and stored encrypted.
 *
 * @throws CinnabarError `account_not_found`, `card_number_taken`, `picture_…`, `chips_unavailable`,
 * `audit_unavailable`
 */
export async function addCard(deps: SealDeps, caller: Caller, request: NewCard): Promise<Card> {
  const { tenant } = caller.actor;
  const { image: picture, ...fields } = request;
  const operation: Operation = {
    action: 'card.add',
    subject: `card:${request.id}`,
    detail: { account: request.accountId, hasImage: picture !== undefined },
  };
  const earlier = await deps.seals.findCard(tenant, request.id);
  if (earlier) {
    await record(deps.audit, caller, operation, 'done');
    return earlier;
  }
  await getAccount(deps, caller.actor, request.accountId);
  if (picture) assertCardPicture(deps.engine, picture);
  return audited(deps.audit, caller, operation, async () => {
    const image = picture && (await storeImage(deps, tenant, request.id, picture));
    const card: Card = {
      ...fields,
      tenant,
      image,
      status: 'active',
      combinations: [],
      version: 1,
      createdAtMs: deps.clock.now(),
    };
    await deps.seals.addCard(card);
    return card;
  });
}

/** @throws CinnabarError `card_not_found` */
export async function getCard(deps: SealDeps, actor: Actor, id: string): Promise<Card> {
  const card = await deps.seals.findCard(actor.tenant, id);
  if (!card) throw new CinnabarError('card_not_found');
  return card;
}

export interface CardChange {
  readonly cardId: string;
  /** The version that the caller saw. */
  readonly version: number;
  readonly startDate?: string;
  readonly endDate?: string;
  readonly status?: SealStatus;
  /** Each list names seals of this card that together answer for it. */
  readonly combinations?: readonly (readonly string[])[];
  readonly reason: string;
}

/**
 * Changes dates, status or combinations of a card (B4). A closed card stays closed. What it was
 * stands in the audit log.
 *
 * @throws CinnabarError `card_not_found`, `card_changed`, `seal_card_inactive` for a closed card,
 * `invalid_request` for dates in the wrong order or a seal of another card, `audit_unavailable`
 */
export async function changeCard(
  deps: SealDeps,
  caller: Caller,
  request: CardChange,
): Promise<Card> {
  const { cardId, version, reason, ...changes } = request;
  const card = await getCard(deps, caller.actor, cardId);
  const next: Card = { ...card, ...changes, version: version + 1 };
  if (card.version !== version) {
    if (isSameCard(card, next)) return card;
    throw new CinnabarError('card_changed');
  }
  if (card.status === 'closed') throw new CinnabarError('seal_card_inactive');
  if (next.startDate > next.endDate) throw invalid('/body/endDate', 'before_start');
  await assertOwnSeals(deps, next);
  const detail = {
    version: next.version,
    status: next.status,
    startDate: next.startDate,
    endDate: next.endDate,
    combinations: next.combinations.map((ids) => ids.join('+')).join(' '),
    reason,
  };
  const operation: Operation = { action: 'card.change', subject: `card:${cardId}`, detail };
  await audited(deps.audit, caller, operation, () => deps.seals.changeCard(next));
  return next;
}

/** A retry finds what its first attempt wrote. */
function isSameCard(stored: Card, wanted: Card): boolean {
  const fields = ({ version, startDate, endDate, status, combinations }: Card) =>
    JSON.stringify([version, startDate, endDate, status, combinations]);
  return fields(stored) === fields(wanted);
}

async function assertOwnSeals(deps: SealDeps, card: Card): Promise<void> {
  const ids = new Set(card.combinations.flat());
  for (const id of ids) {
    const seal = await deps.seals.findSeal(card.tenant, id);
    if (seal?.cardId !== card.id) throw invalid('/body/combinations', 'other_card');
  }
}

function invalid(pointer: string, code: string): CinnabarError {
  return new CinnabarError('invalid_request', { fields: [{ pointer, code }] });
}

/** Whether the card may verify anything at `nowMs`: both its dates are included (B4). */
export function isActive(card: Pick<Card, 'startDate' | 'endDate'>, nowMs: number): boolean {
  const today = calendarDay(nowMs, bankUtcOffsetMinutes);
  return card.startDate <= today && today <= card.endDate;
}

/**
 * The picture of a card, as it was uploaded. That it was seen goes on record first.
 *
 * @throws CinnabarError `card_not_found` (also for a card without a picture), `template_unreadable`,
 * `chips_unavailable`, `audit_unavailable`
 */
export async function cardImage(
  deps: SealDeps,
  caller: Caller,
  id: string,
): Promise<{ bytes: Uint8Array; mediaType: CardImageType }> {
  const { tenant } = caller.actor;
  const { image } = await getCard(deps, caller.actor, id);
  if (!image) throw new CinnabarError('card_not_found', { detail: 'The card has no picture.' });
  const [bytes] = await decryptObjects(deps, tenant, [{ object: image, context: context(id) }]);
  if (bytes === undefined) throw new CinnabarError('template_unreadable');
  const view: Operation = { action: 'card.view', subject: `card:${id}`, detail: {} };
  await record(deps.audit, caller, view, 'done');
  return { bytes, mediaType: image.mediaType };
}

async function storeImage(deps: SealDeps, tenant: string, cardId: string, picture: Picture) {
  const objects = await encryptObjects(deps, tenant, [
    { context: context(cardId), bytes: picture.bytes },
  ]);
  await storeObjects(deps, tenant, objects);
  const [object] = objects;
  if (object === undefined) throw new Error('card image: nothing was encrypted');
  const { ciphertext: _stored, ...reference } = object;
  return { ...reference, mediaType: mediaTypeOf(picture.bytes) };
}

/** The decoder has accepted the bytes, so they are one of the two. */
function mediaTypeOf(bytes: Uint8Array): CardImageType {
  return bytes[0] === 0x89 ? 'image/png' : 'image/jpeg';
}

function context(cardId: string) {
  return ['card-image', cardId] as const;
}
