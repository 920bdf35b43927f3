import { kmac256xof } from '@noble/hashes/sha3-addons.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import source from '#wasm/biometric';
import { type CoreExports, instantiate, moduleOf } from './load.ts';

// Templates of biometric features that can be revoked, in the words of ISO/IEC 24745: the template
// is a pseudonymous identifier, the key the auxiliary data that belongs to it. With another key the
// same face gives a template that has nothing to do with the first.

/** The entry points of assembly/biometric/index.ts. */
interface BiometricExports extends CoreExports {
  reset(): void;
  allocate(bytes: number): number;
  protect(
    features: number,
    count: number,
    signs: number,
    dithers: number,
    step: number,
    bits: number,
    out: number,
  ): void;
  distance(a: number, b: number, bytes: number): number;
}

export const featureCount = 128;
export const templateBits = 2_048;
export const templateBytes = templateBits / 8;
export const transformKeyBytes = 32;

/** Features are taken in steps of 1/8192. */
const scale = 8_192;
/** Width of a quantiser's step in the features' own unit: how far apart distances still show. */
export const quantiserStep = 0.9;
const step = Math.round(quantiserStep * scale);

export interface Biometric {
  /**
   * The protected template of a feature vector of 128 numbers between -4 and 4.
   *
   * @throws RangeError for another vector, or a key that is not of 32 bytes
   */
  protect(features: ArrayLike<number>, key: Uint8Array): Uint8Array;
  /** Share of the bits in which two templates differ, 0 to 1. @throws RangeError */
  compare(a: Uint8Array, b: Uint8Array): number;
}

/**
 * The share of bits that differ, on average, between the templates of two vectors this far apart
 * under one key (Boufounos and Rane, equation 6, with projections of +-1). It is near one half, and
 * tells nothing more, from a distance of about the quantiser's step on.
 */
export function expectedShare(distance: number): number {
  let sum = 0;
  for (let k = 1; k < 20; k += 2) {
    sum += Math.exp(-((Math.PI * k * distance) ** 2) / (2 * quantiserStep ** 2)) / k ** 2;
  }
  return 0.5 - (4 / Math.PI ** 2) * sum;
}

export async function loadBiometric(): Promise<Biometric> {
  const wasm = instantiate<BiometricExports>(await moduleOf(source));
  const put = (bytes: Uint8Array) => {
    const at = wasm.allocate(bytes.length);
    new Uint8Array(wasm.memory.buffer, at, bytes.length).set(bytes);
    return at;
  };

  return {
    protect(features, key) {
      if (key.length !== transformKeyBytes) throw new RangeError('the key is not of 32 bytes');
      wasm.reset();
      const vector = put(new Uint8Array(quantised(features).buffer));
      const signs = put(stream(key, 'signs', (templateBits * featureCount) / 8));
      const dithers = put(new Uint8Array(dithersOf(key).buffer));
      const out = wasm.allocate(templateBytes);
      wasm.protect(vector, featureCount, signs, dithers, step, templateBits, out);
      const template = new Uint8Array(wasm.memory.buffer, out, templateBytes).slice();
      // Neither features nor key stay in the module's memory.
      new Uint8Array(wasm.memory.buffer, vector, out - vector).fill(0);
      return template;
    },
    compare(a, b) {
      if (a.length !== templateBytes || b.length !== templateBytes) {
        throw new RangeError(`a template has ${templateBytes} bytes`);
      }
      wasm.reset();
      return wasm.distance(put(a), put(b), templateBytes) / templateBits;
    },
  };
}

function quantised(features: ArrayLike<number>): Int16Array<ArrayBuffer> {
  const values = Array.from(features);
  if (values.length !== featureCount || !values.every((x) => Math.abs(x) <= 4 - 1 / scale)) {
    throw new RangeError('no feature vector');
  }
  return Int16Array.from(values, (x) => Math.round(x * scale));
}

/** KMACXOF256 (NIST SP 800-185 section 4.3.1): a stream that nobody tells from chance without the key. */
function stream(key: Uint8Array, label: string, bytes: number): Uint8Array {
  const personalization = utf8ToBytes('cinnabar biometric transform 1');
  return kmac256xof(key, utf8ToBytes(label), { personalization, dkLen: bytes });
}

/** Uniform below twice the step, which is the period; 2^32 is so much more that the bias is 3e-6. */
function dithersOf(key: Uint8Array): Uint32Array<ArrayBuffer> {
  const bytes = stream(key, 'dithers', templateBits * 4);
  const words = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Uint32Array.from(
    { length: templateBits },
    (_, i) => words.getUint32(4 * i, true) % (2 * step),
  );
}
