import { expect, it } from 'vitest';
import type { PageRequest } from '../../src/domain/ports.ts';
import type { SealStore } from '../../src/domain/seals/ports.ts';
import type {
  Account,
  Card,
  EncryptedObject,
  Seal,
  StoredTemplate,
  TemplateOwner,
  Verification,
} from '../../src/domain/seals/types.ts';
import { freshId, freshTenant } from './fresh.ts';

const nowMs = 1_767_225_600_123;

function encryptedObject(tenant: string): EncryptedObject {
  return {
    objectKey: `${tenant}/template/${freshId()}`,
    wrappedKey: Uint8Array.of(1, 0, 0, 0, 1, 255, 128, 0),
    digestHex: 'ab'.repeat(32),
    bytes: 2089,
  };
}

export function account(tenant: string, number = `6222-${freshId()}`): Account {
  const id = freshId();
  return { id, tenant, number, name: '杭州明远贸易有限公司', contact: '0571', createdAtMs: nowMs };
}

export function card(owner: Account, withImage = false): Card {
  return {
    id: freshId(),
    tenant: owner.tenant,
    accountId: owner.id,
    number: `YJK-${freshId()}`,
    startDate: '2026-01-01',
    endDate: '2030-12-31',
    image: withImage ? { ...encryptedObject(owner.tenant), mediaType: 'image/jpeg' } : undefined,
    status: 'active',
    combinations: [],
    version: 1,
    createdAtMs: nowMs,
  };
}

function template(
  tenant: string,
  owner: TemplateOwner,
  revision: number,
  code: string,
): StoredTemplate {
  return {
    ...encryptedObject(tenant),
    id: freshId(),
    tenant,
    owner,
    revision,
    specimen: 1,
    vendor: { code, name: `Vendor ${code}`, version: '1.0.0' },
    createdAtMs: nowMs,
  };
}

export function seal(on: Card, serial = `S-${freshId()}`): Seal {
  const id = freshId();
  const owner = { kind: 'seal', id } as const;
  return {
    id,
    tenant: on.tenant,
    accountId: on.accountId,
    cardId: on.id,
    serial,
    shape: 'round',
    remark: '财务专用章',
    status: 'active',
    revision: 1,
    imprintRevision: 1,
    reason: '',
    revisionId: id,
    quality: {
      ok: true,
      sharpness: 0.93,
      completeness: 1,
      reasons: [{ code: 'faint' }, { code: 'skewed', detail: 'left' }],
    },
    templates: [template(on.tenant, owner, 1, 'alpha'), template(on.tenant, owner, 1, 'beta')],
    createdAtMs: nowMs,
    revisedAtMs: nowMs,
  };
}

function rebuilt(from: Seal): Seal {
  const revision = from.revision + 1;
  return {
    ...from,
    revision,
    imprintRevision: revision,
    reason: '换章',
    revisionId: freshId(),
    remark: '公章',
    shape: 'oval',
    revisedAtMs: nowMs + 1000,
    templates: [template(from.tenant, { kind: 'seal', id: from.id }, revision, 'alpha')],
  };
}

export function verification(of: Seal): Verification {
  const id = freshId();
  const [reserved] = of.templates;
  return {
    id,
    tenant: of.tenant,
    sealId: of.id,
    sealRevision: of.revision,
    money: { currency: 'CNY', amountMinor: 123456789012345 },
    branch: '0102',
    policy: {
      source: 'level',
      vendorCount: 2,
      branch: { isListed: false, vendorCount: 1 },
      level: { currency: 'CNY', fromMinor: 0, vendorCount: 2 },
      secondReviewer: true,
      version: 3,
      draw: { candidates: ['a', 'b', 'c'], bytesHex: '0107' },
    },
    match: false,
    verdict: 'fail',
    nextStep: 'review',
    vendors: [
      {
        vendor: { code: 'alpha', name: 'Vendor alpha', version: '1.0.0' },
        score: 0.123456789,
        threshold: 0.5,
        match: false,
        transform: [0.99, -0.01, 0.01, 0.99, 4.5, -3.25],
        reservedTemplateId: reserved?.id ?? '',
      },
    ],
    reasons: [{ code: 'stroke_differs', detail: '3' }],
    elapsedMs: 41,
    requestedBy: 'teller-1',
    createdAtMs: nowMs,
    templates: [template(of.tenant, { kind: 'verification', id }, 1, 'alpha')],
  };
}

