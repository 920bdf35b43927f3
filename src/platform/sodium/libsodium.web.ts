// Stands in for the package `libsodium` in the console's bundle (vite.config.ts): the same module,
// as a file of its own instead of text inside a script. libsodium-wrappers stays unmodified.
import createSodium, {
  type SodiumModule,
  type SodiumOptions,
} from '../../../wasm-build/out/libsodium.glue.mjs';
import address from '../../../wasm-build/out/libsodium.wasm?url';

/** Makes libsodium's Emscripten module; called once by libsodium-wrappers. */
export default async function createLibsodium(options: SodiumOptions): Promise<SodiumModule> {
  const module = await WebAssembly.compileStreaming(fetch(address));
  return createSodium({
    ...options,
    instantiateWasm: (imports, done) => done(new WebAssembly.Instance(module, imports)),
  });
}
