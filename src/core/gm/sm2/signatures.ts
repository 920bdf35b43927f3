import { assertBytes, assertBytesOf, assertOk, assertOptions } from '../arguments.ts';
import { GmError } from '../error.ts';
import type { Kernel } from '../kernel.ts';
import { drawUntilTaken } from '../random.ts';
import {
  assertPrivate,
  DEFAULT_ID,
  FORMAT_OPTION,
  invalidKey,
  parseId,
  parseSignatureFormat,
} from './arguments.ts';
import { decodeSignature, encodeSignature, type SignatureFormat } from './encoding.ts';
import type { OpenKey, PreparedEntry, Sm2Keys } from './keys.ts';
import {
  BAD_KEY,
  DIGEST,
  DIGEST_BYTES,
  FACTOR,
  PIECE,
  PRIVATE,
  PUBLIC,
  RANDOM,
  RAW_SIGNATURE_BYTES,
  SIGNATURE,
  STATE,
} from './layout.ts';
import type {
  PreparedKey,
  PrivateKeyInput,
  PublicKeyInput,
  SignatureOptions,
  VerificationItem,
} from './types.ts';

/** With so many signatures by one key in a batch, making its table pays. */
const PREPARED_FROM = 16;
const SIGNATURE_OPTIONS = ['id', 'format'];

