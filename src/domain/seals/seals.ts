import type { Actor } from '../actor.ts';
import { CinnabarError } from '../errors.ts';
import { readPage } from '../page.ts';
import type { Page, PageRequest } from '../ports.ts';
import type { SealDeps } from './ports.ts';
import type { Seal, Verification } from './types.ts';

/** The current revision. @throws CinnabarError `seal_not_found` */
export async function getSeal(deps: SealDeps, actor: Actor, id: string): Promise<Seal> {
  const seal = await deps.seals.findSeal(actor.tenant, id);
  if (!seal) throw new CinnabarError('seal_not_found');
  return seal;
}

export function listSeals(
  deps: SealDeps,
  actor: Actor,
  filter: { readonly accountId?: string; readonly cardId?: string },
  page: PageRequest,
): Promise<Page<Seal>> {
  return readPage(
    page,
    (seal) => seal.id,
    (request) => deps.seals.listSeals(actor.tenant, filter, request),
  );
}

/** Every revision, newest first (B4). @throws CinnabarError `seal_not_found` */
export async function listRevisions(
  deps: SealDeps,
  actor: Actor,
  id: string,
): Promise<readonly Seal[]> {
  const revisions = await deps.seals.listRevisions(actor.tenant, id);
  if (revisions.length === 0) throw new CinnabarError('seal_not_found');
  return revisions;
}

/** @throws CinnabarError `verification_not_found` */
export async function getVerification(
  deps: SealDeps,
  actor: Actor,
  id: string,
): Promise<Verification> {
  const verification = await deps.seals.findVerification(actor.tenant, id);
  if (!verification) throw new CinnabarError('verification_not_found');
  return verification;
}

export function listVerifications(
  deps: SealDeps,
  actor: Actor,
  filter: { readonly sealId?: string },
  page: PageRequest,
): Promise<Page<Verification>> {
  return readPage(
    page,
    (verification) => verification.id,
    (request) => deps.seals.listVerifications(actor.tenant, filter, request),
  );
}
