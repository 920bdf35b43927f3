// What face-api knows as `@tensorflow/tfjs`: the core and the WebAssembly backend, and no more.
import '@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops';

export * from '@tensorflow/tfjs-backend-wasm';
export * from '@tensorflow/tfjs-core';
