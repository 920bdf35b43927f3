import { utf8ToBytes } from '@noble/hashes/utils.js';
import { describe, expect, it } from 'vitest';
import { loadGm } from '../../../src/core/gm.ts';
import { type BackupEntry, faultOfBackup, manifestHash } from '../../../src/domain/chips/backup.ts';
import {
  checkedBackups,
  clusterKeys,
  clusterShares,
  clusterWrapping,
} from '../../../src/domain/chips/cluster.ts';
import type { KeyPolicy } from '../../../src/domain/chips/keys.ts';
import { openTools } from '../../../src/domain/chips/tools.ts';
import { memoryCluster } from '../../../src/platform/memory/chip-cluster.ts';
import {
  type BackupFile,
  backedUp,
  consented,
  emptiedAndBack,
  fiveOfficers,
  takenBack,
} from '../../helpers/backups.ts';
import { patientWaits, seededRandom, tickingClock } from '../../helpers/time-and-chance.ts';

const officers = await fiveOfficers();
const secret = new Uint8Array(32).fill(3);
const tenant = 'beichen-bank';
const idOf = (i: number) => `019aa3c1-5c00-7a31-9c2b-8f3f0d6f1a${String(i).padStart(2, '0')}`;
const message = new Uint8Array(4);

async function freshCluster(seed = 1) {
  const clock = tickingClock();
  const cluster = await memoryCluster({
    clock,
    random: seededRandom(seed),
    waits: patientWaits,
    backupKey: officers.backupKey,
    secret,
  });
  const keys = clusterKeys(cluster.guardOf);

  async function lose(...chips: string[]): Promise<void> {
    for (const chip of chips) {
      cluster.cellsOf(chip).clear();
      cluster.restart(chip);
    }
    await cluster.directory.tick(0);
    for (const chip of chips) await emptiedAndBack(cluster.directory, chip);
  }
  return {
    ...cluster,
    backups: checkedBackups(cluster.backups),
    clock,
    keys,
    lose,
    loseAll: () => lose('chip-1', 'chip-2', 'chip-3', 'chip-4'),
    make: (i: number, policy: KeyPolicy = {}) =>
      keys.create({ tenant, id: idOf(i), algorithm: 'sm2', uses: ['sign'], policy }),
    sign: (i: number, requestId: string) =>
      keys.sign({ tenant, keyId: idOf(i), requestId, scheme: 'sm2-sm3', message }),
  };
}

type Cluster = Awaited<ReturnType<typeof freshCluster>>;

async function restored({ backups }: Pick<Cluster, 'backups'>, file: BackupFile, chip?: string) {
  const place = chip === undefined ? {} : { chip };
  const view = await backups.openRestore({ manifest: file.manifest, by: 'operator', ...place });
  await consented(backups, view, officers.shares.slice(1, 4));
  const tally = await takenBack(backups, view.offer.id, file);
  await backups.closeRestore(view.offer.id);
  return tally;
}

