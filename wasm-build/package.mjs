// Fills dist/, the npm package: one self-contained ES module per door and host, the WebAssembly
// modules that they share, their types, and the command line tool.
// Usage: node wasm-build/package.mjs [cli]. With `cli`, only the command line tool.
// Needs the output of build.mjs.
import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const dist = join(root, 'dist');

const hosts = {
  node: { platform: 'node', conditions: ['node'] },
  workerd: {
    platform: 'neutral',
    conditions: ['workerd'],
    // workerd compiles no WebAssembly from bytes, which is how the package carries its module.
    alias: { libsodium: join(root, 'src', 'platform', 'sodium', 'libsodium.ts') },
  },
  browser: { platform: 'browser', conditions: ['browser'] },
};

const doors = {
  gm: { entry: 'src/core/gm.ts', outputs: perHost('gm') },
  seal: { entry: 'src/core/seal.ts', outputs: perHost('seal') },
  ledger: { entry: 'src/core/ledger.ts', outputs: perHost('ledger') },
  tagger: { entry: 'src/core/tagger.ts', outputs: perHost('tagger') },
  business: { entry: 'src/core/business.ts', outputs: perHost('business') },
  federation: { entry: 'src/domain/federation/index.ts', outputs: perHost('federation') },
  certificates: { entry: 'src/client/certificates.ts', outputs: perHost('certificates') },
  client: { entry: 'src/client/index.ts', outputs: perHost('client') },
};

function perHost(door) {
  return Object.entries(hosts).map(([host, settings]) => [`${door}.${host}.js`, settings]);
}

const written = new Set();

/** Another process may be reading the last build of the file, so it is replaced in one step. */
async function writeWhole(path, contents) {
  await mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}.tmp`;
  await writeFile(temporary, contents);
  await rename(temporary, path);
  written.add(path);
}

/** Module imports (workerd) stay imports, and the file they name lies beside the bundle. */
const modulesBeside = {
  name: 'modules-beside',
  setup(bundler) {
    bundler.onResolve({ filter: /\.wasm$/ }, ({ path }) => ({
      path: `./${basename(path)}`,
      external: true,
    }));
  },
};

const modulesUsed = new Set();
const packagesUsed = new Set();

async function bundle(entry, outfile, { platform, conditions, alias = {} }, more = {}) {
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    entryPoints: [entry],
    outfile,
    bundle: true,
    format: 'esm',
    target: 'es2022',
    platform,
    conditions,
    alias,
    charset: 'utf8',
    legalComments: 'none',
    plugins: [modulesBeside],
    write: false,
    metafile: true,
    logLevel: 'silent',
    ...more,
  });
  for (const file of outputFiles) await writeWhole(file.path, file.contents);
  for (const input of Object.keys(metafile.inputs)) {
    const module = /^wasm-build\/out\/([\w-]+)\.(url\.js|workerd\.js|glue\.mjs)$/.exec(input)?.[1];
    if (module) modulesUsed.add(module);
    const name = /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input)?.[1];
    if (name) packagesUsed.add(name);
  }
}

/** Licences ask that their text travels with the code that is bundled from others' packages. */
async function writeNotices() {
  const require = createRequire(join(root, 'package.json'));
  const parts = [];
  for (const name of [...packagesUsed].sort()) {
    const folder = join(root, 'node_modules', name);
    const { version, license } = require(join(folder, 'package.json'));
    const file = (await readdir(folder)).find((entry) => /^licen[cs]e/i.test(entry));
    const text = file
      ? await readFile(join(folder, file), 'utf8')
      : `Licensed under ${license}; its package holds no licence file.`;
    parts.push(`${name} ${version} (${license})\n\n${text.trim()}\n`);
  }
  await writeWhole(
    join(dist, 'THIRD-PARTY.txt'),
    `Code from these packages is part of the files in this folder.\n\n${parts.join('\n---\n\n')}`,
  );
}

/** Declarations name `.ts` files as the sources do; beside JavaScript they must say `.js`. */
function nameAsJavaScript(declarations) {
  return declarations.replace(/((?:from|import\()\s*["']\.{1,2}\/[^"']+)\.ts(["'])/g, '$1.js$2');
}

async function writeTypes() {
  const temporary = await mkdtemp(join(tmpdir(), 'cinnabar-types-'));
  try {
    const configuration = join(root, 'wasm-build', 'tsconfig.package.json');
    const compiler = join(root, 'node_modules', 'typescript', 'lib', 'tsc.js');
    await promisify(execFile)(
      process.execPath,
      [compiler, '-p', configuration, '--outDir', temporary],
      { cwd: root },
    ).catch(({ stdout }) => {
      throw new Error(`the types of the package do not compile\n${stdout}`);
    });
    for (const file of await filesUnder(temporary)) {
      const declarations = await readFile(file, 'utf8');
      const path = join(dist, 'types', relative(temporary, file));
      await writeWhole(path, nameAsJavaScript(declarations));
    }
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

async function filesUnder(folder) {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
}

async function copyModules() {
  for (const module of modulesUsed) {
    const bytes = await readFile(join(root, 'wasm-build', 'out', `${module}.wasm`));
    await writeWhole(join(dist, `${module}.wasm`), bytes);
  }
}

async function bundleCommandLine() {
  const outfile = join(dist, 'cli.js');
  const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  await bundle('src/cli/main.ts', outfile, hosts.node, {
    banner: { js: '#!/usr/bin/env node' },
    define: { CINNABAR_VERSION: JSON.stringify(version) },
  });
  await chmod(outfile, 0o755);
}

/** Other folders of dist/ belong to other builds. */
async function removeStale() {
  const entries = await readdir(dist, { withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(dist, entry.name));
  for (const file of [...files, ...(await filesUnder(join(dist, 'types')))]) {
    if (!written.has(file) && !file.endsWith('.tmp')) await rm(file, { force: true });
  }
}

try {
  await bundleCommandLine();
  if (process.argv[2] === 'cli') {
    await copyModules();
  } else {
    for (const { entry, outputs } of Object.values(doors)) {
      for (const [file, settings] of outputs) await bundle(entry, join(dist, file), settings);
    }
    await copyModules();
    await writeNotices();
    await writeTypes();
    await removeStale();
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
