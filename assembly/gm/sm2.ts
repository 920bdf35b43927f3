// SM2 (GB/T 32918.1 to .4): entry points for the host. Keys are 32 bytes (private) or 64 bytes
// x || y (public); every entry checks the ranges of what it is given, and wipes its scratch on every
// way out. The host checks lengths of buffers and formats.

import { BAD_FORMAT, BAD_KEY, BAD_STATE, NOT_AUTHENTIC, OK } from '../shared/status';
import { ELEMENT, fromBytes, isBelow, isZeroPlain, toPlain } from './field';
import { add, carry, N, P } from './field.gen';
import {
  addCombVarTime,
  addToSumVarTime,
  baseCombTable,
  buildComb,
  buildLadder,
  buildNafTable,
  COMB,
  decodePointVarTime,
  decompressPointVarTime,
  encodePoint,
  hasXVarTime,
  isSumInfinite,
  multiplyComb,
  multiplyLadder,
  startSumVarTime,
  sumVarTime,
  toAffine,
  wipePoint,
} from './point';
import {
  addN,
  deriveN,
  invertPlusOne,
  loadN,
  loadPrivateKey,
  loadScalarN,
  multiplyN,
  storeN,
  subN,
  wipeScalar,
} from './scalar';
import { kdfExpand, sm3Final, sm3Init, sm3Update } from './sm3';

/** A draw that must be repeated with fresh randomness; about one in 2^256, or on purpose. */
export const AGAIN: i32 = 1;

// Purposes of derived numbers (see deriveN); those of share.ts continue from here.
const PURPOSE_KEY: u8 = 1;
const PURPOSE_SIGN: u8 = 2;
const PURPOSE_ENCRYPT: u8 = 3;

const SCRATCH: u32 = 2640;
const scratch = memory.data(2640, 16);
const d: usize = scratch;
const k: usize = scratch + ELEMENT;
const r: usize = scratch + 2 * ELEMENT;
const s: usize = scratch + 3 * ELEMENT;
const e: usize = scratch + 4 * ELEMENT;
const inverse: usize = scratch + 5 * ELEMENT;
const x: usize = scratch + 6 * ELEMENT;
const point: usize = scratch + 7 * ELEMENT;
const affine: usize = scratch + 10 * ELEMENT;
const ladder: usize = scratch + 12 * ELEMENT;
const nonce: usize = scratch + 28 * ELEMENT;
const factor: usize = scratch + 29 * ELEMENT;
const hashed: usize = scratch + 30 * ELEMENT;
const hashState: usize = scratch + 31 * ELEMENT;

function leave(status: i32): i32 {
  memory.fill(scratch, 0, SCRATCH);
  wipeScalar();
  wipePoint();
  return status;
}

// GB/T 32918.2 §5.5: what Z hashes between the identity and the public key, a || b || Gx || Gy.
const CURVE_BYTES: u32 = 128;
const curveBytes = memory.data<u8>([
  0xff, 0xff, 0xff, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
  0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfc,
  0x28, 0xe9, 0xfa, 0x9e, 0x9d, 0x9f, 0x5e, 0x34, 0x4d, 0x5a, 0x9e, 0x4b, 0xcf, 0x65, 0x09, 0xa7,
  0xf3, 0x97, 0x89, 0xf5, 0x15, 0xab, 0x8f, 0x92, 0xdd, 0xbc, 0xbd, 0x41, 0x4d, 0x94, 0x0e, 0x93,
  0x32, 0xc4, 0xae, 0x2c, 0x1f, 0x19, 0x81, 0x19, 0x5f, 0x99, 0x04, 0x46, 0x6a, 0x39, 0xc9, 0x94,
  0x8f, 0xe3, 0x0b, 0xbf, 0xf2, 0x66, 0x0b, 0xe1, 0x71, 0x5a, 0x45, 0x89, 0x33, 0x4c, 0x74, 0xc7,
  0xbc, 0x37, 0x36, 0xa2, 0xf4, 0xf6, 0x77, 0x9c, 0x59, 0xbd, 0xce, 0xe3, 0x6b, 0x69, 0x21, 0x53,
  0xd0, 0xa9, 0x87, 0x7c, 0xc6, 0x2a, 0x47, 0x40, 0x02, 0xdf, 0x32, 0xe5, 0x21, 0x39, 0xf0, 0xa0,
]);