describe('what comes back from a backup', () => {
  it('E2: wrapped data keys open again, and two sign again, after every chip was lost', async () => {
    const cluster = await freshCluster();
    const gm = await loadGm();
    const wrapping = clusterWrapping(cluster.guardOf);
    const shares = clusterShares(cluster.guardOf);
    const context = utf8ToBytes('template 1');
    const dataKey = new Uint8Array(32).fill(8);
    const wrapped = await wrapping.wrap({ tenant, items: [{ dataKey, context }] });
    if (!wrapped.ok) throw new Error('not wrapped');
    const [wrappedKey = new Uint8Array()] = wrapped.keys;

    const name = { tenant, keyId: idOf(50) };
    const ctx = utf8ToBytes('keygen');
    const begun = gm.twoParty.keygen.clientStart(ctx);
    const session = { ...name, sessionId: 'keygen-1' };
    const answer = await shares.keygenReply({ ...session, ctx, commitment: begun.commitment });
    const { share, publicKey, opening } = gm.twoParty.keygen.clientFinish(begun.state, answer);
    await shares.keygenFinish({ ...session, opening });
    const file = await backedUp(cluster.backups);
    await cluster.loseAll();
    expect(await restored(cluster, file)).toMatchObject({ restored: 2, conflict: 0 });
    const opened = await wrapping.unwrap({ tenant, items: [{ wrappedKey, context }] });
    expect(opened).toEqual({ ok: true, keys: [dataKey] });
    const ciphertext = gm.sm2.encrypt(publicKey, utf8ToBytes('for two'));
    const step = gm.twoParty.decrypt.clientStart(share, ciphertext, ctx);
    const asked = { ...name, requestId: 'd1', epoch: 0, ctx, message: step.message };
    const { reply } = await shares.decrypt(asked);
    expect(gm.twoParty.decrypt.clientFinish(step.state, reply)).toEqual(utf8ToBytes('for two'));
  });

  it('E2: a share that was refreshed since is not brought back', async () => {
    const cluster = await freshCluster();
    const gm = await loadGm();
    const shares = clusterShares(cluster.guardOf);
    const name = { tenant, keyId: idOf(51) };
    const ctx = utf8ToBytes('keygen');
    const begun = gm.twoParty.keygen.clientStart(ctx);
    const session = { ...name, sessionId: 's' };
    const answer = await shares.keygenReply({ ...session, ctx, commitment: begun.commitment });
    const { share, opening } = gm.twoParty.keygen.clientFinish(begun.state, answer);
    await shares.keygenFinish({ ...session, opening });
    const file = await backedUp(cluster.backups);
    const again = gm.twoParty.refresh.clientStart(share, ctx);
    const second = { ...name, sessionId: 'r' };
    const reply = await shares.refreshReply({ ...second, ctx, commitment: again.commitment });
    const made = gm.twoParty.refresh.clientFinish(again.state, reply);
    await shares.refreshFinish({ ...second, opening: made.opening });
    await cluster.loseAll();
    expect(await restored(cluster, file)).toMatchObject({ restored: 0, outdated: 1 });
  });

  it('E2: only what no chip holds comes back; a copy that was away does nothing any more', async () => {
    const cluster = await freshCluster();
    const first = await cluster.make(1);
    await cluster.make(2);
    const file = await backedUp(cluster.backups);
    const [kept = ''] = first.replicas;
    const others = ['chip-1', 'chip-2', 'chip-3', 'chip-4'].filter((chip) => chip !== kept);
    const putBack = cluster.cellsOf(kept).snapshot();
    await cluster.lose(...others);
    expect(await restored(cluster, file)).toMatchObject({ held: 2, restored: 0 });

    await cluster.loseAll();
    expect(await restored(cluster, file)).toMatchObject({ restored: 2 });
    const { receipt } = await cluster.sign(1, 'after');
    expect(receipt.epoch).toBe(first.epoch + 1);
    // The old disk of the chip turns up again: its copy is of an epoch that is over.
    putBack();
    cluster.restart(kept);
    for (let i = 0; i < 6; i++) {
      const { receipt: later } = await cluster.sign(1, `later-${i}`);
      expect(later.epoch).toBe(first.epoch + 1);
    }
    await cluster.directory.tick(10);
    const { chips } = await cluster.directory.status();
    expect(chips.find(({ chip }) => chip === kept)).toMatchObject({ duty: 'quarantined' });
  });

  it('E2: the limit of a key counts on where it stood, also in a cluster that begins anew', async () => {
    const cluster = await freshCluster();
    await cluster.make(1, { usesMax: 3 });
    for (const id of ['a', 'b']) await cluster.sign(1, id);
    await cluster.keys.setState(tenant, (await cluster.make(2)).id, 'frozen');
    const file = await backedUp(cluster.backups);
    const anew = await freshCluster(2);
    expect(await restored(anew, file)).toMatchObject({ restored: 2 });
    await anew.sign(1, 'c');
    await expect(anew.sign(1, 'd')).rejects.toMatchObject({ code: 'key_limit_reached' });
    expect((await anew.keys.find(tenant, idOf(2))).state).toBe('frozen');
    await expect(anew.sign(2, 'e')).rejects.toMatchObject({ code: 'key_not_active' });
  });

  it('E2: another key under the name, and a tenant’s own pool, are told apart', async () => {
    const cluster = await freshCluster();
    await cluster.make(1);
    const file = await backedUp(cluster.backups);
    const anew = await freshCluster(2);
    await anew.make(1);
    expect(await restored(anew, file)).toMatchObject({ conflict: 1, restored: 0 });

    const rich = await freshCluster(3);
    for (const chip of ['chip-8', 'chip-9']) {
      await rich.directory.add({ chip, zone: chip, pool: tenant });
    }
    expect(await restored(rich, file, 'chip-1')).toMatchObject({ elsewhere: 1, restored: 0 });
    expect(await restored(rich, file, 'chip-9')).toMatchObject({ restored: 1 });
    const { replicas } = await rich.keys.find(tenant, idOf(1));
    expect([...replicas].sort()).toEqual(['chip-8', 'chip-9']);
  });

  it('E2: a ceremony is over after an hour, and is begun anew', async () => {
    const cluster = await freshCluster();
    await cluster.make(1);
    const file = await backedUp(cluster.backups);
    const view = await cluster.backups.openRestore({ manifest: file.manifest, by: 'operator' });
    await consented(cluster.backups, view, officers.shares.slice(0, 3));
    cluster.clock.advance(3_600_001);
    await expect(takenBack(cluster.backups, view.offer.id, file)).rejects.toMatchObject({
      code: 'restore_not_found',
    });
    await expect(consented(cluster.backups, view, officers.shares)).rejects.toMatchObject({
      code: 'restore_not_found',
    });
    expect(await restored(cluster, file)).toMatchObject({ held: 1 });
  });
});

