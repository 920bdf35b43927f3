import { utf8ToBytes } from '@noble/hashes/utils.js';
import { describe, expect, it } from 'vitest';
import { loadGm } from '../../../src/core/gm.ts';
import { callOn, callsOf } from '../../../src/domain/chips/calls.ts';
import { chipCalls, type OwnedChip } from '../../../src/domain/chips/chip.ts';
import { joinedKeyIdleMs } from '../../../src/domain/chips/chip-backup.ts';
import { verifyChipLog } from '../../../src/domain/chips/chip-log.ts';
import { openChipStore } from '../../../src/domain/chips/chip-store.ts';
import { clusterKeys, clusterShares } from '../../../src/domain/chips/cluster.ts';
import type { CreateKey, KeyPolicy } from '../../../src/domain/chips/keys.ts';
import { openTools } from '../../../src/domain/chips/tools.ts';
import { openVault } from '../../../src/domain/chips/wrapping.ts';
import { memoryCells } from '../../../src/platform/memory/cells.ts';
import {
  type MemoryClusterOptions,
  memoryCluster,
} from '../../../src/platform/memory/chip-cluster.ts';
import {
  backedUp,
  consented,
  emptiedAndBack,
  fiveOfficers,
  takenBack,
} from '../../helpers/backups.ts';
import { patientWaits, seededRandom, tickingClock } from '../../helpers/time-and-chance.ts';

const officers = await fiveOfficers();
const tenant = 'beichen-bank';
const idOf = (i: number) => `019aa3c1-5c00-7a31-9c2b-8f3f0d6f1a${String(i).padStart(2, '0')}`;
const message = new Uint8Array(4);

async function freshCluster(more: Partial<MemoryClusterOptions> = {}) {
  const clock = tickingClock();
  const random = seededRandom(1);
  const { backupKey } = officers;
  const options = { clock, random, waits: patientWaits, backupKey, ...more };
  const cluster = await memoryCluster(options);
  const keys = clusterKeys(cluster.guardOf);
  const input = (i: number, policy: KeyPolicy = {}): CreateKey => ({
    ...{ tenant, id: idOf(i), algorithm: 'sm2', uses: ['sign'], policy },
  });
  const { directory } = cluster;
  async function statusOf(chip: string) {
    const { chips } = await directory.status();
    return chips.find((known) => known.chip === chip);
  }
  /** The chip's storage of an earlier time is put back, and the directory sees it. */
  async function rollBack(chip: string, putBack: () => void) {
    await directory.tick(0);
    putBack();
    cluster.restart(chip);
    await directory.tick(0);
    expect(await statusOf(chip)).toMatchObject({ duty: 'quarantined', reason: 'rolled_back' });
  }
  return {
    ...cluster,
    clock,
    keys,
    input,
    make: (i: number, policy?: KeyPolicy) => keys.create(input(i, policy)),
    sign: (i: number, requestId: string) =>
      keys.sign({ tenant, keyId: idOf(i), requestId, scheme: 'sm2-sm3', message }),
    statusOf,
    rollBack,
  };
}

type Cluster = Awaited<ReturnType<typeof freshCluster>>;

/** Everything in a chip's storage that is of keys. */
function keyCellsOf({ cellsOf }: Cluster, chip: string): string[] {
  const cells = cellsOf(chip);
  return ['key:', 'fence:', 'certificate'].flatMap((prefix) =>
    [...cells.list(prefix)].map(([cell]) => cell),
  );
}

/** A network that keeps one heartbeat back, on its way there or with its answer. */
function slowHeartbeat(where: 'there' | 'back') {
  let isArmed = false;
  let go: (() => void) | undefined;
  const kept = async (name: string, way: string) => {
    if (!isArmed || name !== 'attest' || way !== where) return;
    isArmed = false;
    await new Promise<void>((release) => {
      go = release;
    });
  };
  const link: MemoryClusterOptions['link'] = (_chip, target) =>
    callsOf<OwnedChip>(chipCalls, async (name, input) => {
      await kept(name, 'there');
      const answer = await callOn(target(), chipCalls, name, input);
      await kept(name, 'back');
      return answer;
    });
  return {
    link,
    /** Keeps the next heartbeat, which `ask` causes. */
    async keep<T>(ask: () => Promise<T>) {
      isArmed = true;
      const asked = ask();
      while (!go) await Promise.resolve();
      return { asked, release: go };
    },
  };
}

