// Two-party SM2: a private key that exists only as two shares. The client has a1, the server a2,
// with 1 + d = 1 / (a1 a2), public shares P1 = a1^-1 G and P2 = a2^-1 G, and the joint public key
// P = a1^-1 P2 - G = a2^-1 P1 - G. Signatures and ciphertexts are those of plain SM2.
//
// The server's answer is bound to one hash over everything both sides have said (as in MuSig2 and
// FROST), the client proves that it knows its nonces, and it checks the answer before its own part
// of the signature comes into being. That follows those protocols by analogy; there is no proof for
// SM2. docs/threat-model.md says what is argued.
//
// Every hash begins with the protocol's name and version and the use that is made of it, each part
// with its length before it, so that no message of one step can serve in another.

import { BAD_FORMAT, BAD_KEY, NOT_AUTHENTIC, OK } from '../shared/status';
import { ELEMENT, fromBytes, invertN, isZeroPlain } from './field';
import { carry, GX_P, GY_P } from './field.gen';
import {
  addCombVarTime,
  addToSumVarTime,
  baseCombTable,
  buildComb,
  buildLadder,
  COMB,
  compressPoint,
  continueSumVarTime,
  decodePointVarTime,
  decompressPointVarTime,
  encodePoint,
  isSumInfinite,
  multiplyComb,
  multiplyLadder,
  multiplyTwoBlinded,
  startSumVarTime,
  sumOfLaddersVarTime,
  toAffine,
  wipePoint,
} from './point';
import {
  addN,
  deriveN,
  loadN,
  loadScalarN,
  loadWideN,
  multiplyN,
  negateN,
  storeN,
  subN,
  TWO_255,
  wipeScalar,
} from './scalar';
import { AGAIN, startCipher } from './sm2';
import { SM3_STATE_BYTES, sm3Final, sm3Init, sm3Update } from './sm3';

// A share: version, role, epoch (4 bytes), secret, own public share, the other's, the joint key.
const EPOCH: u32 = 2;
const SECRET: u32 = 6;
const OWN: u32 = 38;
const OTHER: u32 = 102;
const JOINT: u32 = 166;

const ROLE: u32 = 1;
const CLIENT: u8 = 1;

// A proof of a public share X: X, T (33 bytes each), z.
const PROOF_T: u32 = 33;
const PROOF_Z: u32 = 66;

// The client's first message of a signature: D, E, T (33 bytes each), z, e.
const MESSAGE_E: u32 = 33;
const MESSAGE_T: u32 = 66;
const MESSAGE_Z: u32 = 99;
const MESSAGE_DIGEST: u32 = 131;

// Purposes of derived numbers (see deriveN), apart from those in sm2.ts.
const PURPOSE_SHARE: u8 = 16;
const PURPOSE_PROOF: u8 = 17;
const PURPOSE_NONCE_U: u8 = 18;
const PURPOSE_NONCE_V: u8 = 19;
const PURPOSE_NONCE_T: u8 = 20;
const PURPOSE_SERVER: u8 = 21;
const PURPOSE_EQUALITY: u8 = 22;
const PURPOSE_COIN: u8 = 23;

// What a hash is for.
const USE_CLIENT_PROOF: u8 = 1;
const USE_SERVER_PROOF: u8 = 2;
const USE_COMMITMENT: u8 = 3;
const USE_NONCES: u8 = 4;
const USE_BINDING: u8 = 5;
const USE_EQUALITY: u8 = 6;
const USE_COIN: u8 = 7;
const USE_DERIVATION: u8 = 8;

// "cinnabar/sm2-2p/1"
const PROTOCOL_BYTES: u32 = 17;
const protocol = memory.data<u8>([
  0x63, 0x69, 0x6e, 0x6e, 0x61, 0x62, 0x61, 0x72, 0x2f, 0x73, 0x6d, 0x32, 0x2d, 0x32, 0x70, 0x2f,
  0x31,
]);