/** Z (GB/T 32918.2 §5.5) of an identity of at most 8191 bytes and the public key, 32 bytes. */
export function sm2Z(id: usize, idLength: u32, publicKey: usize, z: usize): i32 {
  sm3Init(hashState);
  store<u16>(hashed, bswap<u16>(<u16>(idLength << 3)));
  sm3Update(hashState, hashed, 2);
  sm3Update(hashState, id, idLength);
  sm3Update(hashState, curveBytes, CURVE_BYTES);
  sm3Update(hashState, publicKey, 64);
  sm3Final(hashState, z);
  return OK;
}

/** Reads a public key of 65 bytes (04) or 33 bytes (02, 03) as x || y. */
export function sm2ReadPoint(bytes: usize, length: u32, publicKey: usize): i32 {
  let valid = false;
  if (length == 65 && load<u8>(bytes) == 4) valid = decodePointVarTime(affine, bytes + 1);
  else if (length == 33) valid = decompressPointVarTime(affine, bytes);
  if (!valid) return leave(BAD_KEY);
  encodePoint(publicKey, affine);
  return leave(OK);
}

/** Makes a private key from 64 random bytes. */
export function sm2GenerateKey(random: usize, privateKey: usize): i32 {
  deriveN(d, random, random + 32, random, PURPOSE_KEY);
  storeN(privateKey, d);
  if (!loadPrivateKey(d, privateKey)) return leave(AGAIN);
  return leave(OK);
}

/** BAD_KEY unless the 32 bytes are a number in [1, n - 2]. */
export function sm2CheckPrivateKey(privateKey: usize): i32 {
  return leave(loadPrivateKey(d, privateKey) ? OK : BAD_KEY);
}

function storeMultipleOfBase(scalar: usize, publicKey: usize): void {
  multiplyComb(point, baseCombTable(), scalar);
  toAffine(affine, point);
  encodePoint(publicKey, affine);
}

// Signing hashes the signer's public key, which costs as much to compute as the signature. So the
// last public keys are remembered under SM3(salt || private key): the salt is the host's, drawn
// when the instance is made, and the private key itself is not kept.
const KNOWN_KEYS: u32 = 16;
const KNOWN_KEY: u32 = 96;
const knownKeys = memory.data(1536, 16);
const salt = memory.data(32, 16);
let nextKnownKey: u32 = 0;

/** Sets the 32 bytes under which public keys are remembered. */
export function sm2SetSalt(bytes: usize): i32 {
  memory.copy(salt, bytes, 32);
  memory.fill(knownKeys, 0, KNOWN_KEYS * KNOWN_KEY);
  return OK;
}

function sameTag(left: usize, right: usize): bool {
  let bits: u64 = 0;
  for (let i: usize = 0; i < 32; i += 8) bits |= load<u64>(left + i) ^ load<u64>(right + i);
  return bits == 0;
}

/** The public key of a private key, 64 bytes. */
export function sm2PublicKey(privateKey: usize, publicKey: usize): i32 {
  if (!loadPrivateKey(d, privateKey)) return leave(BAD_KEY);
  sm3Init(hashState);
  sm3Update(hashState, salt, 32);
  sm3Update(hashState, privateKey, 32);
  sm3Final(hashState, hashed);
  for (let i: u32 = 0; i < KNOWN_KEYS; i++) {
    const known = knownKeys + i * KNOWN_KEY;
    if (!sameTag(known, hashed)) continue;
    memory.copy(publicKey, known + 32, 64);
    return leave(OK);
  }
  storeMultipleOfBase(privateKey, publicKey);
  const known = knownKeys + nextKnownKey * KNOWN_KEY;
  nextKnownKey = (nextKnownKey + 1) % KNOWN_KEYS;
  memory.copy(known, hashed, 32);
  memory.copy(known + 32, publicKey, 64);
  return leave(OK);
}

