import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { filesUnder, run } from './tools.mjs';

const layerRules = ['noRestrictedImports', 'noRestrictedGlobals'].map((rule) => `style/${rule}`);

async function biome(root, words, sentence) {
  const { ok, output } = await run(root, 'biome', [
    ...words,
    '--error-on-warnings',
    '--max-diagnostics=100',
    '.',
  ]);
  return ok ? [] : [`${sentence}\n${output}`];
}

export function format(root) {
  return biome(
    root,
    ['check', '--linter-enabled=false'],
    'some files are not formatted; npm run format mends them',
  );
}

export function lint(root) {
  return biome(root, ['lint'], 'the linter found something');
}

/** Who may import whom: the table stands in biome.json, one override per folder. */
export function layers(root) {
  const rules = [...layerRules, 'suspicious/noImportCycles'].map((rule) => `--only=${rule}`);
  return biome(root, ['lint', ...rules], 'a file imports what its layer may not see');
}

export async function types(root) {
  const problems = [];
  for (const host of ['worker', 'node', 'web']) {
    const { ok, output } = await run(root, 'tsc', ['-p', `tsconfig.${host}.json`]);
    if (!ok) problems.push(`the types of tsconfig.${host}.json do not hold\n${output}`);
  }
  return problems;
}

/** Each *.gen.ts names its script in the first line; run with --check, the script compares. */
export async function generated(root) {
  const problems = [];
  const scripts = new Set();
  for (const path of await filesUnder(root)) {
    if (!path.endsWith('.gen.ts')) continue;
    const text = await readFile(join(root, path), 'utf8');
    const script = /^\/\/ Made by (\S+\.mjs);/.exec(text)?.[1];
    if (script) scripts.add(script);
    else problems.push(`${path}: its first line does not say "Made by SCRIPT;"`);
  }
  for (const script of scripts) {
    const { ok, output } = await run(root, 'node', [script, '--check']);
    if (!ok) problems.push(`${output}; run node ${script}`);
  }
  return problems;
}
