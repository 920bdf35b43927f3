import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bytesToHex } from '@noble/hashes/utils.js';
import { afterEach, describe, expect, it } from 'vitest';
import type { KeyService } from '../../src/domain/chips/keys.ts';
import { base64urlText } from '../../src/lib/base64url.ts';
import { remoteBackups, remoteCluster, remoteKeys } from '../../src/platform/chips/remote.ts';
import {
  backedUp,
  consented,
  emptiedAndBack,
  fiveOfficers,
  takenBack,
} from '../helpers/backups.ts';
import { chipKeys } from '../helpers/chip-edge.ts';
import { chipsInWorkerd } from '../helpers/chips-in-workerd.ts';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** The chips Worker in workerd over stores on a disk, which a test can take away. */
async function onDisk(more: Readonly<Record<string, string>> = {}, keepFolder?: string) {
  const folder = keepFolder ?? mkdtempSync(join(tmpdir(), 'cinnabar-lost-'));
  if (!keepFolder) folders.push(folder);
  const CHIP_STORAGE_KEY = base64urlText(new Uint8Array(32).fill(5));
  const runtime = await chipsInWorkerd({ secrets: { CHIP_STORAGE_KEY, ...more }, folder });
  const { service } = runtime;
  return {
    folder,
    stop: runtime.stop,
    keys: remoteKeys(service),
    cluster: remoteCluster(service),
    backups: remoteBackups(service),
  };
}

/** Removes what the objects of these classes stored. */
function lose(folder: string, classes: RegExp): void {
  const stores = readdirSync(folder).filter((name) => classes.test(name));
  expect(stores.length).toBeGreaterThan(0);
  for (const name of stores) rmSync(join(folder, name), { recursive: true });
}

async function publicKeys(keys: KeyService): Promise<readonly string[]> {
  const found = await Promise.all(chipKeys.map(({ tenant, id }) => keys.find(tenant, id)));
  return found.map(({ publicKey }) => bytesToHex(publicKey));
}

/** A cluster with keys and a backup, not running any more. */
async function stoppedWithBackup() {
  const officers = await fiveOfficers();
  const settings = { CHIP_BACKUP_KEY: bytesToHex(officers.backupKey) };
  const { folder, keys, backups, stop } = await onDisk(settings);
  for (const key of chipKeys) await keys.create(key);
  const before = await publicKeys(keys);
  const file = await backedUp(backups);
  await stop();
  return { officers, settings, folder, before, file };
}

async function allSign(keys: KeyService, requestId: string): Promise<void> {
  const [{ tenant, id } = { tenant: '', id: '' }] = chipKeys;
  const message = new Uint8Array(3);
  const request = { tenant, keyId: id, requestId, scheme: 'sm2-sm3' as const, message };
  expect((await keys.sign(request)).receipt.keyId).toBe(id);
}

describe('storages lost under the chips Worker', () => {
  it('E2: all chips: noticed, and their keys come back with three of five officers', async () => {
    const { officers, settings, folder, before, file } = await stoppedWithBackup();
    expect(file).toMatchObject({ missed: 0, manifest: { keys: chipKeys.length } });
    lose(folder, /SoftwareChip/);

    const second = await onDisk(settings, folder);
    try {
      await second.cluster.tick(0);
      const { chips } = await second.cluster.status();
      expect(chips.map(({ reason }) => reason)).toEqual(chips.map(() => 'storage_lost'));
      for (const { chip } of chips) await emptiedAndBack(second.cluster, chip);
      await expect(allSign(second.keys, 'lost')).rejects.toMatchObject({
        code: 'chips_unavailable',
      });
      const view = await second.backups.openRestore({ manifest: file.manifest, by: 'ma' });
      await consented(second.backups, view, officers.shares.slice(2));
      const tally = await takenBack(second.backups, view.offer.id, file);
      expect(tally).toMatchObject({ restored: chipKeys.length, outdated: 0, elsewhere: 0 });
      await second.backups.closeRestore(view.offer.id);
      expect(await publicKeys(second.keys)).toEqual(before);
      await allSign(second.keys, 'found');
    } finally {
      await second.stop();
    }
  });

  it('E2: everything: the new cluster makes no key of an old name, and takes the old ones', async () => {
    const { officers, settings, folder, before, file } = await stoppedWithBackup();
    lose(folder, /./);
    expect(existsSync(folder)).toBe(true);

    const second = await onDisk({ ...settings, CHIP_RESTORE: 'awaited' }, folder);
    try {
      const [key] = chipKeys;
      if (!key) throw new Error('no key');
      await expect(second.keys.create(key)).rejects.toMatchObject({ code: 'chips_unavailable' });
      const view = await second.backups.openRestore({ manifest: file.manifest, by: 'ma' });
      await consented(second.backups, view, officers.shares.slice(0, 3));
      const tally = await takenBack(second.backups, view.offer.id, file);
      expect(tally).toMatchObject({ restored: chipKeys.length });
      expect(await publicKeys(second.keys)).toEqual(before);
      await allSign(second.keys, 'found');
    } finally {
      await second.stop();
    }
  });
});
