import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Miniflare } from 'miniflare';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anchorNewest } from '../../src/domain/ledger/anchoring.ts';
import { policyOf } from '../../src/domain/ledger/lookup.ts';
import type { Ledger } from '../../src/domain/ledger/ports.ts';
import { connectEvm, deployLedger } from '../../src/platform/evm/client.ts';
import { type EvmLedger, evmLedger } from '../../src/platform/evm/ledger.ts';
import { memoryLedger, memoryLedgerOrigin } from '../../src/platform/memory/ledger.ts';
import { systemClock } from '../../src/platform/system.ts';
import { buildTool, cinnabar, documented } from '../cli/tool.ts';
import { frozenEvent } from '../contract/ledger.ts';
import { auxiliaryWorkers } from '../helpers/auxiliary-workers.ts';
import { startEdge } from '../helpers/edge.ts';
import { chainKeys, chainProgram, type LocalChain, startChain } from '../helpers/local-chain.ts';
import { served } from '../helpers/served.ts';
import { commandsOf, snippetWith } from '../helpers/snippets.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const origin = memoryLedgerOrigin;

async function fill(ledger: Ledger, count: number, name: string): Promise<void> {
  const events = Array.from({ length: count }, (_, i) => frozenEvent(`cert/${name}${i}`));
  await Promise.all(events.map((event) => ledger.append(event, { requestId: 'r1' })));
}

/** The public interface of a service over this ledger. */
const serve = async (ledger: Ledger) => served(await startEdge(() => ({ ledger })));