const SCRATCH: u32 = 6400;
const scratch = memory.data(6400, 16);
const a: usize = scratch;
const b: usize = scratch + ELEMENT;
const c: usize = scratch + 2 * ELEMENT;
const d: usize = scratch + 3 * ELEMENT;
const r: usize = scratch + 4 * ELEMENT;
const s: usize = scratch + 5 * ELEMENT;
const point: usize = scratch + 6 * ELEMENT;
const affine: usize = scratch + 9 * ELEMENT;
const other: usize = scratch + 11 * ELEMENT;
const bytesA: usize = scratch + 13 * ELEMENT;
const bytesB: usize = scratch + 14 * ELEMENT;
const bytesC: usize = scratch + 15 * ELEMENT;
const encoded: usize = scratch + 16 * ELEMENT;
const compressed: usize = scratch + 17 * ELEMENT;
const state: usize = scratch + 18 * ELEMENT;
const copyOfState: usize = scratch + 20 * ELEMENT;
const wide: usize = scratch + 22 * ELEMENT;
const lengthBytes: usize = scratch + 23 * ELEMENT;
const context: usize = scratch + 24 * ELEMENT;
const ladderA: usize = scratch + 26 * ELEMENT;
const ladderB: usize = scratch + 42 * ELEMENT;
const ladderC: usize = scratch + 58 * ELEMENT;

function leave(status: i32): i32 {
  memory.fill(scratch, 0, SCRATCH);
  wipeScalar();
  wipePoint();
  return status;
}

function absorb(data: usize, length: u32): void {
  store<u32>(lengthBytes, bswap<u32>(length));
  sm3Update(state, lengthBytes, 4);
  sm3Update(state, data, length);
}

function startHash(use: u8, ctx: usize, ctxLength: u32): void {
  sm3Init(state);
  absorb(protocol, PROTOCOL_BYTES);
  store<u8>(lengthBytes, use, 4);
  absorb(lengthBytes + 4, 1);
  absorb(ctx, ctxLength);
}

/** The hash as a number modulo n, in 32 bytes too: two digests, so that no value is favoured. */
function finishHash(result: usize, bytes: usize): void {
  memory.copy(copyOfState, state, SM3_STATE_BYTES);
  store<u8>(lengthBytes, 0);
  sm3Update(state, lengthBytes, 1);
  sm3Final(state, wide);
  store<u8>(lengthBytes, 1);
  sm3Update(copyOfState, lengthBytes, 1);
  sm3Final(copyOfState, wide + 32);
  loadWideN(result, wide);
  storeN(bytes, result);
}

function multiplyBase(result: usize, scalar: usize): void {
  multiplyComb(point, baseCombTable(), scalar);
  toAffine(result, point);
}

function isSame(left: usize, right: usize, length: u32): bool {
  let bits: u32 = 0;
  for (let i: u32 = 0; i < length; i++) bits |= load<u8>(left + i) ^ load<u8>(right + i);
  return bits == 0;
}

/** Whether `point`, the public sum, is the point in 33 bytes. */
function isSumVarTime(expected: usize): bool {
  if (isSumInfinite()) return false;
  toAffine(affine, point);
  compressPoint(compressed, affine);
  return isSame(compressed, expected, 33);
}

// A client multiplies the server's public share twice for each signature. From the second time on
// that goes by a comb table, which pays from about the sixth signature; a few shares have one.
const PARTNERS: u32 = 4;
const PARTNER: u32 = 64 + 8;
const partners = memory.data(288, 16);
const partnerCombs = memory.data(440320, 16);
const USES: u32 = 64;
const LAST_USE: u32 = 68;
let partnerUses: u32 = 0;

/**
 * The comb table of the public share `x`, whose 64 bytes are at `bytes`, or 0 at its first use. A
 * share that has no place takes that of the one unused longest.
 */
function partnerComb(bytes: usize, x: usize): usize {
  let oldest: u32 = 0;
  partnerUses++;
  for (let i: u32 = 0; i < PARTNERS; i++) {
    const partner = partners + i * PARTNER;
    if (load<u32>(partner + USES) > 0 && isSame(partner, bytes, 64)) {
      const comb = partnerCombs + i * COMB;
      if (load<u32>(partner + USES) == 1) buildComb(comb, x);
      store<u32>(partner + USES, 2);
      store<u32>(partner + LAST_USE, partnerUses);
      return comb;
    }
    const age = load<u32>(partner + LAST_USE);
    if (age < load<u32>(partners + oldest * PARTNER + LAST_USE)) oldest = i;
  }
  const partner = partners + oldest * PARTNER;
  memory.copy(partner, bytes, 64);
  store<u32>(partner + USES, 1);
  store<u32>(partner + LAST_USE, partnerUses);
  return 0;
}

