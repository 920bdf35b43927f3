import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';

const OPTIONS = ['--config', 'none', '--runtime', 'stub', '-O1', '--enable', 'simd'];
const root = fileURLToPath(new URL('../../', import.meta.url));

/** Exports of a module that a test has compiled: functions over numbers, and the memory. */
export type CompiledExports = { readonly memory: WebAssembly.Memory } & Record<
  string,
  (...values: number[]) => number
>;

/** A name for what the sources beside `entry` and this compiler make. */
function fileFor(entry: string): string {
  const hash = createHash('sha256').update(asc.version).update(OPTIONS.join()).update(entry);
  for (const folder of [dirname(join(root, entry)), join(root, 'assembly/shared')]) {
    for (const file of readdirSync(folder).sort()) {
      if (file.endsWith('.ts')) hash.update(file).update(readFileSync(join(folder, file)));
    }
  }
  return join(tmpdir(), `cinnabar-test-${hash.digest('hex').slice(0, 32)}.wasm`);
}

/**
 * Compiles an AssemblyScript entry of the tests, less optimised than the released modules because
 * that halves the wait, and instantiates it. `entry` is relative to the repository. Such entries reach what no released
 * module exports, like signing with a given nonce. The result is kept in the system's folder for
 * temporary files until a source changes.
 */
export async function compileEntry(entry: string): Promise<CompiledExports> {
  const file = fileFor(entry);
  if (!existsSync(file)) await compile(entry, file);
  const { instance } = await WebAssembly.instantiate(readFileSync(file), {
    env: {
      abort() {
        throw new Error('an assertion of the module failed');
      },
    },
  });
  // The entry exports plain functions and its memory, nothing else.
  return instance.exports as unknown as CompiledExports;
}

async function compile(entry: string, file: string): Promise<void> {
  const temporary = `${file}.${process.pid}`;
  const { error, stderr } = await asc.main([
    entry,
    ...OPTIONS,
    ...['--outFile', relative(root, temporary)],
    ...['--baseDir', root],
  ]);
  if (error) throw new Error(`${entry} did not compile\n${stderr.toString()}`);
  // Renaming keeps a test that runs at the same time from reading half a module.
  renameSync(temporary, file);
}
