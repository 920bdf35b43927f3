// Builds everything that is generated before TypeScript can run: the WebAssembly modules named in
// asconfig.json, the two doors through which hosts import each of them, and libsodium's module.
// Usage: node wasm-build/build.mjs [target ...] [--force]. Without names, all of them.
// A target whose sources have not changed since its last build is left alone.
import { fork } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { customSection, splitNames } from './names.mjs';
import { buildSodium } from './sodium.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const out = join(root, 'wasm-build', 'out');
const compiler = JSON.parse(
  await readFile(join(root, 'node_modules', 'assemblyscript', 'package.json'), 'utf8'),
);

/** `gm` lives in assembly/gm, `vendor-stroke` in assembly/vendors/stroke. */
function folderOf(target) {
  return target.startsWith('vendor-')
    ? join('assembly', 'vendors', target.slice('vendor-'.length))
    : join('assembly', target);
}

async function filesUnder(folder) {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  return entries
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .sort();
}

/** Where the sources of a target may lie: the layer rules in biome.json allow no other import. */
function foldersOf(target) {
  const folders = ['assembly/shared', folderOf(target)];
  return target.startsWith('vendor-') ? [...folders, 'assembly/seal'] : folders;
}

/** What the vendors share lies beside their folders. */
async function vendorFiles() {
  const folder = join(root, 'assembly/vendors');
  const entries = await readdir(folder, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map(({ name }) => join(folder, name))
    .sort();
}

/** One digest over the sources that the target may import, the configuration and this script. */
async function sourceDigest(target) {
  const hash = createHash('sha256').update(compiler.version).update(target);
  const sources = await Promise.all(
    foldersOf(target).map((folder) => filesUnder(join(root, folder))),
  );
  const files = [
    ...sources.flat(),
    ...(target.startsWith('vendor-') ? await vendorFiles() : []),
    join(root, 'asconfig.json'),
    fileURLToPath(import.meta.url),
  ];
  for (const file of files) hash.update(relative(root, file)).update(await readFile(file));
  hash.update((await modelOf(target)) ?? '');
  return hash.digest('hex');
}

/** A model that lies beside the sources travels in the module, as a section of that name. */
async function modelOf(target) {
  return readFile(join(root, folderOf(target), 'model.bin')).catch(() => undefined);
}

async function writeDoors(target) {
  await writeFile(
    join(out, `${target}.workerd.js`),
    `import module from './${target}.wasm';\nexport default module;\n`,
  );
  await writeFile(
    join(out, `${target}.url.js`),
    `export default new URL('./${target}.wasm', import.meta.url);\n`,
  );
}

async function isStale(target) {
  const built = await readFile(join(out, `${target}.stamp`), 'utf8').catch(() => '');
  return built !== (await sourceDigest(target));
}

async function buildTarget(target) {
  // Loaded only when there is something to compile: it takes a second.
  const { default: asc } = await import('assemblyscript/asc');
  const digest = await sourceDigest(target);
  const temporary = join(out, `${target}.${process.pid}.tmp.wasm`);
  const { error, stderr } = await asc.main(
    [
      join(folderOf(target), 'index.ts'),
      '--config',
      'asconfig.json',
      '--target',
      target,
      '--debug',
      '--outFile',
      relative(root, temporary),
    ],
    { baseDir: root },
  );
  if (error) {
    await rm(temporary, { force: true });
    throw new Error(`${target} did not compile\n${stderr.toString()}`);
  }
  // --debug changes no instruction; it adds the names of functions, which are kept apart.
  const { module, names } = splitNames(await readFile(temporary));
  const model = await modelOf(target);
  await writeFile(
    temporary,
    model ? Buffer.concat([module, customSection('model', model)]) : module,
  );
  await writeFile(join(out, `${target}.names`), names);
  // Renaming keeps a build that runs at the same time from reading half a module.
  await rename(temporary, join(out, `${target}.wasm`));
  await writeDoors(target);
  await writeFile(join(out, `${target}.stamp`), digest);
  const bytes = await readFile(join(out, `${target}.wasm`));
  console.error(`${target}.wasm ${bytes.length} bytes, ${gzipSync(bytes).length} gzip`);
}

const force = process.argv.includes('--force');
const { targets } = JSON.parse(await readFile(join(root, 'asconfig.json'), 'utf8'));

/**
 * One process for each processor, and each builds one target after the other: the compiler takes two
 * seconds to load and is several times as fast once it is warm. asconfig.json names first what takes
 * longest, so that none is left alone at the end.
 */
async function buildApart(names) {
  const waiting = [...names];
  const count = Math.min(availableParallelism(), names.length);
  await Promise.all(
    Array.from({ length: count }, async () => {
      const child = fork(fileURLToPath(import.meta.url), ['--serve']);
      const ended = once(child, 'exit').then(([code]) => ({ code }));
      for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
        child.send(name);
        const { code } = await Promise.race([once(child, 'message'), ended]);
        if (code !== undefined) throw new Error(`${name} was not built`);
      }
      child.disconnect();
      await ended;
    }),
  );
}

/** What `buildApart` starts: builds the targets that it is told, until there are no more. */
function serve() {
  process.on('message', (name) => {
    buildTarget(name).then(
      () => process.send(name),
      (error) => {
        console.error(error instanceof Error ? error.message : error);
        process.exit(1);
      },
    );
  });
}

const named = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
const unknown = named.filter((name) => name !== 'sodium' && !(name in targets));
if (unknown.length > 0) {
  console.error(`asconfig.json has no target ${unknown.join(', ')}`);
  process.exit(2);
}

await mkdir(out, { recursive: true });
if (process.argv.includes('--serve')) serve();
else await buildNamed();

async function buildNamed() {
  try {
    if (named.length === 0 || named.includes('sodium')) await buildSodium(root, out);
    const wanted = Object.keys(targets).filter(
      (name) => named.length === 0 || named.includes(name),
    );
    const stale = [];
    for (const target of wanted) if (force || (await isStale(target))) stale.push(target);
    const [only] = stale;
    if (stale.length > 1) await buildApart(stale);
    else if (only) await buildTarget(only);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  }
}
