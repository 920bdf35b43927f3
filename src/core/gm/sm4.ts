import { assertBytes, assertBytesOf, assertOk, assertOptions } from './arguments.ts';
import { GmError } from './error.ts';
import type { Kernel } from './kernel.ts';

// The exchange region during a cipher call: one piece of data, then what has a fixed size.
const PIECE = 65536;
const ROUND_KEYS = PIECE;
const CHAIN = ROUND_KEYS + 128;
const HASH_KEY = CHAIN + 16;
const HASH = HASH_KEY + 16;
const TAG = HASH + 16;
const EXPECTED = TAG + 16;
const END = EXPECTED + 16;

const KEY_BYTES = 16;
const BLOCK_BYTES = 16;
const TAG_BYTES = 16;
/** SP 800-38D §5.2.1.1: the 32-bit counter of GCM ends there. */
const GCM_BYTES_MAX = 2 ** 36 - 32;

export type Sm4Mode = 'ecb' | 'cbc' | 'ctr' | 'gcm' | 'ccm';

/** How to encrypt; the same object decrypts. Nothing has a default but the padding. */
export interface Sm4Options {
  readonly mode: Sm4Mode;
  /** 16 bytes. */
  readonly key: Uint8Array;
  /** CBC and CTR: 16 bytes. GCM: 1 byte or more, 12 are usual. CCM: 7 to 13. ECB: none. */
  readonly iv?: Uint8Array;
  /** Data that GCM and CCM authenticate without encrypting it. */
  readonly aad?: Uint8Array;
  /** ECB and CBC only; `pkcs7` if not given. With `none` the length is a multiple of 16. */
  readonly padding?: 'pkcs7' | 'none';
}

/** SM4 (GB/T 32907) in constant time. */
export interface Sm4 {
  /** With GCM and CCM the last 16 bytes of the result are the tag. */
  encrypt(options: Sm4Options, plaintext: Uint8Array): Uint8Array;
  /**
   * @throws GmError `decryption_failed` for a wrong tag, padding or length; no plaintext leaves
   * then. Padding without a tag says nothing about who wrote the data: prefer GCM.
   */
  decrypt(options: Sm4Options, ciphertext: Uint8Array): Uint8Array;
}

const MODES = {
  ecb: { ivLeast: 0, ivMost: 0, padded: true, authenticated: false },
  cbc: { ivLeast: 16, ivMost: 16, padded: true, authenticated: false },
  ctr: { ivLeast: 16, ivMost: 16, padded: false, authenticated: false },
  gcm: { ivLeast: 1, ivMost: 65536, padded: false, authenticated: true },
  ccm: { ivLeast: 7, ivMost: 13, padded: false, authenticated: true },
} as const;

interface Plan {
  readonly mode: Sm4Mode;
  readonly key: Uint8Array;
  readonly iv: Uint8Array;
  readonly aad: Uint8Array;
  readonly pkcs7: boolean;
}

function refuse(message: string): never {
  throw new GmError('argument_invalid', message);
}

function failed(): GmError {
  return new GmError('decryption_failed', 'the ciphertext does not decrypt');
}

function parseOptions(options: Sm4Options): Plan {
  assertOptions(options, ['mode', 'key', 'iv', 'aad', 'padding'], 'options');
  const { mode, key, iv = new Uint8Array(0), aad = new Uint8Array(0), padding } = options;
  if (!Object.hasOwn(MODES, mode)) refuse('mode must be ecb, cbc, ctr, gcm or ccm');
  const rules = MODES[mode];

  assertBytesOf(key, KEY_BYTES, 'key');
  assertBytes(iv, 'iv');
  if (iv.length < rules.ivLeast || iv.length > rules.ivMost) {
    refuse(
      rules.ivMost === 0
        ? `${mode} takes no iv`
        : `iv must have ${rules.ivLeast} to ${rules.ivMost} bytes`,
    );
  }
  assertBytes(aad, 'aad');
  if (options.aad !== undefined && !rules.authenticated) refuse(`${mode} takes no aad`);
  if (padding !== undefined && padding !== 'pkcs7' && padding !== 'none') {
    refuse('padding must be pkcs7 or none');
  }
  if (padding === 'pkcs7' && !rules.padded) refuse(`${mode} takes no padding`);
  return { mode, key, iv, aad, pkcs7: rules.padded && padding !== 'none' };
}