function hashProof(use: u8, ctx: usize, ctxLength: u32, commitment: usize, proof: usize): void {
  startHash(use, ctx, ctxLength);
  if (use == USE_SERVER_PROOF) absorb(commitment, 32);
  absorb(proof, 33);
  absorb(proof + PROOF_T, 33);
  finishHash(c, bytesC);
}

function proofUse(role: u32): u8 {
  return role == CLIENT ? USE_CLIENT_PROOF : USE_SERVER_PROOF;
}

/**
 * Draws a share from 64 random bytes: the secret a (32 bytes), and the proof (98 bytes) that a^-1 is
 * known for X = a^-1 G. The server's proof is bound to the client's commitment.
 */
export function shareCreate(
  role: u32,
  ctx: usize,
  ctxLength: u32,
  commitment: usize,
  random: usize,
  secret: usize,
  proof: usize,
): i32 {
  deriveN(a, random, random + 32, random, PURPOSE_SHARE);
  deriveN(b, random, random + 32, random, PURPOSE_PROOF);
  if (isZeroPlain(a) != 0 || isZeroPlain(b) != 0) return leave(AGAIN);
  storeN(secret, a);
  invertN(a, a);
  storeN(bytesA, a);
  multiplyBase(affine, bytesA);
  compressPoint(proof, affine);
  storeN(bytesB, b);
  multiplyBase(affine, bytesB);
  compressPoint(proof + PROOF_T, affine);
  hashProof(proofUse(role), ctx, ctxLength, commitment, proof);
  multiplyN(c, c, a);
  addN(b, b, c);
  storeN(proof + PROOF_Z, b);
  return leave(OK);
}

/** The commitment (32 bytes) to a proof. */
export function shareCommit(ctx: usize, ctxLength: u32, proof: usize, commitment: usize): i32 {
  startHash(USE_COMMITMENT, ctx, ctxLength);
  absorb(proof, 98);
  sm3Final(state, commitment);
  return leave(OK);
}

/** Checks the proof of the other side, whose `role` is given. */
export function shareCheckProof(
  role: u32,
  ctx: usize,
  ctxLength: u32,
  commitment: usize,
  proof: usize,
): i32 {
  if (!decompressPointVarTime(affine, proof)) return leave(BAD_FORMAT);
  if (!loadScalarN(b, proof + PROOF_Z)) return leave(BAD_FORMAT);
  buildLadder(ladderA, affine);
  hashProof(proofUse(role), ctx, ctxLength, commitment, proof);
  negateN(c, c);
  storeN(bytesC, c);
  // z G - c X = T
  sumOfLaddersVarTime(point, proof + PROOF_Z, ladderA, bytesC, 0, 0);
  return leave(isSumVarTime(proof + PROOF_T) ? OK : NOT_AUTHENTIC);
}

/** encoded = a^-1 X - G for the secret at `secret` and the affine X. False for infinity. */
function joinShares(secret: usize, x: usize): bool {
  loadN(a, secret);
  invertN(a, a);
  storeN(bytesA, a);
  buildLadder(ladderA, x);
  multiplyLadder(point, ladderA, bytesA);
  // a^-1 X is P + G, which everyone knows.
  subtractBase();
  if (isSumInfinite()) return false;
  toAffine(affine, point);
  encodePoint(encoded, affine);
  return true;
}

/** point = point - G. */
function subtractBase(): void {
  for (let i: usize = 0; i < 72; i += 8) store<i64>(other + i, -load<i64>(GY_P + i));
  continueSumVarTime();
  addToSumVarTime(point, GX_P, other);
}

/**
 * Writes the share of one side after key generation: from its secret and the other's public share
 * (33 bytes, its proof checked). NOT_AUTHENTIC when the joint key would be the point at infinity.
 */