/** Signatures, GB/T 32918.2. */
export function createSignatures({ wasm, base, bytes }: Kernel, keys: Sm2Keys) {
  const { withPrivateKey, placeOwnPoint, entryOf, placePublicKey, tableOf, decodePoint, prepare } =
    keys;
  const nonceRandom = bytes.subarray(RANDOM, RANDOM + 32);
  const rawSignature = bytes.subarray(SIGNATURE, SIGNATURE + RAW_SIGNATURE_BYTES);

  // Keys that a batch had often, which later batches will likely have again.
  const frequentKeys = new Map<string, PreparedKey>();

  function absorb(data: Uint8Array): void {
    for (let at = 0; at < data.length; at += PIECE) {
      const piece = data.length > PIECE ? data.subarray(at, at + PIECE) : data;
      bytes.set(piece);
      assertOk(wasm.sm3Absorb(base + STATE, base, piece.length));
    }
    bytes.fill(0, 0, Math.min(data.length, PIECE));
  }

  /** Puts Z of the key at PUBLIC to DIGEST; `holder` keeps that of the default identity. */
  function placeZ(id: Uint8Array, holder: { z?: Uint8Array } | undefined): void {
    if (id === DEFAULT_ID && holder?.z) {
      bytes.set(holder.z, DIGEST);
      return;
    }
    bytes.set(id);
    assertOk(wasm.sm2Z(base, id.length, base + PUBLIC, base + DIGEST));
    if (id === DEFAULT_ID && holder) holder.z = bytes.slice(DIGEST, DIGEST + DIGEST_BYTES);
  }

  /** Puts e = SM3(Z || M) to DIGEST, for the key at PUBLIC (GB/T 32918.2 §6.1). */
  function placeDigest(message: Uint8Array, id: Uint8Array, holder?: { z?: Uint8Array }): void {
    placeZ(id, holder);
    assertOk(wasm.sm3Begin(base + STATE));
    assertOk(wasm.sm3Absorb(base + STATE, base + DIGEST, DIGEST_BYTES));
    absorb(message);
    assertOk(wasm.sm3Finish(base + STATE, base + DIGEST));
  }

  function signPlaced(open: OpenKey | undefined, format: SignatureFormat): Uint8Array {
    if (open) bytes.set(open.factor, FACTOR);
    const factor = open ? base + FACTOR : 0;
    const status = drawUntilTaken(nonceRandom, () =>
      wasm.sm2Sign(base + PRIVATE, factor, base + DIGEST, base + RANDOM, base + SIGNATURE),
    );
    assertPrivate(status);
    return format === 'der' ? encodeSignature(rawSignature) : rawSignature.slice();
  }

  /** Puts r || s to SIGNATURE; false when the signature is not of the format. */
  function placeSignature(signature: Uint8Array, format: SignatureFormat): boolean {
    if (format === 'der') return decodeSignature(signature, bytes, SIGNATURE);
    if (signature.length !== RAW_SIGNATURE_BYTES) return false;
    bytes.set(signature, SIGNATURE);
    return true;
  }

  function verifyPlaced(entry: PreparedEntry | undefined): boolean {
    const status = entry
      ? wasm.sm2VerifyPrepared(tableOf(entry), base + DIGEST, base + SIGNATURE)
      : wasm.sm2Verify(base + PUBLIC, base + DIGEST, base + SIGNATURE);
    if (status === BAD_KEY) throw invalidKey('public');
    return status === 0;
  }

  function sign(
    privateKey: PrivateKeyInput,
    message: Uint8Array,
    options: SignatureOptions = {},
  ): Uint8Array {
    assertBytes(message, 'message');
    assertOptions(options, SIGNATURE_OPTIONS, 'options');
    const id = parseId(options.id);
    const format = parseSignatureFormat(options.format);
    return withPrivateKey(privateKey, (open) => {
      placeOwnPoint(open);
      placeDigest(message, id, open);
      return signPlaced(open, format);
    });
  }

  function signDigest(
    privateKey: PrivateKeyInput,
    e: Uint8Array,
    options: { format?: SignatureFormat } = {},
  ): Uint8Array {
    assertBytesOf(e, DIGEST_BYTES, 'e');
    assertOptions(options, FORMAT_OPTION, 'options');
    const format = parseSignatureFormat(options.format);
    return withPrivateKey(privateKey, (open) => {
      bytes.set(e, DIGEST);
      return signPlaced(open, format);
    });
  }

  function verify(
    publicKey: PublicKeyInput,
    message: Uint8Array,
    signature: Uint8Array,
    options: SignatureOptions = {},
  ): boolean {
    assertBytes(message, 'message');
    assertBytes(signature, 'signature');
    assertOptions(options, SIGNATURE_OPTIONS, 'options');
    const id = parseId(options.id);
    const format = parseSignatureFormat(options.format);
    const entry = placePublicKey(publicKey);
    if (!placeSignature(signature, format)) return false;
    placeDigest(message, id, entry);
    return verifyPlaced(entry);
  }

  function verifyDigest(
    publicKey: PublicKeyInput,
    e: Uint8Array,
    signature: Uint8Array,
    options: { format?: SignatureFormat } = {},
  ): boolean {
    assertBytesOf(e, DIGEST_BYTES, 'e');
    assertBytes(signature, 'signature');
    assertOptions(options, FORMAT_OPTION, 'options');
    const format = parseSignatureFormat(options.format);
    const entry = placePublicKey(publicKey);
    if (!placeSignature(signature, format)) return false;
    bytes.set(e, DIGEST);
    return verifyPlaced(entry);
  }

  function digest(
    publicKey: PublicKeyInput,
    message: Uint8Array,
    options: { id?: Uint8Array | string } = {},
  ): Uint8Array {
    assertBytes(message, 'message');
    assertOptions(options, ['id'], 'options');
    const id = parseId(options.id);
    const entry = entryOf(publicKey);
    if (entry) bytes.set(entry.point, PUBLIC);
    else bytes.set(decodePoint(publicKey as Uint8Array).subarray(1), PUBLIC);
    placeDigest(message, id);
    return bytes.slice(DIGEST, DIGEST + DIGEST_BYTES);
  }

  /**
   * Whether one more key may have a table, if need be in place of one that the batch has not: keys
   * of one batch that took turns in a place would each time pay ten verifications for the table.
   */
  function hasRoomBeside(batch: ReadonlyMap<string, number>): boolean {
    if (frequentKeys.size < keys.tables) return true;
    for (const name of frequentKeys.keys()) if (!batch.has(name)) frequentKeys.delete(name);
    return frequentKeys.size < keys.tables;
  }

  function verifyMany(items: readonly VerificationItem[]): boolean[] {
    if (!Array.isArray(items)) throw new GmError('argument_invalid', 'items must be an array');
    const nameOf = (key: PublicKeyInput) =>
      key instanceof Uint8Array && key.length <= 65 ? String.fromCharCode(...key) : '';
    const appearances = new Map<string, number>();
    for (const item of items) {
      assertOptions(item, ['publicKey', 'message', 'signature', ...SIGNATURE_OPTIONS], 'item');
      const name = nameOf(item.publicKey);
      appearances.set(name, (appearances.get(name) ?? 0) + 1);
    }
    return items.map(({ publicKey: key, message, signature, id, format }) => {
      const options = { ...(id !== undefined && { id }), ...(format !== undefined && { format }) };
      const name = nameOf(key);
      const isFrequent = name !== '' && (appearances.get(name) ?? 0) >= PREPARED_FROM;
      const prepared = frequentKeys.get(name);
      if (prepared) return verify(prepared, message, signature, options);
      if (!isFrequent || !(key instanceof Uint8Array) || !hasRoomBeside(appearances)) {
        return verify(key, message, signature, options);
      }
      const made = prepare(key);
      frequentKeys.set(name, made);
      return verify(made, message, signature, options);
    });
  }

  return { sign, signDigest, verify, verifyDigest, digest, verifyMany };
}
