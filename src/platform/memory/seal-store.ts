import { CinnabarError, type ErrorCode } from '../../domain/errors.ts';
import type { PageRequest } from '../../domain/ports.ts';
import type { SealStore, WorkStore } from '../../domain/seals/ports.ts';
import type {
  Account,
  Card,
  Seal,
  StoredTemplate,
  Verification,
} from '../../domain/seals/types.ts';
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
  /** Reserved templates that others took over, with the job that did it. */
  const retired: { readonly template: StoredTemplate; readonly jobId: string }[] = [];

  function currentSeals(): readonly Seal[] {
    return [...new Map(revisions.map((seal) => [`${seal.tenant}/${seal.id}`, seal])).values()];
  }

  function reservedTemplates(): readonly StoredTemplate[] {
    const unique = new Map(
      revisions.flatMap(({ templates }) => templates.map((item) => [item.id, item] as const)),
    );
    return [...unique.values()];
  }

  function unusedRetired(tenant: string, jobId: string): readonly StoredTemplate[] {
    const used = new Set(
      verifications.flatMap(({ vendors }) => vendors.map((result) => result.reservedTemplateId)),
    );
    return retired
      .filter((item) => item.template.tenant === tenant && item.jobId === jobId)
      .map(({ template }) => template)
      .filter(({ id }) => !used.has(id));
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
    async changeCard(card) {
      const index = cards.findIndex((row) => row.tenant === card.tenant && row.id === card.id);
      if (cards[index]?.version !== card.version - 1) throw new CinnabarError('card_changed');
      cards[index] = card;
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
    async findSealBySerial(tenant, serial) {
      return currentSeals().find((seal) => seal.tenant === tenant && seal.serial === serial);
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
      return find([...templates, ...retired.map(({ template }) => template)], tenant, id);
    },

    async listReserved(tenant, { vendorCode, retiredBy, after }, limit) {
      const live = reservedTemplates().map((template) => ({ template, isRetired: false }));
      const gone = retired
        .filter(({ jobId }) => jobId === retiredBy)
        .map(({ template }) => ({ template, isRetired: true }));
      return [...live, ...gone]
        .filter(({ template }) => template.tenant === tenant && template.id > after)
        .filter(({ template }) => template.vendor.code === vendorCode)
        .sort((a, b) => (a.template.id < b.template.id ? -1 : 1))
        .slice(0, limit);
    },
    async findReserved(like, vendorCode) {
      const wanted = { ...like, vendor: { ...like.vendor, code: vendorCode } };
      return reservedTemplates().find((item) => isSamePlace(item, wanted));
    },
    async countReserved(tenant, vendorCode) {
      return reservedTemplates().filter(
        (template) => template.tenant === tenant && template.vendor.code === vendorCode,
      ).length;
    },
    async putInPlace({ old, fresh, jobId }) {
      const isLive = reservedTemplates().some(({ id }) => id === old.id);
      const isTaken = reservedTemplates().some((item) => fresh && isSamePlace(item, fresh));
      if (isTaken) throw new CinnabarError('work_contended');
      if (isLive) retired.push({ template: old, jobId });
      revisions.forEach((seal, index) => {
        const owned = seal.templates.some(({ id }) => id === old.id);
        if (!owned) return;
        const kept = seal.templates.filter(({ id }) => id !== old.id);
        revisions[index] = { ...seal, templates: fresh ? [...kept, fresh] : kept };
      });
    },
    async listUnusedRetired(tenant, jobId, limit) {
      return unusedRetired(tenant, jobId).slice(0, limit);
    },
    async removeRetired(tenant, jobId, ids) {
      const gone = unusedRetired(tenant, jobId).filter(({ id }) => ids.includes(id));
      for (const template of gone) {
        const index = retired.findIndex((item) => item.template.id === template.id);
        retired.splice(index, 1);
      }
    },
    async countRetired(tenant, jobId) {
      return retired.filter((item) => item.template.tenant === tenant && item.jobId === jobId)
        .length;
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
        ...retired.map(({ template }) => template),
        ...cards.flatMap((card) => (card.image ? [{ ...card.image, tenant: card.tenant }] : [])),
      ].filter((object) => object.tenant === tenant);
      const known = new Set(named.map((object) => object.objectKey));
      for (const key of await openObjectKeys(work, tenant)) known.add(key);
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

/** Objects that work refers to which is not done. */
async function openObjectKeys(work: WorkStore, tenant: string): Promise<readonly string[]> {
  const everything = { limit: Number.MAX_SAFE_INTEGER };
  const rows = [
    ...(await work.list(tenant, 'voucher', {}, everything)),
    ...(await work.list(tenant, 'seal-change', {}, everything)),
  ];
  const open = ['waiting', 'leased', 'dead', 'proposed'];
  return rows.flatMap(({ state, body }) => (open.includes(state) ? body.objectKeys : []));
}

function isSamePlace(a: StoredTemplate, b: StoredTemplate): boolean {
  return (
    a.tenant === b.tenant &&
    a.owner.id === b.owner.id &&
    a.revision === b.revision &&
    a.specimen === b.specimen &&
    a.vendor.code === b.vendor.code
  );
}