export function shareFinish(role: u32, secret: usize, otherPublic: usize, share: usize): i32 {
  if (!loadScalarN(a, secret)) return leave(BAD_KEY);
  if (!decompressPointVarTime(affine, otherPublic)) return leave(BAD_FORMAT);
  encodePoint(share + OTHER, affine);
  if (!joinShares(secret, affine)) return leave(NOT_AUTHENTIC);
  memory.copy(share + JOINT, encoded, 64);
  store<u8>(share, 1);
  store<u8>(share, <u8>role, ROLE);
  store<u32>(share + EPOCH, 0);
  memory.copy(share + SECRET, secret, 32);
  multiplyBase(affine, bytesA);
  encodePoint(share + OWN, affine);
  return leave(OK);
}

/** What both sides hash about the key: its point and the epoch of the shares. */
function absorbKey(share: usize): void {
  absorb(share + JOINT, 64);
  absorb(share + EPOCH, 4);
}

/** context = what secret nonces of this call depend on besides the secret and the randomness. */
function makeContext(share: usize, ctx: usize, ctxLength: u32, message: usize, length: u32): void {
  startHash(USE_DERIVATION, ctx, ctxLength);
  absorbKey(share);
  absorb(message, length);
  sm3Final(state, context);
}

/** c = the challenge over the nonces of a first message. */
function hashNonces(share: usize, ctx: usize, ctxLength: u32, message: usize): void {
  startHash(USE_NONCES, ctx, ctxLength);
  absorbKey(share);
  absorb(message + MESSAGE_DIGEST, 32);
  absorb(message, MESSAGE_Z);
  finishHash(c, bytesC);
}

/** b = the factor that binds the second nonce to all that was said. */
function hashBinding(share: usize, ctx: usize, ctxLength: u32, message: usize, W: usize): void {
  startHash(USE_BINDING, ctx, ctxLength);
  absorbKey(share);
  absorb(message + MESSAGE_DIGEST, 32);
  absorb(message, MESSAGE_T);
  absorb(W, 33);
  finishHash(b, bytesB);
}

/**
 * The client begins a signature of the digest: the first message of 163 bytes, D = u G, E = v G,
 * T = t G, z = t + c u + c^2 v and e; `nonces` gets u and v (64 bytes), for one use.
 */
export function shareSignStart(
  share: usize,
  ctx: usize,
  ctxLength: u32,
  digest: usize,
  random: usize,
  message: usize,
  nonces: usize,
): i32 {
  if (!loadScalarN(a, share + SECRET)) return leave(BAD_KEY);
  makeContext(share, ctx, ctxLength, digest, 32);
  memory.copy(message + MESSAGE_DIGEST, digest, 32);
  deriveN(a, share + SECRET, random, context, PURPOSE_NONCE_U);
  deriveN(b, share + SECRET, random, context, PURPOSE_NONCE_V);
  deriveN(d, share + SECRET, random, context, PURPOSE_NONCE_T);
  if (isZeroPlain(a) != 0 || isZeroPlain(b) != 0 || isZeroPlain(d) != 0) return leave(AGAIN);
  storeN(nonces, a);
  storeN(nonces + 32, b);
  storeN(bytesA, d);
  multiplyBase(affine, nonces);
  compressPoint(message, affine);
  multiplyBase(affine, nonces + 32);
  compressPoint(message + MESSAGE_E, affine);
  multiplyBase(affine, bytesA);
  compressPoint(message + MESSAGE_T, affine);
  hashNonces(share, ctx, ctxLength, message);
  // z = t + c (u + c v)
  multiplyN(b, b, c);
  addN(b, b, a);
  multiplyN(b, b, c);
  addN(b, b, d);
  storeN(message + MESSAGE_Z, b);
  return leave(OK);
}

/** Checks z G = T + c D + c^2 E; leaves the tables of D and E in ladderA and ladderB. */
function checkNoncesVarTime(share: usize, ctx: usize, ctxLength: u32, message: usize): bool {
  if (!decompressPointVarTime(affine, message)) return false;
  buildLadder(ladderA, affine);
  if (!decompressPointVarTime(affine, message + MESSAGE_E)) return false;
  buildLadder(ladderB, affine);
  if (!loadScalarN(d, message + MESSAGE_Z)) return false;
  hashNonces(share, ctx, ctxLength, message);
  multiplyN(d, c, c);
  negateN(c, c);
  negateN(d, d);
  storeN(bytesA, c);
  storeN(bytesB, d);
  sumOfLaddersVarTime(point, message + MESSAGE_Z, ladderA, bytesA, ladderB, bytesB);
  return isSumVarTime(message + MESSAGE_T);
}

