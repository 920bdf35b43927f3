// As much of these packages as the host uses. They are installed with the host, not with the
// repository, so their own types are not at hand where everything is checked.

declare module '@tensorflow/tfjs' {
  export interface Tensor {
    dispose(): void;
  }
  export function tensor3d(
    values: Int32Array,
    shape: [number, number, number],
    type: 'int32',
  ): Tensor;
  export function setWasmPaths(folder: string): void;
  export function setBackend(name: 'wasm'): Promise<boolean>;
  export function ready(): Promise<void>;
  export function enableProdMode(): void;
}

declare module '@tensorflow/tfjs-core';
declare module '@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops';
declare module '@tensorflow/tfjs-backend-wasm';

declare module '@vladmandic/face-api/dist/face-api.node-wasm.js' {
  import type { Tensor } from '@tensorflow/tfjs';

  interface Net {
    loadFromDisk(folder: string): Promise<void>;
  }
  export interface FoundFace {
    readonly detection: {
      readonly score: number;
      readonly box: { readonly width: number; readonly height: number };
    };
    readonly descriptor: Float32Array;
  }
  interface Detection {
    withFaceLandmarks(): { withFaceDescriptors(): Promise<readonly FoundFace[]> };
  }
  export const nets: {
    readonly ssdMobilenetv1: Net;
    readonly faceLandmark68Net: Net;
    readonly faceRecognitionNet: Net;
  };
  export class SsdMobilenetv1Options {
    constructor(options: { minConfidence: number; maxResults: number });
  }
  export function detectAllFaces(picture: Tensor, options: SsdMobilenetv1Options): Detection;
}
