import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { sourceDigest } from '../../wasm-build/compile.mjs';
import { keptModule } from '../../wasm-build/kept.mjs';
import { splitNames } from '../../wasm-build/names.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const { targets } = JSON.parse(await readFile(join(root, 'asconfig.json'), 'utf8'));
const kept = (name: string) => join(root, 'wasm-build/kept', name);
const built = (name: string) => join(root, 'wasm-build/out', name);

describe('modules that lie ready for a first start', () => {
  it.each(Object.keys(targets))(
    '%s is, byte for byte, what its sources compile to',
    async (target) => {
      const [sources = ''] = (await readFile(kept(`${target}.stamp`), 'utf8')).split(' ');
      const module = await keptModule(target, sources);
      expect(module, `${target} is not what its stamp says`).toBeDefined();
      if (!module || sources !== (await sourceDigest(target))) {
        // Of other sources it is not taken, and a first start takes longer.
        console.warn(`${target} is out of date: node wasm-build/build.mjs --keep`);
        return;
      }
      // Not one that was itself taken from there: `npm run build`, and so `npm test`, compiles.
      expect(await readFile(built(`${target}.stamp`), 'utf8'), 'npm run build first').toBe(sources);
      const { module: bare, names } = splitNames(module);
      const whole = await readFile(built(`${target}.wasm`));
      expect(whole.subarray(0, bare.length).equals(bare)).toBe(true);
      expect(names.equals(await readFile(built(`${target}.names`)))).toBe(true);
    },
  );

  it('are taken neither for other sources nor with a byte changed', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'cinnabar-kept-'));
    try {
      const [sources = ''] = (await readFile(kept('gm.stamp'), 'utf8')).split(' ');
      const module = await readFile(kept('gm.wasm'));
      await copyFile(kept('gm.stamp'), join(folder, 'gm.stamp'));
      await writeFile(join(folder, 'gm.wasm'), module);
      expect(await keptModule('gm', sources, folder)).toEqual(module);
      expect(await keptModule('gm', '0'.repeat(64), folder)).toBeUndefined();
      module[module.length >> 1] = (module[module.length >> 1] ?? 0) ^ 1;
      await writeFile(join(folder, 'gm.wasm'), module);
      expect(await keptModule('gm', sources, folder)).toBeUndefined();
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
