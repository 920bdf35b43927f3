import { defineConfig } from 'vite';

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
  },
});