describe('heartbeats that overtake each other', () => {
  it('E2: an answer that is older than the one before it is no storage put back', async () => {
    const network = slowHeartbeat('back');
    const { directory, make, sign, statusOf } = await freshCluster({ link: network.link });
    const [chip = ''] = (await make(1)).replicas;
    const late = await network.keep(() => directory.report(chip, 'no_answer'));
    for (let i = 0; i < 6; i++) await sign(1, `r-${i}`);
    const next = directory.report(chip, 'no_answer');
    for (let turn = 0; turn < 50; turn++) await Promise.resolve();
    late.release();
    await Promise.all([late.asked, next]);
    expect(await statusOf(chip)).toMatchObject({ duty: 'active', health: 'healthy' });
  });

  it('E2: a chip that was emptied meanwhile is not judged by who it was', async () => {
    const network = slowHeartbeat('there');
    const { directory, statusOf } = await freshCluster({ link: network.link });
    await directory.drain('chip-4');
    await directory.tick(20);
    const late = await network.keep(() => directory.report('chip-4', 'no_answer'));
    await directory.reset('chip-4', false);
    late.release();
    await late.asked;
    expect(await statusOf('chip-4')).toMatchObject({ duty: 'empty', reason: '' });
  });
});

describe('a chip that is emptied', () => {
  it('E2: forgets every key, is somebody else, goes on with its log, and only then comes back', async () => {
    const cluster = await freshCluster();
    for (let i = 0; i < 6; i++) await cluster.make(i);
    const { directory, statusOf } = cluster;
    const before = await statusOf('chip-2');
    const identity = (await directory.view()).find(({ chip }) => chip === 'chip-2')?.certificate;
    await expect(directory.reset('chip-2', true)).rejects.toMatchObject({ code: 'chip_active' });
    await directory.drain('chip-2');
    await directory.tick(20);
    expect(await statusOf('chip-2')).toMatchObject({ duty: 'drained', keysToMove: 0 });
    await expect(directory.readmit('chip-2')).rejects.toMatchObject({ code: 'chip_not_empty' });
    expect(await directory.reset('chip-2', false)).toMatchObject({ duty: 'empty', keys: 0 });
    expect(keyCellsOf(cluster, 'chip-2')).toEqual([]);
    await directory.tick(20);
    expect(await statusOf('chip-2')).toMatchObject({ duty: 'empty', health: 'healthy' });
    const after = await directory.readmit('chip-2');
    expect(after.duty).toBe('active');
    expect(after.operations).toBeGreaterThan(before?.operations ?? 0);
    const records = await cluster.chip('chip-2').records(50);
    expect(records.map(({ action }) => action)).toContain('chip.reset');
    const now = (await directory.view()).find(({ chip }) => chip === 'chip-2')?.certificate;
    expect(now?.publicKeyHex).not.toBe(identity?.publicKeyHex);
    expect(now?.storageEpoch).not.toBe(identity?.storageEpoch);
    const { events } = await directory.status();
    expect(events.slice(-2).map(({ what }) => what)).toEqual(['emptied', 'joined']);
  });

  it('E2: an order to empty it that comes again empties nothing', async () => {
    const cluster = await freshCluster();
    await cluster.make(1);
    const { incarnation } = (await cluster.directory.view())[0] ?? {};
    const chip = cluster.chip('chip-1');
    await chip.reset(incarnation?.storageEpoch ?? '', '00');
    const again = chip.reset(incarnation?.storageEpoch ?? '', '00');
    await expect(again).rejects.toMatchObject({ code: 'not_for_us' });
  });

  it('E2: what was on its way when it was emptied does not stay in it', async () => {
    const cluster = await freshCluster();
    const key = await cluster.make(1);
    const [from = '', to = ''] = key.replicas;
    const [source, target] = [cluster.chip(from), cluster.chip(to)];
    const name = { tenant, keyId: key.id };
    const offer = await target.offer(name, key.epoch);
    const clone = await source.exportTo(name, offer);
    const { storageEpoch } = await target.attest('00');
    const arriving = target.import(clone).catch((error) => error.code);
    await target.reset(storageEpoch, '00');
    await arriving;
    await expect(target.import(clone)).rejects.toMatchObject({ code: 'not_for_us' });
    expect((await target.attest('00')).keys).toBe(0);
  });

  it('E2: is not emptied while it may have the only copies, unless their loss is accepted', async () => {
    const cluster = await freshCluster();
    const { directory } = cluster;
    const { replicas } = await cluster.make(1);
    const putBack = replicas.map((chip) => cluster.cellsOf(chip).snapshot());
    for (let i = 0; i < 6; i++) await cluster.sign(1, `r-${i}`);
    await directory.tick(0);
    // All its homes are of yesterday: nothing certified has the key.
    for (const one of putBack) one();
    for (const chip of replicas) cluster.restart(chip);
    await directory.tick(0);
    const [chip = ''] = replicas;
    expect(await cluster.statusOf(chip)).toMatchObject({ keysToMove: 1 });
    await expect(directory.reset(chip, false)).rejects.toMatchObject({ code: 'chip_holds_keys' });
    expect(await directory.reset(chip, true)).toMatchObject({ duty: 'empty', keys: 0 });
  });
});

