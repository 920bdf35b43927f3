import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rosterHash } from '../../src/core/federation/roster.ts';
import { federationOf, secretOf } from '../../src/platform/federation/configuration.ts';
import { samplePerson, startFederation } from '../helpers/federation.ts';
import { writeInventedFolder } from '../helpers/invented-folder.ts';
import { buildTool, cinnabar, repository } from './tool.ts';

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

describe('A3: from nothing to a federation, by the commands', () => {
  const sample = (name: string) => join(repository, 'src/workers/sample', name);
  const at = (name: string) => join(folder, name);
  const names = ['--en', 'A party', '--zh', '参与方'];
  const nodes = [
    { id: 'county-bank', part: 'A', more: ['--new-consortium', 'c.key', '--proves-identity'] },
    { id: 'operator', part: 'B', more: ['--consortium', 'c.key'] },
    { id: 'registry', part: 'C', more: ['--consortium', 'c.key', '--proves-identity'] },
  ] as const;
  const lines = ['decision', ...nodes.map(({ id }) => id)].map((id) => `${id}.json`);

  const filesOf = (id: string) => ['--secrets', at(`${id}.env`), '--line', at(`${id}.json`)];
  const keysOf = (id: string, ...more: string[]) =>
    cinnabar(['federation', 'keys', id, ...filesOf(id), ...names, ...more, '--json']);
  const nodeKeys = ({ id, part, more }: (typeof nodes)[number]) => {
    const [option, file, ...flags] = more;
    const own = ['--part', sample(`model.part-${part}.json`), option, at(file)];
    return keysOf(id, ...own, ...flags);
  };
  const rosterFrom = (files: string[], model = sample('model.json')) => {
    const made = ['--name', 'county', '--model', model, '--out', at('roster.json'), '--json'];
    return cinnabar(['federation', 'roster', ...files.map(at), ...made]);
  };
  const accept = (party: string, ...more: string[]) => {
    const words = ['accept', at('roster.json'), '--secrets', at(`${party}.env`), '--json'];
    return cinnabar(['federation', ...words, ...more]);
  };
  const settingsOf = async (party: string) => {
    const text = await readFile(at(`${party}.env`), 'utf8');
    const pairs = text.trimEnd().split('\n');
    return Object.fromEntries(pairs.map((line) => line.split('='))) as Record<string, string>;
  };
  const refusal = ({ stdout }: { stdout: string }) => JSON.parse(stdout).error.message as string;

  beforeAll(async () => {
    for (const node of nodes) {
      const { status, stdout } = await nodeKeys(node);
      expect([status, stdout]).toEqual([0, expect.stringContaining(node.id)]);
    }
    expect((await keysOf('decision', '--decision')).status).toBe(0);
  }, 60_000);

  it('secrets are for one person, and of one party', async () => {
    for (const id of ['county-bank', 'decision', 'c']) {
      const path = at(id === 'c' ? 'c.key' : `${id}.env`);
      expect((await stat(path)).mode & 0o777).toBe(0o600);
    }
    const bank = await settingsOf('county-bank');
    expect(Object.keys(bank)).toEqual([
      'NODE_KEY_COUNTY_BANK',
      'FEDERATION_OPERATOR_TOKEN',
      'FEDERATION_CONSORTIUM_KEY',
    ]);
    const line = await readFile(at('county-bank.json'), 'utf8');
    for (const secret of Object.values(bank)) expect(line).not.toContain(secret);
    // Again, after a training say: the line is made anew, the keys stay.
    const [, operator] = nodes;
    const before = await settingsOf('operator');
    await nodeKeys(operator);
    expect(await settingsOf('operator')).toEqual(before);
  });

  it('the keys and the roster start a federation that decides', async () => {
    const made = JSON.parse((await rosterFrom(lines)).stdout);
    const other = JSON.parse((await rosterFrom([...lines].reverse())).stdout);
    expect(other.hash).toBe(made.hash);
    for (const party of ['county-bank', 'operator', 'registry', 'decision']) {
      const accepted = await accept(party, '--hash', made.hash);
      expect(JSON.parse(accepted.stdout)).toMatchObject({ party, hash: made.hash });
    }
    expect(JSON.parse((await accept('edge')).stdout)).toMatchObject({ party: null });

    const edge = await settingsOf('edge');
    const { roster } = await federationOf(edge.FEDERATION_ROSTER);
    expect(rosterHash(roster)).toBe(made.hash);
    expect(roster.nodes.map(({ mandatory }) => mandatory)).toEqual([false, true, false]);
    const all = Object.assign(
      {},
      ...(await Promise.all([...nodes.map(({ id }) => id), 'decision'].map(settingsOf))),
    ) as Record<string, string>;
    const nameOf = (id: string) =>
      id === 'decision'
        ? 'FEDERATION_DECISION_KEY'
        : `NODE_KEY_${id.toUpperCase().replace('-', '_')}`;
    const started = await startFederation({
      given: {
        roster,
        consortium: secretOf('consortium', all.FEDERATION_CONSORTIUM_KEY),
        secretOf: (id) => secretOf(id, all[nameOf(id)]),
      },
    });
    const person = samplePerson(1);
    await started.fileEverywhere(person, -1);
    const { statement, request } = await started.decisionFor(started.apply(person));
    expect(request.state).toBe('decided');
    expect(statement.identity).toBe('proven');
  });

  it('R1: what would make no safe federation is refused in words', async () => {
    expect(refusal(await rosterFrom(lines.slice(1)))).toContain('one decision service');
    expect(refusal(await rosterFrom(lines.slice(0, -1)))).toContain('part C of the model');
    expect(refusal(await rosterFrom([...lines, 'registry.json']))).toContain('part C of the model');
    expect(refusal(await rosterFrom(lines, at('roster.json')))).toContain('no federated model');

    const path = at('registry.json');
    const line = await readFile(path, 'utf8');
    await writeFile(path, line.replace('"provesIdentity": true', '"provesIdentity": false'));
    expect(refusal(await rosterFrom(lines))).toContain('registry.json: the line is not signed');
    await writeFile(path, line);

    const stranger = [...filesOf('stranger'), ...names, '--part', sample('model.part-C.json')];
    await cinnabar([
      'federation',
      'keys',
      'stranger',
      ...stranger,
      '--new-consortium',
      at('d.key'),
    ]);
    const mixed = lines.map((file) => (file === 'registry.json' ? 'stranger.json' : file));
    expect(refusal(await rosterFrom(mixed))).toContain('different consortium keys');

    await rosterFrom(lines);
    expect(refusal(await accept('stranger'))).toContain('does not name the party');
    expect(refusal(await accept('decision', '--hash', 'ab'))).toContain('another roster');
    const [bank] = nodes;
    expect(refusal(await nodeKeys({ ...bank, id: 'other' as 'county-bank' }))).toContain('already');
    await rm(at('registry.env'));
    await nodeKeys(nodes[2]);
    expect(refusal(await accept('registry'))).toContain('other keys for registry');
  });
});
