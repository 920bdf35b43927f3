// One target of asconfig.json: which sources it has, and the module that the compiler makes of them.
// Whatever decides the bytes of a module stands here, in its sources or in asconfig.json.
import { createHash } from 'node:crypto';
import { readdir, readFile, rm } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
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
export async function sourceDigest(target) {
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
export async function modelOf(target) {
  return readFile(join(root, folderOf(target), 'model.bin')).catch(() => undefined);
}

/**
 * The module with the names of its functions, which change no instruction, and without its model.
 *
 * @throws Error with what the compiler says, when the sources do not compile
 */
export async function compile(target) {
  // Loaded only when there is something to compile: it takes a second.
  const { default: asc } = await import('assemblyscript/asc');
  const temporary = join('wasm-build', 'out', `${target}.${process.pid}.tmp.wasm`);
  const source = join(folderOf(target), 'index.ts');
  const { error, stderr } = await asc.main(
    [source, '--config', 'asconfig.json', '--target', target, '--debug', '--outFile', temporary],
    { baseDir: root },
  );
  try {
    if (error) throw new Error(`${target} did not compile\n${stderr.toString()}`);
    return await readFile(join(root, temporary));
  } finally {
    await rm(join(root, temporary), { force: true });
  }
}
