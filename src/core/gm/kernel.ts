import source from '#wasm/gm';
import { type CoreExports, instantiate, moduleOf } from '../load.ts';

/** Every function that the module exports; each part of the facade declares its own. */
export interface GmExports extends CoreExports {
  io(): number;
  ioBytes(): number;

  shareCheck(share: number, role: number): number;
  shareCreate(
    role: number,
    ctx: number,
    ctxLength: number,
    commitment: number,
    random: number,
    secret: number,
    proof: number,
  ): number;
  shareCommit(ctx: number, ctxLength: number, proof: number, commitment: number): number;
  shareCheckProof(
    role: number,
    ctx: number,
    ctxLength: number,
    commitment: number,
    proof: number,
  ): number;
  shareFinish(role: number, secret: number, otherPublic: number, share: number): number;
  shareSignStart(
    share: number,
    ctx: number,
    ctxLength: number,
    digest: number,
    random: number,
    message: number,
    nonces: number,
  ): number;
  shareSignReply(
    share: number,
    ctx: number,
    ctxLength: number,
    message: number,
    random: number,
    reply: number,
  ): number;
  shareSignFinish(
    share: number,
    ctx: number,
    ctxLength: number,
    message: number,
    nonces: number,
    reply: number,
    signature: number,
  ): number;
  shareDecryptStart(c1: number, message: number): number;
  shareDecryptReply(
    share: number,
    ctx: number,
    ctxLength: number,
    message: number,
    random: number,
    reply: number,
  ): number;
  shareDecryptFinish(
    share: number,
    ctx: number,
    ctxLength: number,
    message: number,
    reply: number,
  ): number;
  shareCoin(share: number, random: number, coin: number): number;
  shareCommitCoin(
    share: number,
    ctx: number,
    ctxLength: number,
    coin: number,
    commitment: number,
  ): number;
  shareRefresh(share: number, coinA: number, coinB: number, next: number): number;

  sm2SetSalt(bytes: number): number;
  sm2GenerateKey(random: number, privateKey: number): number;
  sm2CheckPrivateKey(privateKey: number): number;
  sm2PublicKey(privateKey: number, publicKey: number): number;
  sm2Multiple(scalar: number, result: number): number;
  sm2ReadPoint(bytes: number, length: number, publicKey: number): number;
  sm2Z(id: number, idLength: number, publicKey: number, z: number): number;
  sm2SigningFactor(privateKey: number, factor: number): number;
  sm2Sign(
    privateKey: number,
    factor: number,
    digest: number,
    random: number,
    signature: number,
  ): number;
  sm2Verify(publicKey: number, digest: number, signature: number): number;
  sm2PreparedKeys(): number;
  sm2Prepare(slot: number, publicKey: number): number;
  sm2VerifyPrepared(slot: number, digest: number, signature: number): number;
  sm2StartEncrypt(publicKey: number, random: number, c1: number): number;
  sm2EncryptPiece(data: number, length: number): number;
  sm2FinishEncrypt(check: number): number;
  sm2StartDecrypt(privateKey: number, c1: number): number;
  sm2DecryptPiece(data: number, length: number): number;
  sm2FinishDecrypt(check: number): number;
  sm2Exchange(
    privateKey: number,
    ephemeral: number,
    ephemeralPoint: number,
    peer: number,
    peerEphemeral: number,
    shared: number,
  ): number;

  sm3Digest(data: number, length: number, digest: number): number;
  sm3Begin(state: number): number;
  sm3Absorb(state: number, data: number, length: number): number;
  sm3Finish(state: number, digest: number): number;
  sm3Batch(lengths: number, count: number, messages: number, digests: number): number;
  hmacBegin(mac: number, key: number, keyLength: number): number;
  hmacFinish(mac: number, tag: number): number;
  kdfDerive(state: number, counter: number, key: number, length: number): number;
  pbkdf2Derive(mac: number, iterations: number, block: number): number;

  sm4SetKey(key: number, roundKeys: number, decrypts: number): number;
  sm4EcbApply(roundKeys: number, data: number, length: number): number;
  sm4CbcApply(roundKeys: number, chain: number, data: number, length: number): number;
  sm4CbcUndo(roundKeys: number, chain: number, data: number, length: number): number;
  sm4CtrApply(
    roundKeys: number,
    counter: number,
    data: number,
    length: number,
    low32: number,
  ): number;
  ghashFold(key: number, hash: number, data: number, length: number): number;
  sameBytes(a: number, b: number, length: number): number;
}

/**
 * One instance of the module and a view of the region through which bytes are exchanged with it.
 *
 * Its memory never grows, so the view stays valid. Calls are synchronous and each begins from its
 * arguments, so facades share one instance.
 */
export interface Kernel {
  readonly wasm: GmExports;
  /** Address of the first byte of `bytes`. */
  readonly base: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

let loading: Promise<Kernel> | undefined;

/** Loads the module once; later calls return the same instance. */
export function loadKernel(): Promise<Kernel> {
  loading ??= moduleOf(source).then((module) => {
    const wasm = instantiate<GmExports>(module);
    const base = wasm.io();
    return { wasm, base, bytes: new Uint8Array(wasm.memory.buffer, base, wasm.ioBytes()) };
  });
  // A failed download may succeed when asked again.
  loading.catch(() => {
    loading = undefined;
  });
  return loading;
}
