import { bytesToHex } from '@noble/hashes/utils.js';
import { expect } from 'vitest';
import { type BackupEntry, faultOfBackup } from '../../src/domain/chips/backup.ts';
import { showAll } from '../../src/domain/chips/backup-run.ts';
import { clusterKeys } from '../../src/domain/chips/cluster.ts';
import type { OfficerShare } from '../../src/domain/chips/officers.ts';
import { openTools } from '../../src/domain/chips/tools.ts';
import type { MemoryCluster } from '../../src/platform/memory/chip-cluster.ts';
import {
  type BackupFile,
  backedUp,
  consented,
  emptiedAndBack,
  fiveOfficers,
  takenBack,
} from '../helpers/backups.ts';
import { clusterUnderFire, type UnderFire } from './cluster-under-fire.ts';
import { type Drill, founders, judge } from './drills.ts';

type Backups = MemoryCluster['backups'];

/**
 * E2: every chip loses its storage, and then the whole cluster everything. The keys come back from a
 * backup with three of five officers; with two, a wrong share, an old, altered or foreign backup
 * nothing does.
 */
export const backupRestore: Drill = async (size) => {
  const officers = await fiveOfficers();
  const { backupKey } = officers;
  const setup = { backupKey, secret: new Uint8Array(32).fill(7) };
  const fire = await clusterUnderFire(size.seed, size.plant, setup);
  await fire.makeKeys(size.keys);
  const before = await fire.load(size.requests);
  const desk = fire.cluster.backups;
  const old = await fire.run(backedUp(desk));
  const [revoked] = fire.made.splice(0, 1);
  if (!revoked) throw new Error('the drill takes a key');
  await fire.run(fire.keys.setState(revoked.tenant, revoked.id, 'revoked'));
  const file = await fire.run(backedUp(desk));
  expect(file).toMatchObject({ missed: 0, manifest: { keys: size.keys - 1, tombstones: 1 } });
  expect(faultOfBackup(await openTools(crypto.subtle), file.manifest, file.entries)).toBe(
    undefined,
  );

  await loseEveryChip(fire);
  expect(await fire.lostKeys()).toBe(size.keys - 1);
  await refusals(fire, officers.shares, { old, file });
  const tally = await fire.run(broughtBack(desk, file, officers.shares.slice(1, 4)));
  expect(tally).toMatchObject({ restored: size.keys - 1, revoked: 1, outdated: 0, held: 0 });
  const again = await fire.run(broughtBack(desk, file, officers.shares.slice(0, 3)));
  expect(again).toMatchObject({ restored: 0, held: size.keys - 1 });
  await sameKeys(fire, fire.cluster);
  const gone = fire.keys.sign({ ...nameOf(revoked), requestId: 'x', ...anySignature });
  await expect(fire.run(gone)).rejects.toMatchObject({ code: 'key_not_active' });

  const reborn = await fire.anew();
  const taken = await fire.run(broughtBack(reborn.backups, file, officers.shares.slice(2)));
  expect(taken).toMatchObject({ restored: size.keys - 1, revoked: 1 });
  await sameKeys(fire, reborn);
  const buried = clusterKeys(reborn.guardOf).sign({
    ...nameOf(revoked),
    requestId: 'x',
    ...anySignature,
  });
  await expect(fire.run(buried)).rejects.toMatchObject({ code: 'key_not_active' });
  const after = await fire.load(size.requests);
  return judge(fire, [...before, ...after]);
};

const anySignature = { scheme: 'sm2-sm3' as const, message: new Uint8Array(1) };

const nameOf = ({ tenant, id }: { tenant: string; id: string }) => ({ tenant, keyId: id });

async function loseEveryChip(fire: UnderFire): Promise<void> {
  const { directory } = fire.cluster;
  for (const chip of founders) {
    fire.cluster.cellsOf(chip).clear();
    fire.kill(chip);
  }
  await fire.run(directory.tick(0));
  const { chips } = await fire.run(directory.status());
  expect(chips.every(({ reason }) => reason === 'storage_lost')).toBe(true);
  for (const chip of founders) await fire.run(emptiedAndBack(directory, chip));
}