/** k G for any k in [1, n), 64 bytes; nothing is remembered. */
export function sm2Multiple(scalar: usize, result: usize): i32 {
  if (!loadScalarN(k, scalar)) return leave(BAD_KEY);
  storeMultipleOfBase(scalar, result);
  return leave(OK);
}

/** 1 / (1 + d) modulo n, 32 bytes, for sm2Sign. */
export function sm2SigningFactor(privateKey: usize, result: usize): i32 {
  if (!loadPrivateKey(d, privateKey)) return leave(BAD_KEY);
  invertPlusOne(inverse, d);
  storeN(result, inverse);
  return leave(OK);
}

/**
 * Signs the digest e with the nonce at `scalar` (GB/T 32918.2 §6.1); `signature` gets r || s.
 * AGAIN when the standard wants another nonce.
 *
 * s = (1 + d)^-1 (k - r d) is computed as (1 + d)^-1 (k + r) - r.
 */
export function signWithNonce(
  digest: usize,
  scalar: usize,
  factorBytes: usize,
  signature: usize,
): i32 {
  fromBytes(k, scalar);
  multiplyComb(point, baseCombTable(), scalar);
  toAffine(affine, point);
  toPlain(x, affine);
  loadN(e, digest);
  addN(r, e, x);
  addN(s, r, k);
  if (isZeroPlain(r) != 0 || isZeroPlain(s) != 0) return AGAIN;
  fromBytes(factor, factorBytes);
  multiplyN(s, s, factor);
  subN(s, s, r);
  if (isZeroPlain(s) != 0) return AGAIN;
  storeN(signature, r);
  storeN(signature + 32, s);
  return OK;
}

/**
 * Signs the 32 bytes of e. `signingFactor` is what sm2SigningFactor gave, or 0 to compute it here;
 * `random` is 32 fresh bytes, from which the nonce is derived together with the key and e.
 */
export function sm2Sign(
  privateKey: usize,
  signingFactor: usize,
  digest: usize,
  random: usize,
  signature: usize,
): i32 {
  if (!loadPrivateKey(d, privateKey)) return leave(BAD_KEY);
  deriveN(k, privateKey, random, digest, PURPOSE_SIGN);
  if (isZeroPlain(k) != 0) return leave(AGAIN);
  storeN(nonce, k);
  if (signingFactor == 0) {
    invertPlusOne(inverse, d);
    storeN(hashed, inverse);
    signingFactor = hashed;
  }
  return leave(signWithNonce(digest, nonce, signingFactor, signature));
}

/** Reads r and s into place; `t` gets the bytes of r + s. False when the standard refuses them. */
function loadSignatureVarTime(signature: usize, t: usize): bool {
  if (!loadScalarN(r, signature) || !loadScalarN(s, signature + 32)) return false;
  addN(x, r, s);
  if (isZeroPlain(x) != 0) return false;
  storeN(t, x);
  return true;
}

/** Whether (e + x) mod n = r for the affine x of `point` (GB/T 32918.2 §7.1). */
function matchesVarTime(digest: usize): i32 {
  if (isSumInfinite()) return NOT_AUTHENTIC;
  loadN(e, digest);
  subN(x, r, e);
  if (hasXVarTime(point, x)) return OK;
  // x lies below p, which exceeds n: the few x in [n, p) reduce to x - n.
  add(s, x, N);
  carry(x, s);
  return isBelow(x, P) && hasXVarTime(point, x) ? OK : NOT_AUTHENTIC;
}

/** OK when r || s is a signature of e by the 64-byte public key, else NOT_AUTHENTIC or BAD_KEY. */
export function sm2Verify(publicKey: usize, digest: usize, signature: usize): i32 {
  if (!decodePointVarTime(affine, publicKey)) return BAD_KEY;
  if (!loadSignatureVarTime(signature, nonce)) return NOT_AUTHENTIC;
  buildNafTable(ladder, affine);
  sumVarTime(point, signature + 32, ladder, nonce);
  return matchesVarTime(digest);
}

