import { CinnabarError, type ErrorCode } from '../../domain/errors.ts';
import type { PageRequest } from '../../domain/ports.ts';
import type { SealStore, WorkStore } from '../../domain/seals/ports.ts';
import type { Account, Card, Seal, Verification } from '../../domain/seals/types.ts';
import { memoryWorkStore } from './work-store.ts';

interface Row {
  readonly tenant: string;
  readonly id: string;
}

/** The seal store in RAM; reviews go to `work`. */
export function memorySealStore(work: WorkStore = memoryWorkStore()): SealStore {
  const accounts: Account[] = [];
  const cards: Card[] = [];
  /** Every revision of every seal, oldest first. */
  const revisions: Seal[] = [];
  const verifications: Verification[] = [];

  function currentSeals(): readonly Seal[] {
    return [...new Map(revisions.map((seal) => [`${seal.tenant}/${seal.id}`, seal])).values()];
  }

  return {
    async addAccount(account) {
      const isTaken = (other: Account) => other.number === account.number;
      add(accounts, account, isTaken, 'account_number_taken');
    },
    async findAccount(tenant, id) {
      return find(accounts, tenant, id);
    },
    async listAccounts(tenant, { query }, page) {
      const wanted = query === undefined ? '' : foldAscii(query);
      return pageOf(accounts, tenant, page, (account) =>
        [account.number, account.name].some((text) => foldAscii(text).includes(wanted)),
      );
    },

    async addCard(card) {
      add(cards, card, (other) => other.number === card.number, 'card_number_taken');
    },
    async findCard(tenant, id) {
      return find(cards, tenant, id);
    },
    async listCards(tenant, { accountId }, page) {
      return pageOf(cards, tenant, page, (card) => card.accountId === accountId);
    },

    async addSeal(seal) {
      add(revisions, seal, (other) => other.serial === seal.serial, 'seal_serial_taken');
    },
    async replaceSeal(seal) {
      const current = find(currentSeals(), seal.tenant, seal.id);
      if (current?.revision !== seal.revision - 1) throw new CinnabarError('seal_changed');
      revisions.push(seal);
    },
    async findSeal(tenant, id) {
      return find(currentSeals(), tenant, id);
    },
    async listSeals(tenant, { accountId, cardId }, page) {
      return pageOf(
        currentSeals(),
        tenant,
        page,
        (seal) =>
          (accountId === undefined || seal.accountId === accountId) &&
          (cardId === undefined || seal.cardId === cardId),
      );
    },
    async listRevisions(tenant, sealId) {
      return revisions.filter((seal) => seal.tenant === tenant && seal.id === sealId).reverse();
    },

    async findTemplate(tenant, id) {
      const templates = [...revisions, ...verifications].flatMap((owner) => owner.templates);
      return find(templates, tenant, id);
    },

    async addVerification(verification, review) {
      verifications.push(verification);
      if (review) await work.apply({ add: [review], move: [] });
    },
    async findVerification(tenant, id) {
      return find(verifications, tenant, id);
    },
    async listVerifications(tenant, { sealId }, page) {
      return pageOf(
        verifications,
        tenant,
        page,
        (verification) => sealId === undefined || verification.sealId === sealId,
      );
    },

    async referencedObjects(tenant, objectKeys) {
      const named = [
        ...[...revisions, ...verifications].flatMap((owner) => owner.templates),
        ...cards.flatMap((card) => (card.image ? [{ ...card.image, tenant: card.tenant }] : [])),
      ].filter((object) => object.tenant === tenant);
      const known = new Set(named.map((object) => object.objectKey));
      return objectKeys.filter((objectKey) => known.has(objectKey));
    },
  };
}

function add<T extends Row>(
  rows: T[],
  row: T,
  isTaken: (other: T) => boolean,
  code: ErrorCode,
): void {
  if (rows.some((other) => other.tenant === row.tenant && isTaken(other))) {
    throw new CinnabarError(code);
  }
  rows.push(row);
}

function find<T extends Row>(rows: readonly T[], tenant: string, id: string): T | undefined {
  return rows.find((row) => row.tenant === tenant && row.id === id);
}

function pageOf<T extends Row>(
  rows: readonly T[],
  tenant: string,
  { limit, before }: PageRequest,
  isWanted: (row: T) => boolean,
): readonly T[] {
  return rows
    .filter((row) => row.tenant === tenant && (before === undefined || row.id < before))
    .filter(isWanted)
    .sort((a, b) => (a.id < b.id ? 1 : -1))
    .slice(0, limit);
}

function foldAscii(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}
