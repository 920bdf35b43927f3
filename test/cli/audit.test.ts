import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { encodePem } from '../../src/lib/pem.ts';
import { commandsOf, snippetWith } from '../helpers/snippets.ts';
import { exportedUses, mutated } from '../helpers/usage-export.ts';
import { buildTool, cinnabar, documented } from './tool.ts';

let folder: string;
let text: string;
const file = (name: string) => join(folder, name);

beforeAll(async () => {
  await buildTool();
  folder = await mkdtemp(join(tmpdir(), 'cinnabar-audit-'));
  const exported = await exportedUses(2);
  text = exported.text;
  const [root = new Uint8Array(0)] = exported.trust.roots;
  await writeFile(file('roots.pem'), encodePem('CERTIFICATE', root));
  await writeFile(file('trust.json'), JSON.stringify(await exported.own.deps.ledger.trust()));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function verified(content: string) {
  await writeFile(file('uses.ndjson'), content);
  const trust = ['--roots', file('roots.pem'), '--trust', file('trust.json')];
  return cinnabar(['audit', 'verify', file('uses.ndjson'), ...trust]);
}

test('C8: cinnabar audit verify says who did what, and what was changed', async () => {
  const good = await verified(text);
  expect(good.stderr).toBe('');
  expect(good.status).toBe(0);
  expect(good.stdout).toMatch(/^ok: 2 records of key /);
  expect(good.stdout).toContain('clerk sign:sm2-sm3');
  const bad = await verified(mutated(text, text.lastIndexOf('guarantee'), 5));
  expect(bad.status).toBe(1);
  expect(bad.stdout).toMatch(/^refused: line 3: hash_differs\n/);
});

test('C8: cinnabar audit verify trusts nothing that it was not given', async () => {
  await writeFile(file('uses.ndjson'), text);
  const { status, stderr } = await cinnabar(['audit', 'verify', file('uses.ndjson')]);
  expect(status).toBe(2);
  expect(stderr).toContain('--roots is missing');
});

test('C8: cinnabar audit verify does what README.md shows', async () => {
  await writeFile(file('records.jsonl'), text);
  const commands = commandsOf(await snippetWith('README.md', 'sh', 'audit verify'));
  const command = commands.find((one) => one.includes('audit verify')) ?? '';
  expect(await documented(command, folder)).toMatchObject({ status: 0, stderr: '' });
});