function lengthBlock(first: number, second: number): Uint8Array {
  const block = new DataView(new ArrayBuffer(16));
  block.setBigUint64(0, BigInt(first) * 8n);
  block.setBigUint64(8, BigInt(second) * 8n);
  return new Uint8Array(block.buffer);
}

/** Length of the padding of the last block, 0 if it is not PKCS#7. Reads all of the block. */
function paddingLength(block: Uint8Array): number {
  const claimed = block[BLOCK_BYTES - 1] ?? 0;
  let wrong = claimed === 0 || claimed > BLOCK_BYTES ? 1 : 0;
  block.forEach((byte, i) => {
    const counts = (BLOCK_BYTES - 1 - i - claimed) >> 31;
    wrong |= counts & (byte ^ claimed);
  });
  return wrong === 0 ? claimed : 0;
}

/** Binds the modes to one instance of the module. */
export function createSm4(kernel: Kernel): Sm4 {
  const { wasm, base, bytes } = kernel;

  function setKey(key: Uint8Array, decrypts: boolean): void {
    bytes.set(key, CHAIN);
    assertOk(wasm.sm4SetKey(base + CHAIN, base + ROUND_KEYS, decrypts ? 1 : 0));
  }

  /** Runs `apply` over `data` piece by piece in the exchange region, the results into `out`. */
  function stream(
    data: Uint8Array,
    out: Uint8Array | undefined,
    apply: (length: number) => number,
  ): void {
    for (let at = 0; at < data.length; at += PIECE) {
      const piece = data.subarray(at, at + PIECE);
      bytes.set(piece);
      assertOk(apply(piece.length));
      out?.set(bytes.subarray(0, piece.length), at);
    }
  }

  const applyEcb = (length: number) => wasm.sm4EcbApply(base + ROUND_KEYS, base, length);
  const applyCbc = (length: number) =>
    wasm.sm4CbcApply(base + ROUND_KEYS, base + CHAIN, base, length);
  const undoCbc = (length: number) =>
    wasm.sm4CbcUndo(base + ROUND_KEYS, base + CHAIN, base, length);
  const applyCtr = (length: number) =>
    wasm.sm4CtrApply(base + ROUND_KEYS, base + CHAIN, base, length, 0);
  const applyCtr32 = (length: number) =>
    wasm.sm4CtrApply(base + ROUND_KEYS, base + CHAIN, base, length, 1);
  const foldHash = (length: number) => wasm.ghashFold(base + HASH_KEY, base + HASH, base, length);

  function encryptBlocks(plan: Plan, plaintext: Uint8Array): Uint8Array {
    const whole = plaintext.length - (plaintext.length % BLOCK_BYTES);
    if (!plan.pkcs7 && whole !== plaintext.length) {
      refuse('without padding the length must be a multiple of 16');
    }
    const out = new Uint8Array(plan.pkcs7 ? whole + BLOCK_BYTES : whole);
    setKey(plan.key, false);
    bytes.set(plan.iv, CHAIN);
    const apply = plan.mode === 'ecb' ? applyEcb : applyCbc;
    stream(plaintext.subarray(0, whole), out, apply);
    if (plan.pkcs7) {
      const last = new Uint8Array(BLOCK_BYTES).fill(BLOCK_BYTES - (plaintext.length - whole));
      last.set(plaintext.subarray(whole));
      stream(last, out.subarray(whole), apply);
      last.fill(0);
    }
    return out;
  }

  function decryptBlocks(plan: Plan, ciphertext: Uint8Array): Uint8Array {
    if (ciphertext.length % BLOCK_BYTES !== 0) throw failed();
    if (plan.pkcs7 && ciphertext.length === 0) throw failed();
    const out = new Uint8Array(ciphertext.length);
    setKey(plan.key, true);
    bytes.set(plan.iv, CHAIN);
    stream(ciphertext, out, plan.mode === 'ecb' ? applyEcb : undoCbc);
    if (!plan.pkcs7) return out;

    const padding = paddingLength(out.subarray(out.length - BLOCK_BYTES));
    if (padding === 0) {
      out.fill(0);
      throw failed();
    }
    const plaintext = out.slice(0, out.length - padding);
    out.fill(0);
    return plaintext;
  }

  function applyCounter(plan: Plan, data: Uint8Array): Uint8Array {
    const out = new Uint8Array(data.length);
    setKey(plan.key, false);
    bytes.set(plan.iv, CHAIN);
    stream(data, out, applyCtr);
    return out;
  }

  /** SP 800-38D §7.1, steps 1 to 3: GHASH key, first counter, and E(J0) at TAG. */
  function beginGcm(plan: Plan): void {
    setKey(plan.key, false);
    bytes.fill(0, HASH_KEY, END);
    assertOk(wasm.sm4EcbApply(base + ROUND_KEYS, base + HASH_KEY, BLOCK_BYTES));
    if (plan.iv.length === 12) {
      bytes.set(plan.iv, CHAIN);
      bytes.set([0, 0, 0, 1], CHAIN + 12);
    } else {
      stream(plan.iv, undefined, foldHash);
      stream(lengthBlock(0, plan.iv.length), undefined, foldHash);
      bytes.copyWithin(CHAIN, HASH, HASH + BLOCK_BYTES);
      bytes.fill(0, HASH, HASH + BLOCK_BYTES);
    }
    assertOk(wasm.sm4CtrApply(base + ROUND_KEYS, base + CHAIN, base + TAG, BLOCK_BYTES, 1));
    stream(plan.aad, undefined, foldHash);
  }

  function finishGcm(aadLength: number, ciphertextLength: number): void {
    stream(lengthBlock(aadLength, ciphertextLength), undefined, foldHash);
    for (let i = 0; i < TAG_BYTES; i++) {
      bytes[TAG + i] = (bytes[TAG + i] ?? 0) ^ (bytes[HASH + i] ?? 0);
    }
  }

  function assertTag(tag: Uint8Array): void {
    bytes.set(tag, EXPECTED);
    if (wasm.sameBytes(base + TAG, base + EXPECTED, TAG_BYTES) !== 1) throw failed();
  }

  function encryptGcm(plan: Plan, plaintext: Uint8Array): Uint8Array {
    if (plaintext.length > GCM_BYTES_MAX) refuse('the plaintext is too long for one message');
    const out = new Uint8Array(plaintext.length + TAG_BYTES);
    beginGcm(plan);
    stream(plaintext, out, (length) => {
      const status = applyCtr32(length);
      return status < 0 ? status : foldHash(length);
    });
    finishGcm(plan.aad.length, plaintext.length);
    out.set(bytes.subarray(TAG, TAG + TAG_BYTES), plaintext.length);
    return out;
  }

  function decryptGcm(plan: Plan, ciphertext: Uint8Array): Uint8Array {
    const length = ciphertext.length - TAG_BYTES;
    if (length < 0 || length > GCM_BYTES_MAX) throw failed();
    const body = ciphertext.subarray(0, length);
    beginGcm(plan);
    stream(body, undefined, foldHash);
    finishGcm(plan.aad.length, length);
    assertTag(ciphertext.subarray(length));
    const out = new Uint8Array(length);
    stream(body, out, applyCtr32);
    return out;
  }

  /** SP 800-38C §A.2: the bytes that precede the payload under CBC-MAC, filled to whole blocks. */
  function ccmHeader(plan: Plan, length: number): Uint8Array {
    const counterBytes = 15 - plan.iv.length;
    const aadLength = plan.aad.length;
    const prefix = aadLength === 0 ? 0 : aadLength < 0xff00 ? 2 : 6;
    const header = new Uint8Array(16 + Math.ceil((prefix + aadLength) / 16) * 16);
    const view = new DataView(header.buffer);
    header[0] = (aadLength > 0 ? 0x40 : 0) | (((TAG_BYTES - 2) / 2) << 3) | (counterBytes - 1);
    let rest = length;
    for (let i = 15; i > plan.iv.length; i--) {
      header[i] = rest % 256;
      rest = Math.floor(rest / 256);
    }
    header.set(plan.iv, 1);
    if (prefix === 2) view.setUint16(16, aadLength);
    if (prefix === 6) {
      view.setUint16(16, 0xfffe);
      view.setUint32(18, aadLength);
    }
    header.set(plan.aad, 16 + prefix);
    return header;
  }

  /** SP 800-38C §6.1, steps 1 to 4: leaves the CBC-MAC of header and payload at TAG. */
  function ccmMac(plan: Plan, payload: Uint8Array): void {
    bytes.fill(0, CHAIN, CHAIN + BLOCK_BYTES);
    stream(ccmHeader(plan, payload.length), undefined, applyCbc);
    const whole = payload.length - (payload.length % BLOCK_BYTES);
    stream(payload.subarray(0, whole), undefined, applyCbc);
    if (whole < payload.length) {
      const last = new Uint8Array(BLOCK_BYTES);
      last.set(payload.subarray(whole));
      stream(last, undefined, applyCbc);
      last.fill(0);
    }
    bytes.copyWithin(TAG, CHAIN, CHAIN + BLOCK_BYTES);
  }

  /** Sets counter 0, so that the first block of key stream is the one for the tag. */
  function beginCcmCounter(plan: Plan): void {
    bytes.fill(0, CHAIN, CHAIN + BLOCK_BYTES);
    bytes[CHAIN] = 14 - plan.iv.length;
    bytes.set(plan.iv, CHAIN + 1);
  }

  function maskTag(): void {
    assertOk(wasm.sm4CtrApply(base + ROUND_KEYS, base + CHAIN, base + TAG, TAG_BYTES, 0));
  }

  function ccmBytesMax(plan: Plan): number {
    return 2 ** (8 * (15 - plan.iv.length)) - 1;
  }

  function encryptCcm(plan: Plan, plaintext: Uint8Array): Uint8Array {
    if (plaintext.length > ccmBytesMax(plan)) refuse('the plaintext is too long for this iv');
    const out = new Uint8Array(plaintext.length + TAG_BYTES);
    setKey(plan.key, false);
    ccmMac(plan, plaintext);
    beginCcmCounter(plan);
    maskTag();
    stream(plaintext, out, applyCtr);
    out.set(bytes.subarray(TAG, TAG + TAG_BYTES), plaintext.length);
    return out;
  }

  function decryptCcm(plan: Plan, ciphertext: Uint8Array): Uint8Array {
    const length = ciphertext.length - TAG_BYTES;
    if (length < 0 || length > ccmBytesMax(plan)) throw failed();
    const out = new Uint8Array(length);
    setKey(plan.key, false);
    beginCcmCounter(plan);
    bytes.fill(0, TAG, END);
    maskTag();
    const mask = bytes.slice(TAG, TAG + TAG_BYTES);
    stream(ciphertext.subarray(0, length), out, applyCtr);
    ccmMac(plan, out);
    for (let i = 0; i < TAG_BYTES; i++) {
      bytes[TAG + i] = (bytes[TAG + i] ?? 0) ^ (mask[i] ?? 0);
    }
    try {
      assertTag(ciphertext.subarray(length));
    } catch (error) {
      out.fill(0);
      throw error;
    }
    return out;
  }

  const encryptors = {
    ecb: encryptBlocks,
    cbc: encryptBlocks,
    ctr: applyCounter,
    gcm: encryptGcm,
    ccm: encryptCcm,
  };
  const decryptors = {
    ecb: decryptBlocks,
    cbc: decryptBlocks,
    ctr: applyCounter,
    gcm: decryptGcm,
    ccm: decryptCcm,
  };

  /** Runs one call and leaves no key, data or key stream in the exchange region. */
  function run(data: Uint8Array, call: () => Uint8Array): Uint8Array {
    try {
      return call();
    } finally {
      bytes.fill(0, 0, Math.min(data.length + BLOCK_BYTES, PIECE));
      bytes.fill(0, ROUND_KEYS, END);
    }
  }

  return {
    encrypt(options, plaintext) {
      const plan = parseOptions(options);
      assertBytes(plaintext, 'plaintext');
      return run(plaintext, () => encryptors[plan.mode](plan, plaintext));
    },
    decrypt(options, ciphertext) {
      const plan = parseOptions(options);
      assertBytes(ciphertext, 'ciphertext');
      return run(ciphertext, () => decryptors[plan.mode](plan, ciphertext));
    },
  };
}