describe('a backup', () => {
  it('E2: comes page by page, holds every key once, and a page can be fetched again', async () => {
    const cluster = await freshCluster();
    for (let i = 10; i < 55; i++) await cluster.make(i);
    for (const i of [11, 12]) await cluster.keys.setState(tenant, idOf(i), 'revoked');
    const { backups } = cluster;
    const { number, keys } = await backups.openBackup(0);
    expect(keys).toBe(43);
    const entries: BackupEntry[] = [];
    for (let page = 0; ; page++) {
      const once = await backups.backupPage(number, page);
      const again = await backups.backupPage(number, page);
      expect(again.entries.length).toBe(once.entries.length);
      entries.push(...again.entries);
      if (again.isLast) break;
    }
    const manifest = await backups.sealBackup(number);
    const tools = await openTools(crypto.subtle);
    expect(manifest).toMatchObject({ keys: 43, tombstones: 2, missed: 0 });
    expect(faultOfBackup(tools, manifest, entries)).toBe(undefined);
    const names = entries.map((entry) => (entry.kind === 'key' ? entry.key : entry).keyId);
    expect(new Set(names).size).toBe(45);
    expect(faultOfBackup(tools, manifest, entries.slice(1))).toBe('count');
    expect(faultOfBackup(tools, manifest, entries.toReversed())).toBe('chain');
    await expect(backups.backupPage(number + 1, 0)).rejects.toMatchObject({
      code: 'backup_not_found',
    });
  });

  it('E2: made while chips are away, it does not bar the one before', async () => {
    const cluster = await freshCluster();
    await cluster.make(1);
    const file = await backedUp(cluster.backups);
    await cluster.loseAll();
    await expect(backedUp(cluster.backups)).rejects.toMatchObject({ code: 'backup_incomplete' });
    expect(await restored(cluster, file)).toMatchObject({ restored: 1 });
    // Who means it can have it so: then the keys that are not in it are given up.
    await cluster.loseAll();
    const { number } = await cluster.backups.openBackup(0);
    const page = await cluster.backups.backupPage(number, 0);
    expect(page).toMatchObject({ entries: [], missed: [{ tenant, keyId: idOf(1) }], isLast: true });
    const manifest = await cluster.backups.sealBackup(number);
    const hash = manifestHash(await loadGm(), manifest);
    await cluster.backups.confirmBackup(number, hash, true);
    await expect(restored(cluster, file)).rejects.toMatchObject({ code: 'backup_outdated' });
  });
});