/**
 * The server answers a first message whose digest it has approved: W = w G, s1 = a2 (r + w), 65
 * bytes, with r = e + x(R) and R = W + a2^-1 (D + b E). It keeps nothing.
 *
 * w is 2^255 times a derived number, so that R is one blinded multiplication that starts from a
 * point nobody knows: the client chooses D and E, and could else make an addition fail or not by
 * digits of a2.
 */
export function shareSignReply(
  share: usize,
  ctx: usize,
  ctxLength: u32,
  message: usize,
  random: usize,
  reply: usize,
): i32 {
  if (!loadScalarN(a, share + SECRET)) return leave(BAD_KEY);
  if (!checkNoncesVarTime(share, ctx, ctxLength, message)) return leave(NOT_AUTHENTIC);
  makeContext(share, ctx, ctxLength, message, MESSAGE_DIGEST + 32);
  deriveN(s, share + SECRET, random, context, PURPOSE_SERVER);
  if (isZeroPlain(s) != 0) return leave(AGAIN);
  storeN(bytesA, s);
  multiplyN(s, s, TWO_255);
  storeN(bytesC, s);
  multiplyBase(affine, bytesC);
  compressPoint(reply, affine);
  hashBinding(share, ctx, ctxLength, message, reply);

  multiplyComb(point, baseCombTable(), bytesA);
  invertN(a, a);
  storeN(bytesA, a);
  multiplyN(a, a, b);
  storeN(bytesB, a);
  multiplyTwoBlinded(point, ladderA, bytesA, ladderB, bytesB);
  toAffine(affine, point);
  loadR(message + MESSAGE_DIGEST);
  if (isZeroPlain(r) != 0) return leave(AGAIN);
  loadN(a, share + SECRET);
  addN(s, s, r);
  multiplyN(s, s, a);
  if (isZeroPlain(s) != 0) return leave(AGAIN);
  storeN(reply + 33, s);
  return leave(OK);
}

/** r = e + x modulo n for the affine point. */
function loadR(digest: usize): void {
  encodePoint(encoded, affine);
  fromBytes(d, encoded);
  loadN(r, digest);
  addN(r, r, d);
}

/**
 * The client ends a signature: checks s1 P2 = W + r G, and only then makes s = a1 (s1 + q) - r with
 * q = u + b v. `signature` gets r || s, 64 bytes.
 */
export function shareSignFinish(
  share: usize,
  ctx: usize,
  ctxLength: u32,
  message: usize,
  nonces: usize,
  reply: usize,
  signature: usize,
): i32 {
  if (!loadScalarN(s, reply + 33)) return leave(NOT_AUTHENTIC);
  if (!decompressPointVarTime(other, reply)) return leave(NOT_AUTHENTIC);
  if (!decodePointVarTime(affine, share + OTHER)) return leave(BAD_KEY);
  const comb = partnerComb(share + OTHER, affine);
  if (comb == 0) buildLadder(ladderA, affine);
  hashBinding(share, ctx, ctxLength, message, reply);
  fromBytes(a, nonces + 32);
  multiplyN(b, b, a);
  fromBytes(a, nonces);
  addN(a, a, b);
  if (isZeroPlain(a) != 0) return leave(NOT_AUTHENTIC);
  storeN(bytesA, a);
  if (comb == 0) multiplyLadder(point, ladderA, bytesA);
  else multiplyComb(point, comb, bytesA);
  // R becomes known to both sides.
  continueSumVarTime();
  addToSumVarTime(point, other, other + ELEMENT);
  if (isSumInfinite()) return leave(NOT_AUTHENTIC);
  toAffine(affine, point);
  loadR(message + MESSAGE_DIGEST);
  if (isZeroPlain(r) != 0) return leave(NOT_AUTHENTIC);

  negateN(c, r);
  storeN(bytesC, c);
  if (comb == 0) {
    sumOfLaddersVarTime(point, bytesC, ladderA, reply + 33, 0, 0);
  } else {
    startSumVarTime();
    addCombVarTime(point, baseCombTable(), bytesC);
    addCombVarTime(point, comb, reply + 33);
  }
  if (!isSumVarTime(reply)) return leave(NOT_AUTHENTIC);

  addN(s, s, a);
  if (!loadScalarN(a, share + SECRET)) return leave(BAD_KEY);
  multiplyN(s, s, a);
  // s is still s + r of the signature, which the standard wants different from zero.
  if (isZeroPlain(s) != 0) return leave(NOT_AUTHENTIC);
  subN(s, s, r);
  if (isZeroPlain(s) != 0) return leave(NOT_AUTHENTIC);
  storeN(signature, r);
  storeN(signature + 32, s);
  return leave(OK);
}