async function filled(store: SealStore, tenant = freshTenant()) {
  const owner = account(tenant);
  const paper = card(owner, true);
  const stamp = seal(paper);
  await store.addAccount(owner);
  await store.addCard(paper);
  await store.addSeal(stamp);
  return { tenant, owner, paper, stamp };
}

async function all<T extends { id: string }>(
  read: (page: PageRequest) => Promise<readonly T[]>,
): Promise<readonly T[]> {
  const found: T[] = [];
  for (;;) {
    const before = found.at(-1)?.id;
    const page = await read(before === undefined ? { limit: 2 } : { limit: 2, before });
    if (page.length === 0) return found;
    expect(page.length).toBeLessThanOrEqual(2);
    found.push(...page);
  }
}

/** What every seal store must do. */
export function sealStoreContract(make: () => SealStore | Promise<SealStore>): void {
  it('gives back accounts, cards, seals and verifications as they were added', async () => {
    const store = await make();
    const { tenant, owner, paper, stamp } = await filled(store);
    const plain = card(owner);
    const checked = verification(stamp);
    await store.addCard(plain);
    await store.addVerification(checked);
    expect(await store.findAccount(tenant, owner.id)).toEqual(owner);
    expect(await store.findCard(tenant, paper.id)).toEqual(paper);
    expect(await store.findCard(tenant, plain.id)).toEqual(plain);
    expect(await store.findSeal(tenant, stamp.id)).toEqual(stamp);
    expect(await store.findVerification(tenant, checked.id)).toEqual(checked);
    for (const stored of [...stamp.templates, ...checked.templates]) {
      expect(await store.findTemplate(tenant, stored.id)).toEqual(stored);
    }
  });

  it('hides everything of a tenant from another, and lets both use the same numbers', async () => {
    const store = await make();
    const { owner, paper, stamp } = await filled(store);
    const checked = verification(stamp);
    await store.addVerification(checked);
    const foreign = freshTenant();
    expect(await store.findAccount(foreign, owner.id)).toBeUndefined();
    expect(await store.findCard(foreign, paper.id)).toBeUndefined();
    expect(await store.findSeal(foreign, stamp.id)).toBeUndefined();
    expect(await store.findVerification(foreign, checked.id)).toBeUndefined();
    expect(await store.findTemplate(foreign, stamp.templates[0]?.id ?? '')).toBeUndefined();
    expect(await store.listAccounts(foreign, {}, { limit: 10 })).toEqual([]);
    expect(await store.listCards(foreign, { accountId: owner.id }, { limit: 10 })).toEqual([]);
    expect(await store.listSeals(foreign, {}, { limit: 10 })).toEqual([]);
    expect(await store.listRevisions(foreign, stamp.id)).toEqual([]);
    expect(await store.listVerifications(foreign, {}, { limit: 10 })).toEqual([]);
    const keys = stamp.templates.map((stored) => stored.objectKey);
    expect(await store.referencedObjects(foreign, keys)).toEqual([]);

    const theirs = account(foreign, owner.number);
    const theirCard = { ...card(theirs), number: paper.number };
    await store.addAccount(theirs);
    await store.addCard(theirCard);
    await store.addSeal(seal(theirCard, stamp.serial));
  });

  it('refuses a number or serial that is taken, and changes nothing then', async () => {
    const store = await make();
    const { tenant, owner, paper, stamp } = await filled(store);
    const sameNumber = account(tenant, owner.number);
    const sameCard = { ...card(owner), number: paper.number };
    const sameSerial = seal(paper, stamp.serial);
    await expect(store.addAccount(sameNumber)).rejects.toMatchObject({
      code: 'account_number_taken',
    });
    await expect(store.addCard(sameCard)).rejects.toMatchObject({ code: 'card_number_taken' });
    await expect(store.addSeal(sameSerial)).rejects.toMatchObject({ code: 'seal_serial_taken' });
    expect(await store.findSeal(tenant, sameSerial.id)).toBeUndefined();
    expect(await store.findTemplate(tenant, sameSerial.templates[0]?.id ?? '')).toBeUndefined();
    expect(await store.listRevisions(tenant, sameSerial.id)).toEqual([]);
  });

  it('B4: replaces a revision at once and loses nothing of what it replaced', async () => {
    const store = await make();
    const { tenant, stamp } = await filled(store);
    const second = rebuilt(stamp);
    await store.replaceSeal(second);
    expect(await store.findSeal(tenant, stamp.id)).toEqual(second);
    expect(await store.listSeals(tenant, {}, { limit: 10 })).toEqual([second]);
    expect(await store.listRevisions(tenant, stamp.id)).toEqual([second, stamp]);
    for (const stored of [...stamp.templates, ...second.templates]) {
      expect(await store.findTemplate(tenant, stored.id)).toEqual(stored);
    }
  });

  it('commits one of two replacements of the same revision', async () => {
    const store = await make();
    const { tenant, stamp } = await filled(store);
    const attempts = [rebuilt(stamp), rebuilt(stamp), rebuilt(stamp)];
    const results = await Promise.allSettled(attempts.map((next) => store.replaceSeal(next)));
    const refused = results.filter((result) => result.status === 'rejected');
    expect(refused).toHaveLength(2);
    for (const { reason } of refused) expect(reason).toMatchObject({ code: 'seal_changed' });
    const revisions = await store.listRevisions(tenant, stamp.id);
    expect(revisions.map(({ revision }) => revision)).toEqual([2, 1]);
    expect(revisions[0]?.templates).toHaveLength(1);
    await expect(store.replaceSeal({ ...rebuilt(stamp), revision: 4 })).rejects.toMatchObject({
      code: 'seal_changed',
    });
  });

  it('lists newest first, page by page, by filter', async () => {
    const store = await make();
    const { tenant, owner, paper, stamp } = await filled(store);
    const other = account(tenant);
    const otherCard = card(other);
    const second = card(owner);
    await store.addAccount(other);
    await store.addCard(otherCard);
    await store.addCard(second);
    const seals = [seal(paper), seal(second), seal(otherCard)];
    for (const stored of seals) await store.addSeal(stored);
    const checks = [stamp, stamp, ...seals].map(verification);
    for (const stored of checks) await store.addVerification(stored);

    const ids = (items: readonly { id: string }[]) => items.map(({ id }) => id);
    const newestFirst = (items: readonly { id: string }[]) => ids(items).sort().reverse();
    const accounts = await all((page) => store.listAccounts(tenant, {}, page));
    expect(ids(accounts)).toEqual(newestFirst([owner, other]));
    const cards = await all((page) => store.listCards(tenant, { accountId: owner.id }, page));
    expect(cards).toEqual([second, paper]);
    const everySeal = await all((page) => store.listSeals(tenant, {}, page));
    expect(ids(everySeal)).toEqual(newestFirst([stamp, ...seals]));
    const ofAccount = await all((page) => store.listSeals(tenant, { accountId: owner.id }, page));
    expect(ids(ofAccount)).toEqual(newestFirst([stamp, ...seals.slice(0, 2)]));
    const ofCard = await all((page) => store.listSeals(tenant, { cardId: paper.id }, page));
    expect(ids(ofCard)).toEqual(newestFirst([stamp, ...seals.slice(0, 1)]));
    const every = await all((page) => store.listVerifications(tenant, {}, page));
    expect(ids(every)).toEqual(newestFirst(checks));
    const ofSeal = await all((page) => store.listVerifications(tenant, { sealId: stamp.id }, page));
    expect(ofSeal).toEqual([checks[1], checks[0]]);
  });

  it('finds accounts by any part of number or name, and takes the words literally', async () => {
    const store = await make();
    const tenant = freshTenant();
    const one = { ...account(tenant, '6222-0001'), name: 'Mingyuan 100%_Trade' };
    const other = { ...account(tenant, '6222-0002'), name: '杭州明远贸易有限公司' };
    await store.addAccount(one);
    await store.addAccount(other);
    const found = async (query: string) =>
      (await store.listAccounts(tenant, { query }, { limit: 10 })).map(({ id }) => id);
    expect(await found('0002')).toEqual([other.id]);
    expect(await found('mingYUAN')).toEqual([one.id]);
    expect(await found('明远')).toEqual([other.id]);
    expect(await found('%_')).toEqual([one.id]);
    expect(await found('%')).toEqual([one.id]);
    expect(await found("' OR 1=1 --")).toEqual([]);
    // 100 characters of three bytes each, more than a pattern of D1 may have.
    expect(await found('鉴'.repeat(100))).toEqual([]);
  });

  it('says which objects are still named by a template or a card', async () => {
    const store = await make();
    const { tenant, paper, stamp } = await filled(store);
    await store.replaceSeal(rebuilt(stamp));
    const checked = verification(stamp);
    await store.addVerification(checked);
    const named = [
      ...stamp.templates.map((stored) => stored.objectKey),
      ...checked.templates.map((stored) => stored.objectKey),
      paper.image?.objectKey ?? '',
    ];
    const lost = `${tenant}/template/lost`;
    const found = await store.referencedObjects(tenant, [lost, ...named]);
    expect([...found].sort()).toEqual([...named].sort());
    expect(await store.referencedObjects(tenant, [])).toEqual([]);
  });

  it('a revision that goes on with an earlier imprint has its templates', async () => {
    const store = await make();
    const { stamp } = await filled(store);
    const suspended: Seal = {
      ...stamp,
      revision: 2,
      revisionId: freshId(),
      status: 'suspended',
      reason: '挂失',
    };
    await store.replaceSeal(suspended);
    expect(await store.findSeal(stamp.tenant, stamp.id)).toEqual(suspended);
    expect(await store.findSealBySerial(stamp.tenant, stamp.serial)).toEqual(suspended);
    expect(await store.findSealBySerial(freshTenant(), stamp.serial)).toBeUndefined();
    expect(await store.listRevisions(stamp.tenant, stamp.id)).toEqual([suspended, stamp]);
  });

  it('changes a card once for each version', async () => {
    const store = await make();
    const { owner, paper } = await filled(store);
    const changed: Card = {
      ...paper,
      status: 'suspended',
      endDate: '2027-12-31',
      combinations: [['a', 'b'], ['c']],
      version: 2,
    };
    await store.changeCard(changed);
    expect(await store.findCard(owner.tenant, paper.id)).toEqual(changed);
    await expect(store.changeCard(changed)).rejects.toMatchObject({ code: 'card_changed' });
  });

  it('puts a template in the place of another in one step, once', async () => {
    const store = await make();
    const { stamp } = await filled(store);
    const { tenant } = stamp;
    const [old, other] = stamp.templates;
    if (!old || !other) throw new Error('the seal has no templates');
    const fresh = template(tenant, old.owner, 1, 'gamma');
    const jobId = freshId();
    const filter = { vendorCode: 'alpha', retiredBy: jobId, after: '' };
    expect(await store.countReserved(tenant, 'alpha')).toBe(1);
    expect(await store.findReserved(old, 'beta')).toEqual(other);
    expect(await store.findReserved(old, 'gamma')).toBeUndefined();
    expect(await store.listReserved(tenant, filter, 5)).toEqual([
      { template: old, isRetired: false },
    ]);
    await store.putInPlace({ old, fresh, jobId });
    const found = await store.findSeal(tenant, stamp.id);
    expect(found?.templates.map(({ id }) => id).sort()).toEqual([other.id, fresh.id].sort());
    expect(await store.countReserved(tenant, 'alpha')).toBe(0);
    expect(await store.listReserved(tenant, filter, 5)).toEqual([
      { template: old, isRetired: true },
    ]);
    expect(await store.listReserved(tenant, { ...filter, retiredBy: 'x' }, 5)).toEqual([]);
    expect(await store.listReserved(tenant, { ...filter, after: old.id }, 5)).toEqual([]);
    const again = { ...template(tenant, old.owner, 1, 'gamma') };
    await expect(store.putInPlace({ old, fresh: again, jobId })).rejects.toMatchObject({
      code: 'work_contended',
    });
    // The old one is still found as evidence, and its object is still referred to.
    expect(await store.findTemplate(tenant, old.id)).toEqual(old);
    expect(await store.referencedObjects(tenant, [old.objectKey])).toEqual([old.objectKey]);
  });

  it('removes retired templates, but not those that a verification was compared with', async () => {
    const store = await make();
    const { stamp } = await filled(store);
    const { tenant } = stamp;
    const [used, unused] = stamp.templates;
    if (!used || !unused) throw new Error('the seal has no templates');
    await store.addVerification(verification(stamp));
    const jobId = freshId();
    for (const old of [used, unused]) await store.putInPlace({ old, fresh: undefined, jobId });
    expect(await store.countRetired(tenant, jobId)).toBe(2);
    expect(await store.listUnusedRetired(tenant, jobId, 9)).toEqual([unused]);
    await store.removeRetired(tenant, jobId, [used.id, unused.id]);
    expect(await store.countRetired(tenant, jobId)).toBe(1);
    expect(await store.findTemplate(tenant, unused.id)).toBeUndefined();
    expect(await store.findTemplate(tenant, used.id)).toEqual(used);
    expect(await store.listUnusedRetired(tenant, freshId(), 9)).toEqual([]);
  });
}