describe('a key that lost a home', () => {
  it('E2: has three again, in another zone, as soon as there is a chip for it', async () => {
    const cluster = await freshCluster();
    const { directory } = cluster;
    await cluster.make(1);
    for (const chip of ['chip-2', 'chip-3']) {
      await directory.drain(chip);
      await directory.tick(20);
    }
    expect((await cluster.keys.find(tenant, idOf(1))).replicas).toHaveLength(2);
    await directory.tick(20);
    await emptiedAndBack(directory, 'chip-3');
    await directory.tick(20);
    const { replicas } = await cluster.keys.find(tenant, idOf(1));
    expect([...replicas].sort()).toEqual(['chip-1', 'chip-3', 'chip-4']);
    expect(await directory.tick(20)).toBe(false);
  });
});

describe('a chip in quarantine', () => {
  it('E2: is no source of copies and does no work; its keys come back from a backup', async () => {
    const cluster = await freshCluster();
    const { directory } = cluster;
    const key = await cluster.make(1);
    const [chip = '', ...others] = key.replicas;
    const putBack = cluster.cellsOf(chip).snapshot();
    for (let i = 0; i < 6; i++) await cluster.sign(1, `r-${i}`);
    const file = await backedUp(cluster.backups);
    for (const other of others) cluster.cellsOf(other).clear();
    for (const other of others) cluster.restart(other);
    await directory.tick(0);
    await cluster.rollBack(chip, putBack);
    await directory.tick(20);
    expect((await cluster.chip('chip-4').attest('00')).keys).toBeLessThanOrEqual(1);
    await expect(cluster.sign(1, 'after')).rejects.toMatchObject({ code: 'chips_unavailable' });
    // It is missed, not forgotten: a backup made now says so.
    await expect(backedUp(cluster.backups)).rejects.toMatchObject({ code: 'backup_incomplete' });
    for (const other of others) {
      await directory.reset(other, false);
      await directory.readmit(other);
    }
    const view = await cluster.backups.openRestore({ manifest: file.manifest, by: 'operator' });
    await consented(cluster.backups, view, officers.shares.slice(0, 3));
    expect(await takenBack(cluster.backups, view.offer.id, file)).toMatchObject({ restored: 1 });
    expect((await cluster.sign(1, 'again')).receipt.epoch).toBe(key.epoch + 1);
    await directory.tick(20);
    expect(await directory.reset(chip, false)).toMatchObject({ duty: 'empty' });
  });

  it('E2: a rolled-back chip gives its keys away to others’ copies and stays outside', async () => {
    const cluster = await freshCluster();
    for (let i = 0; i < 4; i++) await cluster.make(i);
    const putBack = cluster.cellsOf('chip-1').snapshot();
    for (let i = 0; i < 12; i++) await cluster.sign(i % 4, `r-${i}`);
    await cluster.rollBack('chip-1', putBack);
    await cluster.directory.tick(20);
    for (let i = 0; i < 4; i++) {
      const { replicas } = await cluster.keys.find(tenant, idOf(i));
      expect(replicas).not.toContain('chip-1');
      expect(replicas.length).toBe(3);
    }
    expect(await cluster.directory.drain('chip-1')).toMatchObject({ duty: 'quarantined' });
  });
});