/** The client's message of a decryption: C1 in 33 bytes, from 64; the rest is the host's. */
export function shareDecryptStart(c1: usize, message: usize): i32 {
  if (!decodePointVarTime(affine, c1)) return leave(BAD_FORMAT);
  compressPoint(message, affine);
  return leave(OK);
}

/** c = the challenge of the proof that log P2 = log T to the bases G and C1. */
function hashEquality(
  share: usize,
  serverPublic: usize,
  ctx: usize,
  ctxLength: u32,
  message: usize,
  T: usize,
  A: usize,
  B: usize,
): void {
  startHash(USE_EQUALITY, ctx, ctxLength);
  absorbKey(share);
  absorb(serverPublic, 64);
  absorb(message, 65);
  absorb(T, 33);
  absorb(A, 33);
  absorb(B, 33);
  finishHash(c, bytesC);
}

/** The server answers C1 with T = a2^-1 C1 and the proof of it, c and z: 97 bytes. */
export function shareDecryptReply(
  share: usize,
  ctx: usize,
  ctxLength: u32,
  message: usize,
  random: usize,
  reply: usize,
): i32 {
  if (!loadScalarN(a, share + SECRET)) return leave(BAD_KEY);
  if (!decompressPointVarTime(affine, message)) return leave(NOT_AUTHENTIC);
  buildLadder(ladderA, affine);
  makeContext(share, ctx, ctxLength, message, 65);
  deriveN(s, share + SECRET, random, context, PURPOSE_EQUALITY);
  if (isZeroPlain(s) != 0) return leave(AGAIN);
  invertN(a, a);
  storeN(bytesA, a);
  storeN(bytesB, s);
  multiplyLadder(point, ladderA, bytesA);
  toAffine(affine, point);
  compressPoint(reply, affine);
  multiplyBase(affine, bytesB);
  compressPoint(compressed, affine);
  multiplyLadder(point, ladderA, bytesB);
  toAffine(affine, point);
  compressPoint(encoded, affine);
  hashEquality(share, share + OWN, ctx, ctxLength, message, reply, compressed, encoded);
  memory.copy(reply + 33, bytesC, 32);
  multiplyN(c, c, a);
  addN(s, s, c);
  storeN(reply + 65, s);
  return leave(OK);
}