describe.skipIf(chainProgram === undefined)('checkpoints on a local EVM chain', () => {
  let chain: LocalChain;
  let anchor: EvmLedger;
  let contract: `0x${string}`;

  beforeAll(async () => {
    chain = await startChain();
  });
  afterAll(() => chain?.stop());

  /** A contract of its own for each test. */
  async function freshAnchor(): Promise<void> {
    const client = connectEvm({ rpcUrl: chain.rpcUrl, privateKey: chainKeys.writer });
    contract = await deployLedger(client);
    anchor = evmLedger(client, contract);
  }

  async function anchored(ledger: Ledger, trusted: Ledger = ledger, ageSecondsMax?: number) {
    const policy = policyOf(await trusted.trust(), ageSecondsMax);
    return anchorNewest({ clock: systemClock, ledger, policy, anchor });
  }

  it('A8: the newest checkpoint is anchored once, and the next one continues it', async () => {
    await freshAnchor();
    const ledger = memoryLedger(systemClock);
    await fill(ledger, 5, 'a');
    expect(await anchor.last(origin)).toBeUndefined();
    const first = await anchored(ledger);
    expect(first).toMatchObject({ size: 5, reference: expect.stringMatching(/^0x[0-9a-f]{64}$/) });
    expect((await anchored(ledger)).reference).toBeUndefined();
    await fill(ledger, 300, 'b');
    const second = await anchored(ledger);
    expect(await anchor.last(origin)).toEqual({ size: 305, root: second.root });
    expect(await anchor.anchored(origin, 5)).toBe(first.root);
  });

  it('A8: a forked, shortened, rewritten, foreign or old log is not anchored', async () => {
    await freshAnchor();
    const ledger = memoryLedger(systemClock);
    await fill(ledger, 10, 'a');
    await anchored(ledger);
    for (const [count, code] of [
      [10, 'checkpoint_forked'],
      [9, 'log_truncated'],
      [11, 'consistency_failed'],
    ] as const) {
      const other = memoryLedger(systemClock);
      await fill(other, count, 'other');
      await expect(anchored(other)).rejects.toMatchObject({
        code: 'ledger_proof_invalid',
        detail: expect.stringContaining(code),
      });
      await expect(anchored(other, ledger)).rejects.toMatchObject({
        detail: expect.stringContaining('checkpoint_unsigned'),
      });
    }
    const old = memoryLedger({ now: () => Date.now() - 3_600_000 });
    await fill(old, 20, 'old');
    await expect(anchored(old, old, 600)).rejects.toMatchObject({
      detail: expect.stringContaining('checkpoint_stale'),
    });
    expect((await anchor.last(origin))?.size).toBe(10);
  });

  it('A8: the scheduled Worker anchors what the service shows, and fails when it may not', async () => {
    await freshAnchor();
    const ledger = memoryLedger(systemClock);
    await fill(ledger, 7, 'w');
    const { url, server } = await serve(ledger);
    const bindings = {
      CHAIN_RPC_URL: chain.rpcUrl,
      CHAIN_CONTRACT: contract,
      CHAIN_KEY: chainKeys.writer,
      LEDGER_TRUST: JSON.stringify(await ledger.trust()),
    };
    const [worker] = await auxiliaryWorkers(
      root,
      'wrangler.toml',
      ['src/workers/anchor.toml'],
      bindings,
    );
    if (!worker) throw new Error('there is no such Worker');
    const toLog = (request: { readonly url: string }) =>
      fetch(`${url}${new URL(request.url).pathname}${new URL(request.url).search}`);
    const options = { ...worker, serviceBindings: { LOG: toLog } };
    const miniflare = new Miniflare({ workers: [options] } as never);
    try {
      const run = async () => (await (await miniflare.getWorker()).scheduled({})).outcome;
      expect(await run()).toBe('ok');
      expect((await anchor.last(origin))?.size).toBe(7);
      expect(await run()).toBe('ok');
      await miniflare.setOptions({
        workers: [{ ...options, bindings: { ...bindings, LEDGER_TRUST: '{}' } }],
      } as never);
      expect(await run()).toBe('exception');
    } finally {
      await miniflare.dispose();
      server.close();
    }
  });

  it('A8: `cinnabar ledger deploy-anchor` puts the contract there, for one writer', async () => {
    await buildTool();
    const folder = await mkdtemp(join(tmpdir(), 'cinnabar-anchor-'));
    const key = join(folder, 'chain.key');
    await writeFile(key, `${chainKeys.writer}\n`);
    const deploy = async (...words: string[]) => {
      const all = ['ledger', 'deploy-anchor', '--rpc', chain.rpcUrl, ...words, '--json'];
      const { status, stdout } = await cinnabar(all);
      return { status, ...JSON.parse(stdout) };
    };
    try {
      const unsaid = await deploy('--key-file', key);
      expect(unsaid).toMatchObject({ status: 2, error: { code: 'wrong_use' } });
      const [shown = ''] = commandsOf(
        await snippetWith('docs/ledger-adapters.md', 'sh', 'deploy-anchor'),
      );
      const line = shown.replace('https://node.example', chain.rpcUrl);
      const { status, stdout } = await documented(`${line} --json`, folder);
      const made = { status, ...JSON.parse(stdout) };
      expect(made).toMatchObject({ status: 0, chainId: 31337 });
      anchor = evmLedger(
        connectEvm({ rpcUrl: chain.rpcUrl, privateKey: chainKeys.writer }),
        made.contract,
      );
      const ledger = memoryLedger(systemClock);
      await fill(ledger, 4, 'd');
      expect(await anchored(ledger)).toMatchObject({ size: 4 });
      const stranger = connectEvm({ rpcUrl: chain.rpcUrl, privateKey: chainKeys.stranger });
      const root = 'ab'.repeat(32);
      await expect(
        evmLedger(stranger, made.contract).anchor({ origin, size: 9, root }),
      ).rejects.toMatchObject({ code: 'ledger_conflict' });
      await writeFile(key, 'not a key\n');
      expect(await deploy('--key-file', key, '--yes')).toMatchObject({
        status: 2,
        error: { code: 'bad_input' },
      });
      await writeFile(key, `0x${'11'.repeat(32)}\n`);
      // An account that cannot pay.
      expect(await deploy('--key-file', key, '--yes')).toMatchObject({
        status: 2,
        error: { code: 'network' },
      });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  it('A8: `cinnabar ledger verify` holds a log against the chain', async () => {
    await freshAnchor();
    await buildTool();
    const folder = await mkdtemp(join(tmpdir(), 'cinnabar-anchor-'));
    const ledger = memoryLedger(systemClock);
    await fill(ledger, 6, 'v');
    const forked = memoryLedger(systemClock);
    await fill(forked, 8, 'f');
    const trust = join(folder, 'trust.json');
    const verify = async (log: Ledger) => {
      const { url, server } = await serve(log);
      await writeFile(trust, JSON.stringify(await log.trust()));
      const [shown = ''] = commandsOf(
        await snippetWith('docs/ledger-adapters.md', 'sh', 'ledger verify'),
      );
      const line = shown
        .replace('https://cinnabar.example', url)
        .replace('https://node.example', chain.rpcUrl)
        .replace('0x…', contract);
      const { status, stdout } = await documented(`${line} --json`, folder);
      server.close();
      return { status, ...JSON.parse(stdout) };
    };
    try {
      expect(await verify(ledger)).toMatchObject({ status: 1, code: 'anchor_missing' });
      await anchored(ledger);
      await fill(ledger, 3, 'later');
      expect(await verify(ledger)).toMatchObject({ status: 0, size: 9, anchoredSize: 6 });
      expect(await verify(forked)).toMatchObject({ status: 1, code: 'consistency_failed' });
      const usage = await cinnabar([
        'ledger',
        'verify',
        folder,
        '--trust',
        trust,
        '--anchor-rpc',
        chain.rpcUrl,
      ]);
      expect(usage.status).toBe(2);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
