// Stands in for the package `libsodium` wherever the code is bundled for workerd (wrangler.toml
// `[alias]`, vitest.config.ts). workerd refuses to compile WebAssembly from bytes, and the package
// carries its module as base64; here the same module, taken out by wasm-build/sodium.mjs, arrives
// compiled. libsodium-wrappers stays unmodified and so does its interface.
import createSodium, {
  type SodiumModule,
  type SodiumOptions,
} from '../../../wasm-build/out/libsodium.glue.mjs';
import module from '../../../wasm-build/out/libsodium.wasm';

/** Makes libsodium's Emscripten module; called once by libsodium-wrappers. */
export default function createLibsodium(options: SodiumOptions): Promise<SodiumModule> {
  return createSodium({
    ...options,
    instantiateWasm: (imports, done) => done(new WebAssembly.Instance(module, imports)),
  });
}