/** How many public keys can have a table at a time. */
export const PREPARED_KEYS: u32 = 16;
const preparedCombs = memory.data(1761280, 16);

/** The number of places for sm2Prepare. */
export function sm2PreparedKeys(): u32 {
  return PREPARED_KEYS;
}

/** Makes the table of a public key in place `slot`. */
export function sm2Prepare(slot: u32, publicKey: usize): i32 {
  if (slot >= PREPARED_KEYS) return BAD_STATE;
  if (!decodePointVarTime(affine, publicKey)) return BAD_KEY;
  buildComb(preparedCombs + slot * COMB, affine);
  return OK;
}

/** The comb table in place `slot`. */
export function preparedComb(slot: u32): usize {
  return preparedCombs + slot * COMB;
}

/** As sm2Verify, by the key whose table stands in place `slot`. */
export function sm2VerifyPrepared(slot: u32, digest: usize, signature: usize): i32 {
  if (slot >= PREPARED_KEYS) return BAD_STATE;
  if (!loadSignatureVarTime(signature, nonce)) return NOT_AUTHENTIC;
  startSumVarTime();
  addCombVarTime(point, baseCombTable(), signature + 32);
  addCombVarTime(point, preparedComb(slot), nonce);
  return matchesVarTime(digest);
}

// A ciphertext under way (GB/T 32918.4 §6.1, §7.1): the key stream, the hash C3, y2, and whether
// the key stream had a bit yet. Data passes in pieces of a multiple of 32 bytes, the last of any.
const CIPHER: u32 = 320;
const cipher = memory.data(320, 16);
const streamState: usize = cipher;
const checkState: usize = cipher + 112;
const y2: usize = cipher + 224;
const counterAt: usize = cipher + 256;
const streamBits: usize = cipher + 264;
const STREAM: u32 = 1024;
const stream = memory.data(1024, 16);

/** Starts from the 64 bytes x2 || y2. */
export function startCipher(shared: usize): void {
  sm3Init(streamState);
  sm3Update(streamState, shared, 64);
  sm3Init(checkState);
  sm3Update(checkState, shared, 32);
  memory.copy(y2, shared + 32, 32);
  store<u32>(counterAt, 1);
  store<u64>(streamBits, 0);
}

function applyStream(data: usize, length: u32): void {
  kdfExpand(streamState, load<u32>(counterAt), stream, length);
  store<u32>(counterAt, load<u32>(counterAt) + (length >> 5));
  let bits = load<u64>(streamBits);
  let i: u32 = 0;
  for (; i + 8 <= length; i += 8) {
    const word = load<u64>(stream + i);
    bits |= word;
    store<u64>(data + i, load<u64>(data + i) ^ word);
  }
  for (; i < length; i++) {
    const byte = load<u8>(stream + i);
    bits |= byte;
    store<u8>(data + i, load<u8>(data + i) ^ byte);
  }
  store<u64>(streamBits, bits);
}

/** Encrypts `length` bytes in place. */
export function sm2EncryptPiece(data: usize, length: u32): i32 {
  sm3Update(checkState, data, length);
  while (length > 0) {
    const taken = min<u32>(length, STREAM);
    applyStream(data, taken);
    data += taken;
    length -= taken;
  }
  return OK;
}

/** Decrypts `length` bytes in place; they may be used only when sm2FinishDecrypt says OK. */
export function sm2DecryptPiece(data: usize, length: u32): i32 {
  const from = data;
  const all = length;
  while (length > 0) {
    const taken = min<u32>(length, STREAM);
    applyStream(data, taken);
    data += taken;
    length -= taken;
  }
  sm3Update(checkState, from, all);
  return OK;
}

function leaveCipher(status: i32): i32 {
  memory.fill(cipher, 0, CIPHER);
  memory.fill(stream, 0, STREAM);
  return status;
}

/** Ends an encryption; C3, 32 bytes. AGAIN when the key stream was all zeros. */
export function sm2FinishEncrypt(check: usize): i32 {
  sm3Update(checkState, y2, 32);
  sm3Final(checkState, check);
  return leaveCipher(load<u64>(streamBits) == 0 ? AGAIN : OK);
}

