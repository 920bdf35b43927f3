declare module '*/libsodium.wasm' {
  const module: WebAssembly.Module;
  export default module;
}

declare module '*/libsodium.glue.mjs' {
  /** Emscripten's module object; only libsodium-wrappers looks inside. */
  export interface SodiumModule {
    readonly ready?: Promise<unknown>;
  }
  export interface SodiumOptions {
    readonly getRandomValue?: () => number;
    readonly instantiateWasm?: (
      imports: Record<string, WebAssembly.ModuleImports>,
      done: (instance: WebAssembly.Instance) => void,
    ) => void;
  }
  export default function createSodium(options: SodiumOptions): Promise<SodiumModule>;
}

declare module '*/libsodium.wasm?url' {
  const address: string;
  export default address;
}
