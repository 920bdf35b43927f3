import { defineConfig } from 'vite';

interface Graph {
  getModuleInfo(id: string): { isEntry: boolean; importers: readonly string[] } | null;
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
          groups: [{ name: (id, graph) => (isAlwaysFetched(id, graph) ? 'shell' : null) }],
        },
      },
    },
  },
});