describe('a key id', () => {
  it('E1: belongs to what was asked for first: other uses, limit or protection are refused', async () => {
    const cluster = await freshCluster();
    const made = await cluster.make(1, { usesMax: 3 });
    expect(await cluster.make(1, { usesMax: 3 })).toEqual(made);
    const others: Partial<CreateKey>[] = [
      { policy: {} },
      { policy: { usesMax: 4 } },
      { policy: { usesMax: 3, protection: 'software' } },
      { uses: ['sign', 'decrypt'], policy: { usesMax: 3 } },
      { algorithm: 'p256', policy: { usesMax: 3 } },
    ];
    for (const other of others) {
      const again = cluster.keys.create({ ...cluster.input(1), ...other });
      await expect(again).rejects.toMatchObject({ code: 'key_id_taken' });
    }
    const race = await Promise.allSettled([cluster.make(2), cluster.make(2, { usesMax: 1 })]);
    expect(race.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
  });

  it('E1: a chip does not take one key for another that was asked for under its name', async () => {
    const cluster = await freshCluster();
    const chip = cluster.chip('chip-1');
    const kind = { tenant, keyId: idOf(1), algorithm: 'sm2', uses: ['sign'], policy: {} } as const;
    const first = await chip.generate(kind, 1);
    expect(await chip.generate(kind, 1)).toEqual(first);
    const limited = chip.generate({ ...kind, policy: { usesMax: 1 } }, 1);
    await expect(limited).rejects.toMatchObject({ code: 'not_for_us' });
  });

  it('E1: a demand that no chip meets is refused by name', async () => {
    const cluster = await freshCluster();
    const refused = cluster.make(1, { protection: 'hsm-wrapped' });
    await expect(refused).rejects.toMatchObject({ code: 'protection_unavailable' });
    expect((await cluster.make(2, { protection: 'software' })).protection).toBe('software');
  });
});

describe('a refreshed share', () => {
  it('E5: is of a new epoch in guard and chips; an old copy passes nothing on', async () => {
    const cluster = await freshCluster();
    const gm = await loadGm();
    const shares = clusterShares(cluster.guardOf);
    const name = { tenant, keyId: idOf(1) };
    const ctx = utf8ToBytes('ctx');
    const begun = gm.twoParty.keygen.clientStart(ctx);
    const session = { ...name, sessionId: 's' };
    const answer = await shares.keygenReply({ ...session, ctx, commitment: begun.commitment });
    const { share, opening } = gm.twoParty.keygen.clientFinish(begun.state, answer);
    const { replicas } = await shares.keygenFinish({ ...session, opening });
    const [chip = '', other = ''] = replicas;
    const old = cluster.cellsOf(chip).snapshot();

    const again = gm.twoParty.refresh.clientStart(share, ctx);
    const second = { ...name, sessionId: 'r' };
    const reply = await shares.refreshReply({ ...second, ctx, commitment: again.commitment });
    const made = gm.twoParty.refresh.clientFinish(again.state, reply);
    await shares.refreshFinish({ ...second, opening: made.opening });
    const sign = async (requestId: string) => {
      const { epoch, publicKey } = gm.twoParty.inspect(made.share);
      const e = gm.sm2.digest(publicKey, utf8ToBytes(requestId));
      const step = gm.twoParty.sign.clientStart(made.share, e, ctx);
      const text = utf8ToBytes(requestId);
      const asked = { ...name, requestId, epoch, text, ctx, message: step.message };
      const { reply: answered, receipt } = await shares.sign(asked);
      return { e, signature: gm.twoParty.sign.clientFinish(step.state, answered), receipt };
    };
    const proof = await sign('proof');
    expect(proof.receipt.epoch).toBe(1);
    const commit = { ...name, e: proof.e, signature: proof.signature };
    await shares.refreshCommit(commit);
    expect(await shares.refreshCommit(commit)).toMatchObject({ shareEpochs: [1] });
    expect((await sign('later')).receipt.epoch).toBe(2);

    old();
    cluster.restart(chip);
    const [before, target] = [cluster.chip(chip), cluster.chip(other)];
    const offer = await target.offer(name, 2);
    await expect(before.exportTo(name, offer)).rejects.toMatchObject({ code: 'stale_epoch' });
    await expect(before.refreshCommit(name, commit, 2)).rejects.toMatchObject({
      code: 'stale_epoch',
    });
  });
});

describe('the log of a chip', () => {
  it('E1: is one chain whose anchored heads tell a cut, an altered and a rolled-back one', async () => {
    const cluster = await freshCluster();
    const [chip = ''] = (await cluster.make(1)).replicas;
    for (let i = 0; i < 9; i++) await cluster.sign(1, `r-${i}`);
    const records = await cluster.directory.log(chip, -1);
    expect(records.length).toBeGreaterThan(3);
    expect(await cluster.directory.log(chip, 1)).toEqual(records.slice(2));
    const headAt = (position: number) => ({
      position,
      headSha256: records[position]?.hashHex ?? '',
    });
    const last = records.length - 1;
    const anchors = [headAt(1), headAt(last)];
    expect(verifyChipLog(records, anchors)).toEqual({
      ...{ ok: true, from: 0, to: last, anchored: 2, older: 0 },
    });
    expect(verifyChipLog(records.slice(2), anchors)).toMatchObject({ anchored: 1, older: 1 });
    expect(verifyChipLog(records.slice(0, -1), anchors)).toEqual({
      ...{ ok: false, position: last, reason: 'cut' },
    });
    expect(verifyChipLog([], anchors)).toMatchObject({ reason: 'cut' });
    const altered = records.map((record, i) => (i === 1 ? { ...record, actor: 'x' } : record));
    expect(verifyChipLog(altered, anchors)).toMatchObject({ position: 1, reason: 'chain' });
    const other = [{ ...headAt(1), headSha256: headAt(0).headSha256 }];
    expect(verifyChipLog(records, other)).toMatchObject({ position: 1, reason: 'differs' });
  });

  it('E1: keeps its newest records, and goes on as one chain', async () => {
    const tools = await openTools(crypto.subtle);
    const cells = memoryCells();
    const clock = tickingClock();
    const random = seededRandom(5);
    const vault = openVault(tools.sodium, new Uint8Array(32), 'chip-1');
    const store = openChipStore({ cells, vault, tools, clock, random, recordsMost: 5 });
    const name = { tenant, keyId: idOf(1) };
    for (let i = 0; i < 12; i++) store.log('chip.test', name, `r-${i}`, {});
    expect([...cells.list('log:')]).toHaveLength(5);
    expect(store.records(50).map(({ index }) => index)).toEqual([7, 8, 9, 10, 11]);
    expect(store.records(2).map(({ index }) => index)).toEqual([10, 11]);
    expect(verifyChipLog(store.records(50), [])).toMatchObject({ ok: true, from: 7, to: 11 });
  });
});

describe('a tenant', () => {
  it('E2: that asks more than its share is told to come back, and takes nothing from others', async () => {
    const cluster = await freshCluster({ tenantRate: { perSecond: 1, burst: 2 } });
    await cluster.make(1);
    const other = { ...cluster.input(2), tenant: 'other-bank' };
    await cluster.keys.create(other);
    // Two at once from each of three chips.
    for (let i = 0; i < 6; i++) await cluster.sign(1, `r-${i}`);
    await expect(cluster.sign(1, 'more')).rejects.toMatchObject({
      ...{ code: 'chips_busy', detail: 'The institution asks more than its share.' },
    });
    const theirs = { tenant: other.tenant, keyId: other.id, requestId: 'x' };
    await cluster.keys.sign({ ...theirs, scheme: 'sm2-sm3', message });
    // What was refused was not done, and is done later.
    cluster.clock.advance(1_500);
    expect((await cluster.sign(1, 'more')).receipt.requestId).toBe('more');
  });
});

describe('a key', () => {
  it('E2: that is asked more than its share refuses the rest, counts nothing of it, and serves later', async () => {
    const cluster = await freshCluster({ keyRate: { perSecond: 1, burst: 3 } });
    await cluster.make(1, { usesMax: 5 });
    await cluster.make(2);
    for (let i = 0; i < 3; i++) await cluster.sign(1, `r-${i}`);
    const refusal = { code: 'chips_busy', detail: 'The key is asked more than its share.' };
    for (let i = 0; i < 4; i++) {
      await expect(cluster.sign(1, 'more')).rejects.toMatchObject(refusal);
    }
    // An answer that was given once is given again, and another key has a share of its own.
    expect((await cluster.sign(1, 'r-0')).receipt.requestId).toBe('r-0');
    await cluster.sign(2, 'other');
    cluster.clock.advance(2_500);
    expect((await cluster.sign(1, 'more')).receipt.requestId).toBe('more');
    await cluster.sign(1, 'last');
    cluster.clock.advance(2_500);
    await expect(cluster.sign(1, 'none')).rejects.toMatchObject({ code: 'key_limit_reached' });
  });
});

describe('the joined backup key', () => {
  async function opened() {
    const cluster = await freshCluster();
    await cluster.make(1);
    await cluster.make(2);
    const file = await backedUp(cluster.backups);
    const opening = { manifest: file.manifest, by: 'operator', chip: 'chip-1' };
    const view = await cluster.backups.openRestore(opening);
    await consented(cluster.backups, view, officers.shares.slice(0, 3));
    const stored = () => [...cluster.cellsOf('chip-1').list('ceremony')].length;
    return { cluster, file, id: view.offer.id, stored, chip: cluster.chip('chip-1') };
  }

  it('E2: is forgotten by the clock ten minutes after its last use', async () => {
    const { cluster, file, id, stored, chip } = await opened();
    expect(stored()).toBe(3);
    const due = chip.tidy();
    cluster.clock.advance(joinedKeyIdleMs - 1_000);
    expect(chip.tidy()).toBe(due);
    const [first] = file.entries;
    if (first?.kind !== 'key') throw new Error('no key in the backup');
    await chip.restoreKey(id, first, 9);
    expect(chip.tidy()).toBeGreaterThan(due ?? 0);
    cluster.clock.advance(joinedKeyIdleMs + 1_000);
    expect(chip.tidy()).toBeUndefined();
    expect(stored()).toBe(0);
    const late = chip.restoreKey(id, first, 10);
    await expect(late).rejects.toMatchObject({ code: 'restore_not_found' });
  });

  it('E2: is forgotten with the last entry, and the same page again still has its answer', async () => {
    const { cluster, file, id, stored } = await opened();
    expect(await takenBack(cluster.backups, id, file)).toMatchObject({ held: 2 });
    expect(stored()).toBe(0);
    expect(await takenBack(cluster.backups, id, file)).toMatchObject({ held: 2 });
    await cluster.backups.closeRestore(id);
    await expect(cluster.backups.restoreView(id)).rejects.toMatchObject({
      code: 'restore_not_found',
    });
  });
});