/** Ends a decryption: OK when C3 is right and the key stream was not all zeros. */
export function sm2FinishDecrypt(check: usize): i32 {
  sm3Update(checkState, y2, 32);
  sm3Final(checkState, hashed);
  const isRight = sameTag(hashed, check) && load<u64>(streamBits) != 0;
  memory.fill(hashed, 0, 32);
  return leaveCipher(isRight ? OK : NOT_AUTHENTIC);
}

/** Starts an encryption with the nonce at `scalar`; `c1` gets 64 bytes. */
export function startEncryptWithNonce(publicKey: usize, scalar: usize, c1: usize): i32 {
  if (!decodePointVarTime(affine, publicKey)) return BAD_KEY;
  buildLadder(ladder, affine);
  storeMultipleOfBase(scalar, c1);
  multiplyLadder(point, ladder, scalar);
  toAffine(affine, point);
  encodePoint(hashed, affine);
  startCipher(hashed);
  return OK;
}

/** Starts an encryption for a public key from 64 random bytes; `c1` gets 64 bytes. */
export function sm2StartEncrypt(publicKey: usize, random: usize, c1: usize): i32 {
  deriveN(k, random, random + 32, publicKey, PURPOSE_ENCRYPT);
  if (isZeroPlain(k) != 0) return leave(AGAIN);
  storeN(nonce, k);
  return leave(startEncryptWithNonce(publicKey, nonce, c1));
}

/** Starts a decryption of C1, 64 bytes. */
export function sm2StartDecrypt(privateKey: usize, c1: usize): i32 {
  if (!loadPrivateKey(d, privateKey)) return leave(BAD_KEY);
  if (!decodePointVarTime(affine, c1)) return leave(BAD_FORMAT);
  buildLadder(ladder, affine);
  multiplyLadder(point, ladder, privateKey);
  toAffine(affine, point);
  encodePoint(hashed, affine);
  startCipher(hashed);
  return leave(OK);
}

/** r = 2^127 + the low 127 bits of the x in 64 bytes of a point (GB/T 32918.3 §6.1). */
function loadHalfX(result: usize, publicKey: usize): void {
  memory.fill(hashed, 0, 32);
  memory.copy(hashed + 16, publicKey + 16, 16);
  store<u8>(hashed + 16, load<u8>(hashed + 16) | 0x80);
  fromBytes(result, hashed);
}

/**
 * The shared point of a key exchange (GB/T 32918.3 §6.1), 64 bytes: own private key and ephemeral
 * with its public point, the peer's two public points. BAD_KEY for an invalid own number,
 * BAD_FORMAT for an invalid point or a result at infinity.
 */
export function sm2Exchange(
  privateKey: usize,
  ephemeral: usize,
  ephemeralPoint: usize,
  peer: usize,
  peerEphemeral: usize,
  shared: usize,
): i32 {
  if (!loadPrivateKey(d, privateKey) || !loadScalarN(k, ephemeral)) return leave(BAD_KEY);
  loadHalfX(x, ephemeralPoint);
  multiplyN(s, x, k);
  addN(s, s, d);
  if (isZeroPlain(s) != 0) return leave(BAD_KEY);

  if (!decodePointVarTime(affine, peerEphemeral)) return leave(BAD_FORMAT);
  buildNafTable(ladder, affine);
  if (!decodePointVarTime(affine, peer)) return leave(BAD_FORMAT);
  loadHalfX(x, peerEphemeral);
  storeN(hashed, x);
  memory.fill(nonce, 0, 32);
  sumVarTime(point, nonce, ladder, hashed);
  addToSumVarTime(point, affine, affine + ELEMENT);
  if (isSumInfinite()) return leave(BAD_FORMAT);
  toAffine(affine, point);

  buildLadder(ladder, affine);
  storeN(nonce, s);
  multiplyLadder(point, ladder, nonce);
  toAffine(affine, point);
  encodePoint(shared, affine);
  return leave(OK);
}
