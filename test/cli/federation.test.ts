import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Roster } from '../../src/core/federation/roster.ts';
import { federationRoster, federationSecretNames } from '../../src/hosts/federation.mjs';
import { writeInventedFolder } from '../helpers/invented-folder.ts';
import { buildTool, cinnabar } from './tool.ts';

let folder: string;
const persons = 400;

const model = () => join(folder, 'model.json');
const trainIt = (...more: string[]) =>
  cinnabar(['federation', 'train', folder, '--out', model(), '--lambda', '5', '--json', ...more]);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cinnabar-federation-'));
  await Promise.all([writeInventedFolder(folder, persons), buildTool()]);
}, 60_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('A4: cinnabar federation', () => {
  it("prints a party's line of the roster from its secret, and nothing of the secret", async () => {
    const secrets = Object.fromEntries(
      federationSecretNames.map((name) => [name, randomBytes(32).toString('base64url')]),
    );
    const text = Buffer.from(federationRoster(secrets), 'base64url').toString();
    const { nodes, decision } = JSON.parse(text) as Roster;
    for (const line of [nodes[0], decision]) {
      if (!line) throw new Error('the roster has no such line');
      const { id, name } = line;
      const secret = secrets[id === 'decision' ? 'FEDERATION_DECISION_KEY' : 'NODE_KEY_BANK'] ?? '';
      await writeFile(join(folder, 'secret'), `${secret}\n`);
      const words = ['--id', id, '--zh', name.zh, '--en', name.en];
      const part = new URL('../../src/workers/sample/model.part-A.json', import.meta.url);
      const ofNode = id === 'decision' ? [] : ['--part', fileURLToPath(part), '--proves-identity'];
      const printed = await cinnabar([
        ...['federation', 'keys', join(folder, 'secret'), ...words, ...ofNode],
      ]);
      expect(JSON.parse(printed.stdout)).toEqual(line);
      expect(printed.stdout).not.toContain(secret);
    }
    await writeFile(join(folder, 'secret'), 'short\n');
    const short = ['--id', 'bank', '--zh', '行', '--en', 'Bank'];
    const refused = await cinnabar(['federation', 'keys', join(folder, 'secret'), ...short]);
    expect(refused).toMatchObject({ status: 2 });
  });

  it('trains, writes each secret part to a file of its own, and evaluates', async () => {
    const trained = await trainIt();
    expect(trained.stderr).toBe('');
    const { hash, report } = JSON.parse(trained.stdout);
    expect(report.rows).toBe(80);
    const files = (await readdir(folder)).filter((name) => name.startsWith('model'));
    expect(files.sort()).toEqual([
      'model.json',
      'model.part-A.json',
      'model.part-B.json',
      'model.part-C.json',
    ]);
    expect((await stat(join(folder, 'model.part-B.json'))).mode & 0o777).toBe(0o600);

    const scores = join(folder, 'scores.csv');
    const outcome = await cinnabar([
      ...['federation', 'evaluate', folder, '--model', model(), '--scores', scores],
      ...['--baselines', folder, '--json'],
    ]);
    expect(outcome.status).toBe(0);
    const { rows, auc, ks, brier, meanPd, exact, baselines } = JSON.parse(outcome.stdout);
    expect({ rows, exact }).toEqual({ rows: 80, exact: true });
    expect(auc * 1e6).toBeCloseTo(report.auc, 0);
    expect(ks).toBeGreaterThan(0);
    expect(brier).toBeLessThan(0.26);
    expect(meanPd).toBeCloseTo(report.meanPd / 1e6, 5);
    expect(baselines.map(({ name }: { name: string }) => name)).toEqual([
      'central scorecard',
      'central LR, raw columns',
      'party A alone',
      'party B alone',
      'party C alone',
    ]);
    const lines = (await readFile(scores, 'utf8')).trim().split('\n');
    expect(lines.length).toBe(81);
    expect(lines[0]).toBe('pid,score');
    expect(lines[1]).toMatch(/^[0-9a-f]{32},0\.\d+$/);

    const again = await trainIt('--seed', 'other masks');
    expect(JSON.parse(again.stdout).hash).toBe(hash);

    const once = await trainIt('--method', 'gram');
    expect(once.stderr).toBe('');
    const { hash: other, history } = JSON.parse(once.stdout);
    expect(other).not.toBe(hash);
    expect(history.length).toBe(2);
    const scored = await cinnabar([
      ...['federation', 'evaluate', folder, '--model', model(), '--json'],
    ]);
    expect(JSON.parse(scored.stdout)).toMatchObject({ rows: 80, exact: true });
  });

  it('refuses in words', async () => {
    const words = (outcome: { stdout: string }) => JSON.parse(outcome.stdout).error;
    expect(words(await trainIt('--rounds', 'x')).code).toBe('wrong_use');
    expect(words(await trainIt('--method', 'x')).code).toBe('wrong_use');
    expect(words(await trainIt('--method', 'gram', '--resume')).code).toBe('wrong_use');
    expect(words(await trainIt('--resume'))).toMatchObject({ code: 'ENOENT' });
    expect(words(await trainIt('--keys', join(folder, 'model.json'))).code).toBe('bad_input');
    const elsewhere = ['federation', 'train', join(folder, 'no'), '--out', model(), '--json'];
    expect(words(await cinnabar(elsewhere)).code).toBe('ENOENT');
    const part = join(folder, 'model.part-C.json');
    await writeFile(part, (await readFile(part, 'utf8')).replace('"mean":', '"mean":1'));
    const tampered = ['federation', 'evaluate', folder, '--model', model(), '--json'];
    expect(words(await cinnabar(tampered)).code).toBe('model_invalid');
  });
});