/** Everything that must not open the backup. */
async function refusals(
  fire: UnderFire,
  shares: readonly OfficerShare[],
  { old, file }: { readonly old: BackupFile; readonly file: BackupFile },
): Promise<void> {
  const desk = fire.cluster.backups;
  const code = (call: Promise<unknown>) =>
    fire.run(
      call.then(
        () => 'nothing',
        (error) => error.code,
      ),
    );
  const { manifest, entries } = file;
  expect(await code(broughtBack(desk, file, shares.slice(0, 2)))).toBe('shares_too_few');
  expect(await code(broughtBack(desk, old, shares))).toBe('backup_outdated');
  expect(await code(desk.openRestore({ manifest: { ...manifest, keys: 1 }, by: 'o' }))).toMatch(
    /^backup_/,
  );
  const stranger = await fiveOfficers();
  expect(await code(broughtBack(desk, file, stranger.shares))).toBe('share_unreadable');
  const [first, second, third] = shares;
  if (!first || !second || !third) throw new Error('the drill takes five officers');
  // A share that is whole by its own sum, and not what the officer was given.
  const { shareOut } = await import('../../src/domain/chips/officers.ts');
  const quorum = { threshold: 3, shares: 5 };
  const random = { bytes: (length: number) => new Uint8Array(length).fill(9) };
  const [lie] = await shareOut('backup', new Uint8Array(32), quorum, random, first.set);
  expect(await code(broughtBack(desk, file, [lie ?? first, second, third]))).toBe(
    'share_unreadable',
  );
  const alike = await foreign(file);
  expect(await code(broughtBack(desk, alike, shares))).toMatch(/^backup_/);
  const view = await fire.run(opened(desk, file, shares.slice(0, 3)));
  const { id } = view.offer;
  const others = [...alike.entries.slice(0, 2), ...old.entries.slice(0, 2)];
  const wrong = [...altered(entries), ...others];
  expect(await code(desk.restoreEntries(id, 0, entries.slice(0, 1)))).toBe('backup_unchecked');
  for (const entry of wrong) {
    expect(await code(desk.checkEntries(id, 0, [entry]))).toBe('backup_invalid');
  }
  // A file cut short, with its end in another place, or with an entry twice, is not the backup.
  const torn = [entries.slice(0, -1), entries.slice(1), [...entries, ...entries.slice(-1)]];
  for (const some of torn) {
    const shown = showAll(desk, id, some).then(() => desk.restoreEntries(id, 0, some.slice(0, 1)));
    expect(await code(shown)).toMatch(/^backup_(invalid|unchecked)$/);
  }
  await fire.run(showAll(desk, id, entries));
  for (const entry of wrong) {
    expect(await code(desk.restoreEntries(id, 0, [entry]))).toBe('backup_invalid');
  }
  // Nothing is passed over: what was revoked is known before any key is back.
  const later = desk.restoreEntries(id, 1, entries.slice(1, 2));
  expect(await code(later)).toBe('backup_invalid');
  expect(await fire.lostKeys()).toBe(fire.made.length);
}

/** Each part of an entry, changed. */
function altered(entries: readonly BackupEntry[]): BackupEntry[] {
  const key = entries.find((entry) => entry.kind === 'key');
  const tombstone = entries.find((entry) => entry.kind === 'tombstone');
  if (!key || !tombstone) throw new Error('the backup lacks a kind of entry');
  const flipped = `${key.sealed.startsWith('A') ? 'B' : 'A'}${key.sealed.slice(1)}`;
  return [
    { ...key, sealed: flipped },
    { ...key, publicKeyHex: `${key.publicKeyHex.slice(0, -2)}00` },
    { ...key, facts: { ...key.facts, epoch: key.facts.epoch + 1 } },
    { ...key, facts: { ...key.facts, owner: 'mallory' } },
    { ...key, key: { ...key.key, policy: { usesMax: 1 } } },
    { ...key, key: { ...key.key, tenant: 'mallory-bank' } },
    { ...tombstone, keyId: key.key.keyId },
    { ...tombstone, epoch: 1 },
  ];
}

/** A backup for the same officers, of a cluster that is not ours. */
async function foreign({ manifest }: BackupFile): Promise<BackupFile> {
  const backupKey = Uint8Array.from(Buffer.from(manifest.backupKeyHex, 'hex'));
  const other = await clusterUnderFire(99, undefined, { backupKey });
  await other.makeKeys(2);
  return other.run(backedUp(other.cluster.backups));
}

async function opened(desk: Backups, file: BackupFile, shares: readonly OfficerShare[]) {
  const view = await desk.openRestore({ manifest: file.manifest, by: 'operator' });
  return consented(desk, view, shares);
}

async function broughtBack(desk: Backups, file: BackupFile, shares: readonly OfficerShare[]) {
  const { offer } = await opened(desk, file, shares);
  const tally = await takenBack(desk, offer.id, file);
  await desk.closeRestore(offer.id);
  return tally;
}

/** All keys are what they were, and sign. */
async function sameKeys(fire: UnderFire, cluster: MemoryCluster): Promise<void> {
  const keys = clusterKeys(cluster.guardOf);
  for (const { tenant, id, publicKey } of fire.made) {
    const found = await fire.run(keys.find(tenant, id));
    expect(bytesToHex(found.publicKey)).toBe(bytesToHex(publicKey));
    expect(found.replicas.length).toBe(3);
    const request = { tenant, keyId: id, requestId: `after-${id}`, ...anySignature };
    const { signature } = await fire.run(keys.sign(request));
    const point = fire.gm.keys.decodeSpki(publicKey);
    expect(fire.gm.sm2.verify(point, anySignature.message, signature)).toBe(true);
  }
}
