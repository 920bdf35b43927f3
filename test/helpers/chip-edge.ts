import { checkedBackups, clusterKeys } from '../../src/domain/chips/cluster.ts';
import type { KeyAlgorithm } from '../../src/domain/chips/keys.ts';
import { memoryCluster } from '../../src/platform/memory/chip-cluster.ts';
import { systemClock, systemRandom } from '../../src/platform/system.ts';
import { emptiedAndBack } from './backups.ts';
import { startEdge } from './edge.ts';
import { patientWaits } from './time-and-chance.ts';

/** The service over a cluster in this process whose chips a test can take to pieces. */
export async function edgeOverCluster(backupKey?: Uint8Array) {
  const cluster = await memoryCluster({
    clock: systemClock,
    random: systemRandom,
    waits: patientWaits,
    ...(backupKey ? { backupKey } : {}),
  });
  const { directory, halt } = cluster;
  const edge = await startEdge(() => ({
    keys: clusterKeys(cluster.guardOf),
    chips: { ...directory, halt },
    backups: checkedBackups(cluster.backups),
  }));

  /** All chips that answer come back with empty storages. */
  async function loseEveryChip(): Promise<void> {
    for (const { chip } of (await directory.status()).chips) {
      cluster.cellsOf(chip).clear();
      cluster.restart(chip);
    }
    await directory.tick(0);
    for (const { chip, duty } of (await directory.status()).chips) {
      if (duty === 'quarantined') await emptiedAndBack(directory, chip);
    }
  }

  return { edge, cluster, loseEveryChip };
}

/** Keys of several kinds, of an institution and of the service. */
export const chipKeys = [
  { tenant: 'beichen-bank', algorithm: 'sm2', uses: ['sign'] },
  { tenant: 'beichen-bank', algorithm: 'sm2', uses: ['decrypt'] },
  { tenant: 'beichen-bank', algorithm: 'p256', uses: ['sign'] },
  { tenant: '-service', algorithm: 'ed25519', uses: ['sign'] },
  { tenant: '-service', algorithm: 'rsa3072', uses: ['sign'] },
  { tenant: '-service', algorithm: 'rsa3072-recovery', uses: ['sign'] },
].map((key, i) => ({ ...key, id: `019aa3c1-5c00-7a31-9c2b-8f3f0d6f1a1${i}` })) as readonly {
  tenant: string;
  id: string;
  algorithm: KeyAlgorithm;
  uses: readonly ('sign' | 'decrypt')[];
}[];
