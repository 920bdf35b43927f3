import type { SealChange as SealChangeRow } from '../../domain/seals/changes.ts';
import type * as rows from '../../domain/seals/types.ts';
import { instantText } from '../../lib/time.ts';
import { type SealChange, sealChangeSchema } from '../schemas/seal-changes.ts';
import { type Account, type Card, type Seal, sealSchema } from '../schemas/seals.ts';
import { json } from './contract.ts';

/** What a change of a seal is answered with: done, or waiting for a second person. */
export const revisionResponses = {
  200: json(sealSchema, 'The seal in its new revision.'),
  202: json(sealChangeSchema, 'The change, waiting for a second person.'),
};

export function accountView(account: rows.Account): Account {
  const { id, number, name, contact } = account;
  return { id, number, name, contact, createdAt: instantText(account.createdAtMs) };
}

export function cardView(card: rows.Card): Card {
  const { id, accountId, number, startDate, endDate } = card;
  return {
    id,
    accountId,
    number,
    startDate,
    endDate,
    hasImage: card.image !== undefined,
    status: card.status,
    combinations: card.combinations.map((ids) => [...ids]),
    version: card.version,
    createdAt: instantText(card.createdAtMs),
  };
}

export function sealView(seal: rows.Seal): Seal {
  const { id, cardId, accountId, serial, shape, remark, status, reason, revision, quality } = seal;
  return {
    id,
    cardId,
    accountId,
    serial,
    shape,
    remark,
    status,
    reason,
    revision,
    templates: seal.templates.map((template) => ({
      vendor: template.vendor.code,
      specimen: template.specimen,
      vendorName: template.vendor.name,
      vendorVersion: template.vendor.version,
      bytes: template.bytes,
      createdAt: instantText(template.createdAtMs),
    })),
    quality: {
      ok: quality.ok,
      sharpness: quality.sharpness,
      completeness: quality.completeness,
      reasons: quality.reasons.map((reason) => ({ ...reason })),
    },
    createdAt: instantText(seal.createdAtMs),
    revisedAt: instantText(seal.revisedAtMs),
  };
}

export function changeView(change: SealChangeRow): SealChange {
  const { id, state, action, seal, proposedBy, decidedBy, decidedAtMs, decisionReason } = change;
  return {
    id,
    state,
    action,
    seal: sealView(seal),
    proposedBy,
    proposedAt: instantText(change.proposedAtMs),
    decidedBy: decidedBy ?? null,
    decidedAt: decidedAtMs === undefined ? null : instantText(decidedAtMs),
    decisionReason: decisionReason ?? null,
  };
}
