import { defineConfig } from 'vite';

interface Graph {
  getModuleInfo(id: string): {
    isEntry: boolean;
    importers: readonly string[];
    importedIds: readonly string[];
    code: string | null;
  } | null;
}

const alwaysFetched = new Map<string, boolean>();

/**
 * Whether a module comes with the entry. What does is one file: a phone far away fetches one sooner
 * than twenty that share the same bytes.
 */
function isAlwaysFetched(id: string, graph: Graph): boolean {
  const known = alwaysFetched.get(id);
  if (known !== undefined) return known;
  alwaysFetched.set(id, false);
  const info = graph.getModuleInfo(id);
  const is =
    info !== null &&
    (info.isEntry || info.importers.some((importer) => isAlwaysFetched(importer, graph)));
  alwaysFetched.set(id, is);
  return is;
}

const smallBytes = 8_000;
const fewImporters = 3;
const common = new Map<string, boolean>();

/** Small, and leads to nothing that is not: it may come along where it is not needed. */
function isLight(id: string, graph: Graph): boolean {
  const known = common.get(id);
  if (known !== undefined) return known;
  common.set(id, true);
  const info = graph.getModuleInfo(id);
  const is =
    info !== null &&
    (info.code?.length ?? 0) <= smallBytes &&
    info.importedIds.every((next) => isAlwaysFetched(next, graph) || isLight(next, graph));
  common.set(id, is);
  return is;
}

/**
 * Small things that several pages share are one file too: as files of their own, a page waited for
 * twenty answers of a kilobyte.
 */
function isCommon(id: string, graph: Graph): boolean {
  const importers = graph.getModuleInfo(id)?.importers.length ?? 0;
  return id.includes('/src/') && importers >= fewImporters && isLight(id, graph);
}

/**
 * The console: static files that the Worker's assets binding serves.
 *
 * WebAssembly is reached through `#wasm/*` under the `browser` condition, so that each module is
 * a file of its own. Nothing is inlined: the content policy allows no `data:` script or module.
 */
export default defineConfig({
  root: 'src/console',
  base: '/',
  publicDir: 'public',
  clearScreen: false,
  worker: { format: 'es' },
  resolve: {
    alias: [
      {
        find: /^libsodium$/,
        replacement: new URL('src/platform/sodium/libsodium.web.ts', import.meta.url).pathname,
      },
    ],
  },
  build: {
    outDir: '../../dist/console',
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rolldownOptions: {
      output: {
        codeSplitting: {
          // What the shell needs is the shell's, also where common things lead to it.
          groups: [
            { name: (id, graph) => (isAlwaysFetched(id, graph) ? 'shell' : null), priority: 2 },
            { name: (id, graph) => (isCommon(id, graph) ? 'common' : null), priority: 1 },
          ],
        },
      },
    },
  },
});
