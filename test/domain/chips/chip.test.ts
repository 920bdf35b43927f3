import { bytesToHex } from '@noble/hashes/utils.js';
import { describe, expect, it } from 'vitest';
import { verifyChain } from '../../../src/domain/audit/chain.ts';
import { createChip, type OwnedChip } from '../../../src/domain/chips/chip.ts';
import { clusterCalls, keyCalls, shareCalls } from '../../../src/domain/chips/cluster.ts';
import { certifyChip, clusterRoot } from '../../../src/domain/chips/roster.ts';
import { openTools } from '../../../src/domain/chips/tools.ts';
import { openVault, wrapDataKey } from '../../../src/domain/chips/wrapping.ts';
import { memoryCells } from '../../../src/platform/memory/cells.ts';
import { seededRandom, tickingClock } from '../../helpers/time-and-chance.ts';

const inherited = seededRandom(99).bytes(32);
const name = { tenant: 'bank', keyId: 'template-keys' };
const kind = { ...name, algorithm: 'wrapping' as const, uses: [], policy: {} };

async function twoChips() {
  const tools = await openTools(crypto.subtle);
  const secret = seededRandom(1).bytes(32);
  const root = clusterRoot(tools.sodium, secret);
  const clock = tickingClock();
  async function make(chip: string) {
    const cells = memoryCells();
    const made: OwnedChip = createChip({
      chip,
      cells,
      vault: openVault(tools.sodium, secret, chip),
      tools,
      clock,
      random: seededRandom(chip.length),
      protection: 'software',
      build: 'a test',
      rootPublicKey: root.publicKey,
      inherited: async () => inherited.slice(),
    });
    const { publicKeyHex, storageEpoch } = await made.attest('00');
    const body = { chip, zone: 'a', protection: 'software' as const, publicKeyHex, storageEpoch };
    await made.certify(certifyChip(tools.sodium, root, body));
    return { chip: made, cells };
  }
  return { tools, one: await make('chip-1'), other: await make('chip-20') };
}

/** Everything in a value, as text, with bytes in hex. */
function textOf(value: unknown): string {
  return JSON.stringify(value, (_, item) => (item instanceof Uint8Array ? bytesToHex(item) : item));
}

describe('a chip', () => {
  it('E1: takes over the wrapping key of before the cluster and opens what it wrapped', async () => {
    const { tools, one, other } = await twoChips();
    const item = { dataKey: new Uint8Array(32).fill(5), context: Uint8Array.of(1) };
    const place = { tenant: 'bank', epoch: 1 };
    const wrappedKey = wrapDataKey(tools, inherited, place, item, seededRandom(4));
    await one.chip.generate(kind, 1);
    const ask = [{ wrappedKey, context: item.context }];
    expect(await one.chip.unwrap(name, ask)).toEqual([item.dataKey]);
    const offer = await other.chip.offer(name, 1);
    await other.chip.import(await one.chip.exportTo(name, offer));
    expect(await other.chip.unwrap(name, ask)).toEqual([item.dataKey]);
  });

  it('E1: no call and no stored cell shows a key', async () => {
    const { one, other } = await twoChips();
    await one.chip.generate(kind, 1);
    const offer = await other.chip.offer(name, 1);
    const shown = [
      await one.chip.attest('00'),
      await one.chip.prove(name, Uint8Array.of(1)),
      await one.chip.exportTo(name, offer),
      await one.chip.wrap(name, [{ dataKey: new Uint8Array(32), context: Uint8Array.of(1) }]),
      await one.chip.records(100),
      [...one.cells.list('')],
      await one.chip.wipe(name, 'end'),
    ];
    expect(textOf(shown)).not.toContain(bytesToHex(inherited));
    expect(textOf([...one.cells.list('key:')])).toBe('[]');
    for (const call of [...keyCalls, ...shareCalls, ...clusterCalls]) {
      expect(call).not.toMatch(/export|secret|private/i);
    }
  });

  it('E1: gives no copy to a chip that the cluster root did not certify', async () => {
    const { one } = await twoChips();
    await one.chip.generate(kind, 1);
    const foreign = await foreignChip();
    const offer = await foreign.offer(name, 1);
    await expect(one.chip.exportTo(name, offer)).rejects.toMatchObject({ code: 'not_authentic' });
  });

  it('E1: its log is one hash chain, and a changed entry shows', async () => {
    const { one } = await twoChips();
    await one.chip.generate(kind, 1);
    await one.chip.wipe(name, 'end');
    const records = await one.chip.records(10);
    expect(records.map(({ action }) => action)).toEqual(['chip.generate', 'chip.wipe']);
    expect(verifyChain(records)).toMatchObject({ ok: true });
    const forged = records.map((record, i) => (i === 0 ? { ...record, requestId: 'x' } : record));
    expect(verifyChain(forged)).toMatchObject({ ok: false, index: 0, reason: 'hash' });
  });
});

/** A chip of another cluster, with a certificate of that cluster's root. */
async function foreignChip(): Promise<OwnedChip> {
  const tools = await openTools(crypto.subtle);
  const root = clusterRoot(tools.sodium, seededRandom(77).bytes(32));
  const chip = createChip({
    chip: 'chip-9',
    cells: memoryCells(),
    vault: openVault(tools.sodium, seededRandom(78).bytes(32), 'chip-9'),
    tools,
    clock: tickingClock(),
    random: seededRandom(79),
    protection: 'software',
    build: 'a test',
    rootPublicKey: root.publicKey,
  });
  const { publicKeyHex, storageEpoch } = await chip.attest('00');
  const protection = 'software' as const;
  const body = { chip: 'chip-9', zone: 'a', protection, publicKeyHex, storageEpoch };
  await chip.certify(certifyChip(tools.sodium, root, body));
  return chip;
}
