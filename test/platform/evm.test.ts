import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectEvm, deployLedger, type EvmClient } from '../../src/platform/evm/client.ts';
import { type EvmLedger, evmLedger } from '../../src/platform/evm/ledger.ts';
import { chainKeys, chainProgram, type LocalChain, startChain } from '../helpers/local-chain.ts';

const hashes = {
  certSha256: 'ab'.repeat(32),
  certSm3: 'cd'.repeat(32),
  issuerSpkiSha256: 'ef'.repeat(32),
};
const conflict = { code: 'ledger_conflict' };

describe.skipIf(chainProgram === undefined)('the ledger on a local EVM chain', () => {
  let chain: LocalChain;
  let client: EvmClient;
  let ledger: EvmLedger;
  let address: `0x${string}`;
  let rpcUrl: string;

  beforeAll(async () => {
    chain = await startChain();
    rpcUrl = chain.rpcUrl;
    client = connectEvm({ rpcUrl, privateKey: chainKeys.writer });
    address = await deployLedger(client);
    ledger = evmLedger(client, address);
  });
  afterAll(() => chain?.stop());

  it('A8: takes a certificate through its life, and every reader sees it', async () => {
    const start = performance.now();
    const subject = 'cert/1';
    expect(await ledger.find(subject)).toMatchObject({ state: 'none' });
    await ledger.freeze(subject, hashes);
    expect(await ledger.find(subject)).toMatchObject({ ...hashes, state: 'frozen' });
    await ledger.change(subject, 'frozen', 'active');
    await ledger.bindSettings(subject, '12'.repeat(32));
    await ledger.change(subject, 'active', 'suspended');
    await ledger.change(subject, 'suspended', 'active');
    await ledger.change(subject, 'active', 'revoked');
    expect(await ledger.find(subject)).toMatchObject({
      ...hashes,
      state: 'revoked',
      settingsSha256: '12'.repeat(32),
    });
    console.info(`life cycle of 6 transactions: ${(performance.now() - start).toFixed(0)} ms`);
  });

  it('A9: refuses every move that is not in the table', async () => {
    const states = ['frozen', 'active', 'suspended', 'revoked'] as const;
    const paths = {
      frozen: [],
      active: [['frozen', 'active']],
      suspended: [
        ['frozen', 'active'],
        ['active', 'suspended'],
      ],
      revoked: [['frozen', 'revoked']],
    } as const;
    const legal = [
      'frozen active',
      'frozen revoked',
      'active suspended',
      'active revoked',
      'suspended active',
      'suspended revoked',
    ];
    for (const from of states) {
      const subject = `cert/moves-${from}`;
      await ledger.freeze(subject, hashes);
      for (const [a, b] of paths[from]) await ledger.change(subject, a, b);
      for (const to of ['none', ...states] as const) {
        if (legal.includes(`${from} ${to}`)) continue;
        await expect(ledger.change(subject, from, to), `${from} ${to}`).rejects.toMatchObject(
          conflict,
        );
      }
      await expect(ledger.freeze(subject, hashes)).rejects.toMatchObject(conflict);
      expect(await ledger.find(subject)).toMatchObject({ state: from });
    }
    await expect(ledger.bindSettings('cert/moves-frozen', '12'.repeat(32))).rejects.toMatchObject(
      conflict,
    );
  });

  it('A9: lets one of many thaws win', async () => {
    await ledger.freeze('cert/race', hashes);
    const racers = Array.from({ length: 16 }, () => ledger.change('cert/race', 'frozen', 'active'));
    const results = await Promise.allSettled(racers);
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('A8: anchors checkpoints; a second root of one size and a smaller tree are refused', async () => {
    const origin = 'ledger.example/log';
    const anchor = { origin, size: 100, root: '11'.repeat(32) };
    expect(await ledger.anchored(origin, 100)).toBeUndefined();
    const { reference } = await ledger.anchor(anchor);
    expect(reference).toMatch(/^0x[0-9a-f]{64}$/);
    await ledger.anchor(anchor);
    expect(await ledger.anchored(origin, 100)).toBe(anchor.root);
    await expect(ledger.anchor({ ...anchor, root: '22'.repeat(32) })).rejects.toMatchObject({
      ...conflict,
      detail: 'The contract refused: Fork.',
    });
    await expect(ledger.anchor({ ...anchor, size: 99 })).rejects.toMatchObject({
      ...conflict,
      detail: 'The contract refused: Shrunk.',
    });
    await ledger.anchor({ ...anchor, origin: 'another.example/log', size: 5 });
  });

  it('A8: nobody but the writer writes, and a chain that is away is an outage', async () => {
    const other = evmLedger(connectEvm({ rpcUrl, privateKey: chainKeys.stranger }), address);
    await expect(other.freeze('cert/2', hashes)).rejects.toMatchObject({
      ...conflict,
      detail: 'The contract refused: NotWriter.',
    });
    const nowhere = connectEvm({ rpcUrl: 'http://127.0.0.1:9', privateKey: chainKeys.writer });
    await expect(evmLedger(nowhere, address).find('cert/1')).rejects.toMatchObject({
      code: 'ledger_unavailable',
    });
  });
});
