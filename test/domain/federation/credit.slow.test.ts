import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import sampleModel from '../../../src/workers/sample/model.json' with { type: 'json' };
import { buildTool, documented, repository, cinnabar as run } from '../../cli/tool.ts';
import { commandsOf, snippetWith } from '../../helpers/snippets.ts';

const data = join(repository, '../shared/credit/taiwan');
const isHere = existsSync(join(data, 'labels.csv'));
if (!isHere) console.warn(`left out: ${data} is not there; docs/federation.md says what it is`);

/** Rivals are trained too, which takes a while on a busy machine. */
const cinnabar = (words: readonly string[]) => run(words, { timeoutMs: 600_000 });

interface Figures {
  readonly rows: number;
  readonly auc: number;
  readonly ks: number;
  readonly brier: number;
  readonly meanPd: number;
}

describe.skipIf(!isHere)('A4: the public credit data, over three parties', () => {
  let folder: string;
  const model = () => join(folder, 'model.json');
  const trained = async (...more: string[]) => {
    const { stdout, stderr } = await cinnabar([
      ...['federation', 'train', data, '--out', model(), '--json'],
      ...more,
    ]);
    expect(stderr).toBe('');
    return JSON.parse(stdout) as { hash: string };
  };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'cinnabar-credit-'));
    await buildTool();
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('A3 A4: is as good as one who sees all, far better than each alone, and exact in every row', async () => {
    await trained();
    const { stdout } = await cinnabar([
      ...['federation', 'evaluate', data, '--model', model(), '--baselines', data, '--json'],
      '--fairness',
    ]);
    const found = JSON.parse(stdout) as Figures & {
      exact: boolean;
      baselines: (Figures & { name: string })[];
      fairness: { column: string; ratio: number }[];
    };
    expect(found.exact).toBe(true);
    expect(found.rows).toBe(4195);
    expect(found.auc).toBeGreaterThanOrEqual(0.778);
    expect(found.ks).toBeGreaterThanOrEqual(0.42);
    expect(found.brier).toBeLessThanOrEqual(0.136);
    const rival = (name: RegExp) => found.baselines.filter((item) => name.test(item.name));
    const alone = Math.max(...rival(/alone/).map(({ auc }) => auc));
    expect(found.auc - alone).toBeGreaterThanOrEqual(0.025);
    for (const { auc } of rival(/central scorecard/))
      expect(found.auc).toBeGreaterThan(auc - 0.002);
    expect(found.fairness.map(({ column }) => column).sort()).toEqual(['MARRIAGE', 'SEX']);
    for (const { ratio } of found.fairness) expect(ratio).toBeGreaterThan(0.8);

    const all = await cinnabar([
      ...['federation', 'evaluate', data, '--model', model(), '--split', 'all', '--json'],
    ]);
    expect(JSON.parse(all.stdout)).toMatchObject({ exact: true });
  });

  it('A4: the model made in one round is as good, and the same whatever the masks', async () => {
    const { hash } = await trained('--method', 'gram');
    expect((await trained('--method', 'gram', '--seed', 'other masks')).hash).toBe(hash);
    const { stdout } = await cinnabar([
      ...['federation', 'evaluate', data, '--model', model(), '--json'],
    ]);
    const found = JSON.parse(stdout) as Figures & { exact: boolean };
    expect(found.exact).toBe(true);
    expect(found.auc).toBeGreaterThanOrEqual(0.782);
    expect(found.ks).toBeGreaterThanOrEqual(0.42);
    expect(found.brier).toBeLessThanOrEqual(0.136);
    expect(Math.abs(found.meanPd - 0.2215)).toBeLessThan(0.01);
  });

  it('A4: the model that the service starts with is what the documented command makes', async () => {
    const [shown = ''] = commandsOf(
      await snippetWith('docs/federation.md', 'sh', 'federation train'),
    );
    const line = shown.replace('src/workers/sample/model.json', model());
    const { stdout } = await documented(`${line} --json`, repository, 600_000);
    expect(JSON.parse(stdout).hash).toBe(sampleModel.hash);
    const parts = sampleModel.parties.map(async ({ id }) => {
      const sample = join(repository, `src/workers/sample/model.part-${id}.json`);
      const [ours, theirs] = [join(folder, `model.part-${id}.json`), sample];
      expect(await readJson(ours)).toEqual(await readJson(theirs));
    });
    await Promise.all(parts);
  });

  it('A4: killed after every round, it goes on to the same model', async () => {
    const rounds = ['--rounds', '10'];
    const whole = await trained(...rounds);
    await rm(model());
    for (let round = 0; round < 10; round++) {
      await killedTraining(model(), round, round === 0 ? rounds : [...rounds, '--resume']);
      expect(existsSync(model())).toBe(false);
    }
    expect((await trained(...rounds, '--resume')).hash).toBe(whole.hash);
  });
});

async function readJson(path: string): Promise<unknown> {
  return JSON.parse(await readFile(path, 'utf8'));
}

/** Kills a training as soon as it has left behind the state of this round or a later one. */
async function killedTraining(out: string, round: number, more: string[]): Promise<void> {
  const words = ['dist/cli.js', 'federation', 'train', data, '--out', out, '--json', ...more];
  const child = spawn(process.execPath, words, { cwd: repository, stdio: 'ignore' });
  const exit = new Promise((done) => child.once('exit', done));
  const checkpoint = out.replace(/\.json$/, '.checkpoint.json');
  const roundOf = () => JSON.parse(readFileSync(checkpoint, 'utf8')).state.round as number;
  while (!existsSync(checkpoint) || roundOf() < round) {
    await new Promise((next) => setImmediate(next));
  }
  child.kill('SIGKILL');
  await exit;
}
