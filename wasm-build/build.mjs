// Builds everything that is generated before TypeScript can run: the WebAssembly modules named in
// asconfig.json, the two doors through which hosts import each of them, and libsodium's module.
// Usage: node wasm-build/build.mjs [target ...] [--compile] [--keep]. Without names, all of them.
// A target whose sources have not changed since its last build is left alone, and what lies ready
// of just these sources is taken. --compile takes nothing that lies ready; --keep lays ready what
// was compiled.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { compile, modelOf, sourceDigest } from './compile.mjs';
import { keep, keptModule } from './kept.mjs';
import { customSection, splitNames } from './names.mjs';
import { buildSodium } from './sodium.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const out = join(root, 'wasm-build', 'out');
const keeps = process.argv.includes('--keep');
const compiles = keeps || process.argv.includes('--compile');

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

/** The stamp of a module that was compiled here, and of one that lay ready. */
const compiledStamp = (digest) => digest;
const takenStamp = (digest) => `${digest} taken`;

async function isStale(target, digest) {
  const built = await readFile(join(out, `${target}.stamp`), 'utf8').catch(() => '');
  if (keeps && !(await keptModule(target, digest))) return true;
  return built !== compiledStamp(digest) && (compiles || built !== takenStamp(digest));
}

/** Puts a module where hosts find it: without names, which are kept apart, and with its model. */
async function install(target, compiled, stamp) {
  const { module, names } = splitNames(compiled);
  const model = await modelOf(target);
  const bytes = model ? Buffer.concat([module, customSection('model', model)]) : module;
  const temporary = join(out, `${target}.${process.pid}.tmp.wasm`);
  await writeFile(temporary, bytes);
  await writeFile(join(out, `${target}.names`), names);
  // Renaming keeps a build that runs at the same time from reading half a module.
  await rename(temporary, join(out, `${target}.wasm`));
  await writeDoors(target);
  await writeFile(join(out, `${target}.stamp`), stamp);
  console.error(`${target}.wasm ${bytes.length} bytes, ${gzipSync(bytes).length} gzip`);
}

async function buildTarget(target) {
  const digest = await sourceDigest(target);
  const module = await compile(target);
  if (keeps) await keep(target, digest, module);
  await install(target, module, compiledStamp(digest));
}

/** Whether a module lay ready. */
async function takeKept(target, digest) {
  const module = compiles ? undefined : await keptModule(target, digest);
  if (module) await install(target, module, takenStamp(digest));
  return module !== undefined;
}

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
      const child = fork(fileURLToPath(import.meta.url), ['--serve', ...(keeps ? ['--keep'] : [])]);
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
    for (const target of wanted) {
      const digest = await sourceDigest(target);
      if (!(await isStale(target, digest)) || (await takeKept(target, digest))) continue;
      stale.push(target);
    }
    const [only] = stale;
    if (stale.length > 1) await buildApart(stale);
    else if (only) await buildTarget(only);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  }
}