/** Checks the proof and starts the decryption with the point a1^-1 T - C1; see sm2StartDecrypt. */
export function shareDecryptFinish(
  share: usize,
  ctx: usize,
  ctxLength: u32,
  message: usize,
  reply: usize,
): i32 {
  if (!decompressPointVarTime(other, reply)) return leave(NOT_AUTHENTIC);
  if (!loadScalarN(b, reply + 65)) return leave(NOT_AUTHENTIC);
  fromBytes(c, reply + 33);
  loadN(d, reply + 33);
  subN(d, d, c);
  if (isZeroPlain(d) == 0) return leave(NOT_AUTHENTIC);
  negateN(c, c);
  storeN(bytesB, c);
  if (!decodePointVarTime(affine, share + OTHER)) return leave(BAD_KEY);
  buildLadder(ladderA, affine);
  sumOfLaddersVarTime(point, reply + 65, ladderA, bytesB, 0, 0);
  if (isSumInfinite()) return leave(NOT_AUTHENTIC);
  toAffine(affine, point);
  compressPoint(compressed, affine);

  if (!decompressPointVarTime(affine, message)) return leave(NOT_AUTHENTIC);
  buildLadder(ladderB, affine);
  buildLadder(ladderC, other);
  memory.fill(bytesA, 0, 32);
  sumOfLaddersVarTime(point, bytesA, ladderB, reply + 65, ladderC, bytesB);
  if (isSumInfinite()) return leave(NOT_AUTHENTIC);
  toAffine(affine, point);
  compressPoint(encoded, affine);
  hashEquality(share, share + OTHER, ctx, ctxLength, message, reply, compressed, encoded);
  if (!isSame(bytesC, reply + 33, 32)) return leave(NOT_AUTHENTIC);

  if (!loadScalarN(a, share + SECRET)) return leave(BAD_KEY);
  invertN(a, a);
  storeN(bytesA, a);
  multiplyLadder(point, ladderC, bytesA);
  if (!decompressPointVarTime(affine, message)) return leave(NOT_AUTHENTIC);
  // a1^-1 T = C1 + d C1: with d not 0 and -1 never equal to C1, and opposite only for d = -2.
  for (let i: usize = 0; i < 72; i += 8) store<i64>(s + i, -load<i64>(affine + ELEMENT + i));
  carry(s, s);
  continueSumVarTime();
  addToSumVarTime(point, affine, s);
  if (isSumInfinite()) return leave(NOT_AUTHENTIC);
  toAffine(affine, point);
  encodePoint(encoded, affine);
  startCipher(encoded);
  return leave(OK);
}

/** Draws a coin for a refresh from 64 random bytes: a number (32 bytes) and a mask (32 bytes). */
export function shareCoin(share: usize, random: usize, coin: usize): i32 {
  deriveN(a, random, random + 32, share + OWN, PURPOSE_COIN);
  if (isZeroPlain(a) != 0) return leave(AGAIN);
  storeN(coin, a);
  deriveN(b, random, random + 32, share + OTHER, PURPOSE_COIN);
  storeN(coin + 32, b);
  return leave(OK);
}

/** The commitment (32 bytes) to the 64 bytes of a coin. */
export function shareCommitCoin(
  share: usize,
  ctx: usize,
  ctxLength: u32,
  coin: usize,
  commitment: usize,
): i32 {
  startHash(USE_COIN, ctx, ctxLength);
  absorbKey(share);
  absorb(coin, 64);
  sm3Final(state, commitment);
  return leave(OK);
}

/**
 * Moves a share to the next epoch by the product of both coins: a1 times it, a2 divided by it, so
 * that P stays. NOT_AUTHENTIC when it would not, BAD_FORMAT for a coin out of range.
 */
export function shareRefresh(share: usize, coinA: usize, coinB: usize, next: usize): i32 {
  if (!loadScalarN(a, coinA) || !loadScalarN(b, coinB)) return leave(BAD_FORMAT);
  multiplyN(c, a, b);
  invertN(d, c);
  const isClient = load<u8>(share, ROLE) == CLIENT;
  memory.copy(next, share, 230);
  store<u32>(next + EPOCH, bswap<u32>(bswap<u32>(load<u32>(share + EPOCH)) + 1));
  if (!loadScalarN(a, share + SECRET)) return leave(BAD_KEY);
  multiplyN(a, a, isClient ? c : d);
  storeN(next + SECRET, a);

  // The other's public share is its inverse secret times G: the factor is the other way round.
  if (!decodePointVarTime(affine, share + OTHER)) return leave(BAD_KEY);
  buildLadder(ladderB, affine);
  storeN(bytesB, isClient ? c : d);
  multiplyLadder(point, ladderB, bytesB);
  toAffine(other, point);
  encodePoint(next + OTHER, other);
  if (!joinShares(next + SECRET, other)) return leave(NOT_AUTHENTIC);
  if (!isSame(encoded, share + JOINT, 64)) return leave(NOT_AUTHENTIC);
  multiplyBase(affine, bytesA);
  encodePoint(next + OWN, affine);
  return leave(OK);
}

/** BAD_KEY unless the 230 bytes are a share of that role. */
export function shareCheck(share: usize, role: u32): i32 {
  if (load<u8>(share) != 1 || load<u8>(share, ROLE) != <u8>role) return leave(BAD_KEY);
  if (!loadScalarN(a, share + SECRET)) return leave(BAD_KEY);
  return leave(OK);
}
