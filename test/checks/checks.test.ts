import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const repository = fileURLToPath(new URL('../..', import.meta.url));
const copied = [
  '.gitignore',
  'assembly',
  'asconfig.json',
  'biome.json',
  'docs',
  'package.json',
  'package-lock.json',
  'src',
  'test/checks',
  'test/drills/api-document.ts',
  'tsconfig.base.json',
  'wasm-build',
];

let copy: string;

beforeAll(async () => {
  copy = await mkdtemp(join(tmpdir(), 'cinnabar-checks-'));
  for (const path of copied) {
    await cp(join(repository, path), join(copy, path), { recursive: true });
  }
  await symlink(join(repository, 'node_modules'), join(copy, 'node_modules'));
});
afterAll(() => rm(copy, { recursive: true, force: true }));

function check(gate: string): Promise<{ status: number; output: string }> {
  const script = join(repository, 'test/checks/check.mjs');
  return new Promise((resolve) => {
    execFile(process.execPath, [script, gate, '--root', copy], (error, stdout, stderr) =>
      resolve({ status: error === null ? 0 : Number(error.code), output: stdout + stderr }),
    );
  });
}

/** Changes one file of the copy, looks, and puts it back. */
async function planted(path: string, change: (text: string) => string, gate: string) {
  const file = join(copy, path);
  const before = await readFile(file, 'utf8');
  const after = change(before);
  expect(after).not.toBe(before);
  await writeFile(file, after);
  try {
    return await check(gate);
  } finally {
    await writeFile(file, before);
  }
}

describe('the layers gate', () => {
  it('holds for the tree as it is', async () => {
    expect(await check('layers')).toMatchObject({ status: 0 });
  });

  it('refuses every wrong arrow and a domain that reads the clock', async () => {
    const arrows: [file: string, line: string, sentence: string][] = [
      ['src/lib/planted.ts', "import '../core/gm.ts';", 'lib is a leaf'],
      ['src/core/planted.ts', "import '../edge/app.ts';", 'core imports lib and the built modules'],
      ['src/client/planted.ts', "import '../edge/app.ts';", 'client imports lib, core and types'],
      ['src/domain/planted.ts', "import '../platform/memory/store.ts';", 'take a port'],
      ['src/domain/planted-clock.ts', 'export const now = () => Date.now();', 'take the clock'],
      ['src/domain/audit/planted.ts', "import '../seals/enrol.ts';", 'domain/audit may use only'],
      ['src/cli/planted.ts', "import '../domain/seals/enrol.ts';", 'cli imports client, core, lib'],
      ['src/edge/planted.ts', "import '../platform/d1/rows.ts';", 'never platform'],
      ['assembly/gm/planted.ts', "import '../seal/index';", 'a module imports assembly/shared'],
    ];
    for (const [file, line] of arrows) {
      await mkdir(dirname(join(copy, file)), { recursive: true });
      await writeFile(join(copy, file), `${line}\n`);
    }
    try {
      const { status, output } = await check('layers');
      expect(status).toBe(1);
      expect(output).toContain('a file imports what its layer may not see');
      const complaints = output.split(/^\s*(?=\S+:\d+:\d+ lint\/)/m);
      for (const [file, , sentence] of arrows) {
        const complaint = complaints.find((text) => text.startsWith(`${file}:`));
        expect(complaint, file).toContain(sentence);
      }
    } finally {
      for (const [file] of arrows) await rm(join(copy, file));
    }
  });
});

describe('the dependencies gate', () => {
  it('holds for the tree as it is', async () => {
    expect(await check('dependencies')).toMatchObject({ status: 0 });
  });

  it('refuses a range', async () => {
    const plant = (text: string) => text.replace(/"hono": "([\d.]+)"/, '"hono": "^$1"');
    const { status, output } = await planted('package.json', plant, 'dependencies');
    expect(status).toBe(1);
    expect(output).toMatch(/asks for hono "\^[\d.]+"; write one exact version/);
  });

  it('refuses a version that the lock file does not have', async () => {
    const plant = (text: string) => text.replace(/"hono": "[\d.]+"/, '"hono": "0.0.1"');
    const { status, output } = await planted('package.json', plant, 'dependencies');
    expect(status).toBe(1);
    expect(output).toContain('hono is not as package.json has it');
  });

  it('refuses a registry address in the lock file', async () => {
    const plant = (text: string) =>
      text.replace('"integrity"', '"resolved": "https://registry.example/x.tgz", "integrity"');
    const { status, output } = await planted('package-lock.json', plant, 'dependencies');
    expect(status).toBe(1);
    expect(output).toContain('names a registry address');
  });

  it('refuses a package that users would have to install', async () => {
    const plant = (text: string) =>
      text.replace('"devDependencies"', '"dependencies": { "jose": "6.2.17" },\n"devDependencies"');
    const { status, output } = await planted('package.json', plant, 'dependencies');
    expect(status).toBe(1);
    expect(output).toContain('move it to devDependencies');
  });
});

describe('the generated files gate', () => {
  it('refuses a generated file that was edited by hand', async () => {
    const plant = (text: string) => `${text}// edited\n`;
    const path = 'assembly/gm/sm3-rounds.gen.ts';
    const { status, output } = await planted(path, plant, 'generated');
    expect(status).toBe(1);
    expect(output).toContain(`${path} differs from what wasm-build/generators/sm3.mjs makes`);
  });
});

describe('the OpenAPI gate', () => {
  it('refuses a schema that the committed document does not know', async () => {
    const plant = (text: string) => text.replace(/\bserial: /, 'planted: z.string(), serial: ');
    const { status, output } = await planted('src/edge/schemas/seals.ts', plant, 'openapi');
    expect(status).toBe(1);
    expect(output).toContain('docs/openapi.json is not what src/edge says; run npm run openapi');
  });
});

it('an unknown gate is wrong use', async () => {
  expect(await check('nothing')).toMatchObject({ status: 2 });
});
