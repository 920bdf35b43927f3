import { assertBytes, assertBytesOf, assertOptions } from './arguments.ts';
import { GmError } from './error.ts';
import type { Kernel } from './kernel.ts';
import { drawUntilTaken } from './random.ts';
import { parseCiphertextFormat, parseSignatureFormat } from './sm2.ts';
import {
  type CiphertextFormat,
  type CiphertextParts,
  decodeCiphertext,
  encodeSignature,
  type SignatureFormat,
} from './sm2-encoding.ts';
import type { Sm3Functions } from './sm3.ts';

// The exchange region: the caller's context, later one piece of data; then what has a fixed size.
const PIECE = 65536;
const RANDOM = PIECE;
const RANDOM_BYTES = 64;
const SHARE = RANDOM + RANDOM_BYTES;
const NEXT_SHARE = SHARE + 256;
const SECRET = NEXT_SHARE + 256;
const NONCES = SECRET + 32;
const COIN = NONCES + 64;
const PEER_COIN = COIN + 64;
const COMMITMENT = PEER_COIN + 64;
const MESSAGE = COMMITMENT + 32;
const REPLY = MESSAGE + 192;
const DIGEST = REPLY + 128;
const SIGNATURE = DIGEST + 32;
const END = SIGNATURE + 64;

const SHARE_BYTES = 230;
// Within a share, as assembly/gm/share.ts lays it out.
const SHARE_EPOCH = 2;
const SHARE_SECRET = 6;
const OWN = 38;
const OTHER = 102;
const JOINT = 166;
const SECRET_BYTES = 32;
const PROOF_BYTES = 98;
const POINT_BYTES = 33;
const NONCES_BYTES = 64;
const COIN_BYTES = 64;
const DIGEST_BYTES = 32;
const SIGN_MESSAGE_BYTES = 163;
const SIGN_REPLY_BYTES = 65;
const DECRYPT_MESSAGE_BYTES = 65;
const DECRYPT_REPLY_BYTES = 97;
/** Most bytes of a context. */
export const CONTEXT_BYTES_MAX = 4096;

const CLIENT = 1;
const SERVER = 2;
type Role = typeof CLIENT | typeof SERVER;

/** What a side keeps between two steps. It is used once, and erased whatever comes of that. */
export interface TwoPartyState {
  /** Erases it before its use, when a session is given up. */
  discard(): void;
}

/**
 * Two-party SM2 (docs/threat-model.md): a key of which client and server hold a share each, and
 * nobody the whole. Signatures and ciphertexts are ordinary ones for `publicKey`.
 *
 * `ctx` is up to 4096 bytes that bind protocol session, key, tenant and request; both sides pass
 * the same, and a reply made for another is refused. A share is 230 bytes, secret, with its epoch;
 * two shares work together only in the same epoch. Whatever a peer sends that is malformed, out of
 * place or not proved throws GmError `protocol_failed`; a state used again `state_used`.
 */
export interface TwoParty {
  /**
   * What is public about a share: its role and epoch, the joint public key, and the public shares of
   * this side and of the other; points of 65 bytes.
   */
  inspect(share: Uint8Array): {
    role: 'client' | 'server';
    epoch: number;
    publicKey: Uint8Array;
    own: Uint8Array;
    other: Uint8Array;
  };
  readonly keygen: {
    clientStart(ctx: Uint8Array): { state: TwoPartyState; commitment: Uint8Array };
    serverReply(
      ctx: Uint8Array,
      commitment: Uint8Array,
    ): { state: TwoPartyState; message: Uint8Array };
    clientFinish(
      state: TwoPartyState,
      message: Uint8Array,
    ): { share: Uint8Array; publicKey: Uint8Array; opening: Uint8Array };
    serverFinish(
      state: TwoPartyState,
      opening: Uint8Array,
    ): { share: Uint8Array; publicKey: Uint8Array };
  };
  readonly sign: {
    /** `e` is `sm2.digest` of the text; the message has 163 bytes. */
    clientStart(
      clientShare: Uint8Array,
      e: Uint8Array,
      ctx: Uint8Array,
    ): { state: TwoPartyState; message: Uint8Array };
    /** `e` is the digest that the server itself has approved; 65 bytes. It keeps nothing. */
    serverReply(
      serverShare: Uint8Array,
      e: Uint8Array,
      ctx: Uint8Array,
      message: Uint8Array,
    ): Uint8Array;
    /**
     * `onRefused` gets the nonces u and v (64 bytes) of a run whose reply is refused, for
     * `isAnswer`: no signature came of them, and none will.
     */
    clientFinish(
      state: TwoPartyState,
      reply: Uint8Array,
      options?: { format?: SignatureFormat; onRefused?: (nonces: Uint8Array) => void },
    ): Uint8Array;
    /**
     * Whether a reply answers a message: the client's own check, repeated by whoever is given its
     * nonces. `peer` is the server's public share (65 bytes), which must be known for sure.
     */
    isAnswer(run: SignRun): boolean;
  };
  readonly decrypt: {
    /** @throws GmError `decryption_failed` for a malformed ciphertext */
    clientStart(
      clientShare: Uint8Array,
      ciphertext: Uint8Array,
      ctx: Uint8Array,
      options?: { format?: CiphertextFormat },
    ): { state: TwoPartyState; message: Uint8Array };
    serverReply(serverShare: Uint8Array, ctx: Uint8Array, message: Uint8Array): Uint8Array;
    /** @throws GmError `decryption_failed` when the reply is honest but the ciphertext is not */
    clientFinish(state: TwoPartyState, reply: Uint8Array): Uint8Array;
  };
  /**
   * Moves both shares to the next epoch under the same public key. The messages must stay between
   * the two sides: with them and an old share one could compute the new one.
   *
   * The messages carry no proof: one that was changed on the way gives shares that do not fit, so
   * both sides keep the old share until a signature with the new ones has been made.
   */
  readonly refresh: {
    clientStart(
      clientShare: Uint8Array,
      ctx: Uint8Array,
    ): { state: TwoPartyState; commitment: Uint8Array };
    serverReply(
      serverShare: Uint8Array,
      ctx: Uint8Array,
      commitment: Uint8Array,
    ): { state: TwoPartyState; message: Uint8Array };
    clientFinish(
      state: TwoPartyState,
      message: Uint8Array,
    ): { share: Uint8Array; opening: Uint8Array };
    serverFinish(state: TwoPartyState, opening: Uint8Array): { share: Uint8Array };
  };
}

/** A run of a signature as it is judged afterwards: nothing in it is secret any more. */
export interface SignRun {
  readonly publicKey: Uint8Array;
  readonly peer: Uint8Array;
  readonly epoch: number;
  readonly ctx: Uint8Array;
  readonly message: Uint8Array;
  /** u and v, which the caller has compared with the message. */
  readonly nonces: Uint8Array;
  readonly reply: Uint8Array;
}

/** What each step leaves for the next of its side. */
interface StepData {
  'keygen.clientFinish': {
    ctx: Uint8Array;
    secret: Uint8Array;
    proof: Uint8Array;
    commitment: Uint8Array;
  };
  'keygen.serverFinish': {
    ctx: Uint8Array;
    secret: Uint8Array;
    proof: Uint8Array;
    commitment: Uint8Array;
  };
  'sign.clientFinish': {
    ctx: Uint8Array;
    share: Uint8Array;
    message: Uint8Array;
    nonces: Uint8Array;
  };
  'decrypt.clientFinish': {
    ctx: Uint8Array;
    share: Uint8Array;
    message: Uint8Array;
    parts: CiphertextParts;
  };
  'refresh.clientFinish': { ctx: Uint8Array; share: Uint8Array; coin: Uint8Array };
  'refresh.serverFinish': {
    ctx: Uint8Array;
    share: Uint8Array;
    coin: Uint8Array;
    commitment: Uint8Array;
  };
}
type Step = keyof StepData;

function failed(): GmError {
  return new GmError('protocol_failed', 'the message of the other side is not acceptable');
}

function undecryptable(): GmError {
  return new GmError('decryption_failed', 'the ciphertext does not decrypt');
}

function assertAccepted(status: number): void {
  if (status !== 0) throw failed();
}

function assertMessage(value: Uint8Array, length: number, name: string): void {
  assertBytes(value, name);
  if (value.length !== length) throw failed();
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  let bits = a.length ^ b.length;
  for (let i = 0; i < a.length; i++) bits |= (a[i] ?? 0) ^ (b[i] ?? 0);
  return bits === 0;
}

/** Binds the protocol to one instance of the module. */
export function createTwoParty(kernel: Kernel, { createSm3 }: Sm3Functions): TwoParty {
  const { wasm, base, bytes } = kernel;
  const random = bytes.subarray(RANDOM, RANDOM + RANDOM_BYTES);
  const pending = new WeakMap<TwoPartyState, { step: Step; data: StepData[Step] }>();

  function erase(data: StepData[Step]): void {
    if ('secret' in data) data.secret.fill(0);
    if ('share' in data) data.share.fill(0);
    if ('nonces' in data) data.nonces.fill(0);
    if ('coin' in data) data.coin.fill(0);
  }

  function keep<S extends Step>(step: S, data: StepData[S]): TwoPartyState {
    const state: TwoPartyState = Object.freeze({
      discard() {
        pending.delete(state);
        erase(data);
      },
    });
    pending.set(state, { step, data });
    return state;
  }

  /** Runs the step that a state was kept for, and erases the state on every way out. */
  function spend<S extends Step, T>(
    step: S,
    state: TwoPartyState,
    use: (data: StepData[S]) => T,
  ): T {
    const isObject = typeof state === 'object' && state !== null;
    const kept = isObject ? pending.get(state) : undefined;
    if (kept?.step !== step) {
      throw new GmError('state_used', 'the state was used before, or is of another step');
    }
    pending.delete(state);
    // `keep` stores only data of the named step.
    const data = kept.data as StepData[S];
    try {
      return use(data);
    } finally {
      erase(data);
    }
  }

  /** Runs `use` and leaves nothing in the exchange region. */
  function cleanly<T>(use: () => T): T {
    try {
      return use();
    } finally {
      bytes.fill(0, 0, CONTEXT_BYTES_MAX);
      bytes.fill(0, RANDOM, END);
    }
  }

  function draw(attempt: () => number): number {
    return drawUntilTaken(random, attempt);
  }

  function taken(at: number, length: number): Uint8Array {
    return bytes.slice(at, at + length);
  }

  function parseContext(ctx: Uint8Array): Uint8Array {
    assertBytes(ctx, 'ctx');
    if (ctx.length > CONTEXT_BYTES_MAX) {
      throw new GmError('argument_invalid', `ctx must have at most ${CONTEXT_BYTES_MAX} bytes`);
    }
    return new Uint8Array(ctx);
  }

  function placeShare(share: Uint8Array, role: Role): void {
    assertBytes(share, 'share');
    const wrong = () => new GmError('key_invalid', 'the share is not valid');
    if (share.length !== SHARE_BYTES) throw wrong();
    bytes.set(share, SHARE);
    if (wasm.shareCheck(base + SHARE, role) < 0) throw wrong();
  }

  function pointAt(at: number): Uint8Array {
    const point = new Uint8Array(65);
    point[0] = 4;
    point.set(bytes.subarray(at, at + 64), 1);
    return point;
  }

  const publicKeyAt = (share: number) => pointAt(share + JOINT);

  function inspect(share: Uint8Array) {
    assertBytes(share, 'share');
    return cleanly(() => {
      const isClient = share[1] === CLIENT;
      placeShare(share, isClient ? CLIENT : SERVER);
      const epoch = new DataView(bytes.buffer, base + SHARE).getUint32(2);
      const role = isClient ? ('client' as const) : ('server' as const);
      const [own, other] = [pointAt(SHARE + OWN), pointAt(SHARE + OTHER)];
      return { role, epoch, publicKey: publicKeyAt(SHARE), own, other };
    });
  }

  /** Draws this side's secret and proof; the server's is bound to the commitment in place. */
  function createShare(role: Role, ctxLength: number): { secret: Uint8Array; proof: Uint8Array } {
    const status = draw(() =>
      wasm.shareCreate(
        role,
        base,
        ctxLength,
        base + COMMITMENT,
        base + RANDOM,
        base + SECRET,
        base + MESSAGE,
      ),
    );
    assertAccepted(status);
    return { secret: taken(SECRET, SECRET_BYTES), proof: taken(MESSAGE, PROOF_BYTES) };
  }

  /** Makes this side's share from its secret and the proof of the other side at MESSAGE. */
  function finishShare(role: Role, secret: Uint8Array) {
    bytes.set(secret, SECRET);
    assertAccepted(wasm.shareFinish(role, base + SECRET, base + MESSAGE, base + SHARE));
    return { share: taken(SHARE, SHARE_BYTES), publicKey: publicKeyAt(SHARE) };
  }

  const keygen: TwoParty['keygen'] = {
    clientStart(context) {
      const ctx = parseContext(context);
      return cleanly(() => {
        bytes.set(ctx);
        const { secret, proof } = createShare(CLIENT, ctx.length);
        wasm.shareCommit(base, ctx.length, base + MESSAGE, base + COMMITMENT);
        const commitment = taken(COMMITMENT, DIGEST_BYTES);
        return {
          state: keep('keygen.clientFinish', { ctx, secret, proof, commitment }),
          commitment: commitment.slice(),
        };
      });
    },
    serverReply(context, commitmentReceived) {
      const ctx = parseContext(context);
      assertMessage(commitmentReceived, DIGEST_BYTES, 'commitment');
      const commitment = new Uint8Array(commitmentReceived);
      return cleanly(() => {
        bytes.set(ctx);
        bytes.set(commitment, COMMITMENT);
        const { secret, proof } = createShare(SERVER, ctx.length);
        return {
          state: keep('keygen.serverFinish', { ctx, secret, proof, commitment }),
          message: proof.slice(),
        };
      });
    },
    clientFinish(state, message) {
      assertBytes(message, 'message');
      return spend('keygen.clientFinish', state, ({ ctx, secret, proof, commitment }) =>
        cleanly(() => {
          assertMessage(message, PROOF_BYTES, 'message');
          bytes.set(ctx);
          bytes.set(commitment, COMMITMENT);
          bytes.set(message, MESSAGE);
          assertAccepted(
            wasm.shareCheckProof(SERVER, base, ctx.length, base + COMMITMENT, base + MESSAGE),
          );
          return { ...finishShare(CLIENT, secret), opening: proof };
        }),
      );
    },
    serverFinish(state, opening) {
      assertBytes(opening, 'opening');
      return spend('keygen.serverFinish', state, ({ ctx, secret, commitment }) =>
        cleanly(() => {
          assertMessage(opening, PROOF_BYTES, 'opening');
          bytes.set(ctx);
          bytes.set(opening, MESSAGE);
          wasm.shareCommit(base, ctx.length, base + MESSAGE, base + COMMITMENT);
          if (!isSame(taken(COMMITMENT, DIGEST_BYTES), commitment)) throw failed();
          assertAccepted(
            wasm.shareCheckProof(CLIENT, base, ctx.length, base + COMMITMENT, base + MESSAGE),
          );
          return finishShare(SERVER, secret);
        }),
      );
    },
  };

  const sign: TwoParty['sign'] = {
    clientStart(clientShare, e, context) {
      const ctx = parseContext(context);
      assertBytesOf(e, DIGEST_BYTES, 'e');
      return cleanly(() => {
        placeShare(clientShare, CLIENT);
        bytes.set(ctx);
        bytes.set(e, DIGEST);
        const status = draw(() =>
          wasm.shareSignStart(
            base + SHARE,
            base,
            ctx.length,
            base + DIGEST,
            base + RANDOM,
            base + MESSAGE,
            base + NONCES,
          ),
        );
        assertAccepted(status);
        const message = taken(MESSAGE, SIGN_MESSAGE_BYTES);
        const share = taken(SHARE, SHARE_BYTES);
        const nonces = taken(NONCES, NONCES_BYTES);
        const state = keep('sign.clientFinish', { ctx, share, message, nonces });
        return { state, message: message.slice() };
      });
    },
    serverReply(serverShare, e, context, message) {
      const ctx = parseContext(context);
      assertBytesOf(e, DIGEST_BYTES, 'e');
      assertMessage(message, SIGN_MESSAGE_BYTES, 'message');
      return cleanly(() => {
        placeShare(serverShare, SERVER);
        bytes.set(ctx);
        bytes.set(message, MESSAGE);
        const sent = taken(MESSAGE + SIGN_MESSAGE_BYTES - DIGEST_BYTES, DIGEST_BYTES);
        if (!isSame(sent, e)) throw failed();
        const status = draw(() =>
          wasm.shareSignReply(
            base + SHARE,
            base,
            ctx.length,
            base + MESSAGE,
            base + RANDOM,
            base + REPLY,
          ),
        );
        assertAccepted(status);
        return taken(REPLY, SIGN_REPLY_BYTES);
      });
    },
    clientFinish(state, reply, options = {}) {
      assertBytes(reply, 'reply');
      assertOptions(options, ['format', 'onRefused'], 'options');
      const format = parseSignatureFormat(options.format);
      return spend('sign.clientFinish', state, ({ ctx, share, message, nonces }) =>
        cleanly(() => {
          const isWhole = reply.length === SIGN_REPLY_BYTES;
          const status = isWhole ? finishSignature({ ctx, share, message, nonces, reply }) : -1;
          if (status !== 0) options.onRefused?.(nonces.slice());
          assertAccepted(status);
          const raw = taken(SIGNATURE, 64);
          return format === 'raw' ? raw : encodeSignature(raw);
        }),
      );
    },
    isAnswer(run) {
      const ctx = parseContext(run.ctx);
      assertBytesOf(run.publicKey, 65, 'publicKey');
      assertBytesOf(run.peer, 65, 'peer');
      assertBytesOf(run.nonces, NONCES_BYTES, 'nonces');
      assertBytesOf(run.message, SIGN_MESSAGE_BYTES, 'message');
      assertBytes(run.reply, 'reply');
      if (run.reply.length !== SIGN_REPLY_BYTES) return false;
      const share = shareForCheck(run);
      return cleanly(() => finishSignature({ ...run, ctx, share }) === 0);
    },
  };

  /** Runs the client's last step, and leaves the signature in place if the reply is right. */
  function finishSignature(run: StepData['sign.clientFinish'] & { reply: Uint8Array }) {
    const { ctx, share, message, nonces, reply } = run;
    bytes.set(ctx);
    bytes.set(share, SHARE);
    bytes.set(message, MESSAGE);
    bytes.set(nonces, NONCES);
    bytes.set(reply, REPLY);
    return wasm.shareSignFinish(
      base + SHARE,
      base,
      ctx.length,
      base + MESSAGE,
      base + NONCES,
      base + REPLY,
      base + SIGNATURE,
    );
  }

  /** A client's share as far as its check of a reply looks at it: any secret does for that. */
  function shareForCheck({ publicKey, peer, epoch }: SignRun): Uint8Array {
    const share = new Uint8Array(SHARE_BYTES);
    new DataView(share.buffer).setUint32(SHARE_EPOCH, epoch);
    share.set([1, CLIENT]);
    share[SHARE_SECRET + SECRET_BYTES - 1] = 1;
    share.set(peer.subarray(1), OTHER);
    share.set(publicKey.subarray(1), JOINT);
    return share;
  }

  /** SM3 over all parts of a ciphertext: what the server's records name it by. */
  function hashOf({ c1, c3, c2 }: CiphertextParts): Uint8Array {
    return createSm3().update(c1).update(c3).update(c2).digest();
  }

  function decryptData(data: Uint8Array): void {
    for (let at = 0; at < data.length; at += PIECE) {
      const part = data.subarray(at, at + PIECE);
      bytes.set(part);
      wasm.sm2DecryptPiece(base, part.length);
      part.set(bytes.subarray(0, part.length));
    }
    bytes.fill(0, 0, Math.min(data.length, PIECE));
  }

  const decrypt: TwoParty['decrypt'] = {
    clientStart(clientShare, ciphertext, context, options = {}) {
      const ctx = parseContext(context);
      assertBytes(ciphertext, 'ciphertext');
      assertOptions(options, ['format'], 'options');
      const parts = decodeCiphertext(
        new Uint8Array(ciphertext),
        parseCiphertextFormat(options.format),
      );
      if (!parts) throw undecryptable();
      const name = hashOf(parts);
      return cleanly(() => {
        placeShare(clientShare, CLIENT);
        bytes.set(parts.c1, SIGNATURE);
        if (wasm.shareDecryptStart(base + SIGNATURE, base + MESSAGE) < 0) throw undecryptable();
        bytes.set(name, MESSAGE + POINT_BYTES);
        const message = taken(MESSAGE, DECRYPT_MESSAGE_BYTES);
        const share = taken(SHARE, SHARE_BYTES);
        const state = keep('decrypt.clientFinish', { ctx, share, message, parts });
        return { state, message: message.slice() };
      });
    },
    serverReply(serverShare, context, message) {
      const ctx = parseContext(context);
      assertMessage(message, DECRYPT_MESSAGE_BYTES, 'message');
      return cleanly(() => {
        placeShare(serverShare, SERVER);
        bytes.set(ctx);
        bytes.set(message, MESSAGE);
        const status = draw(() =>
          wasm.shareDecryptReply(
            base + SHARE,
            base,
            ctx.length,
            base + MESSAGE,
            base + RANDOM,
            base + REPLY,
          ),
        );
        assertAccepted(status);
        return taken(REPLY, DECRYPT_REPLY_BYTES);
      });
    },
    clientFinish(state, reply) {
      assertBytes(reply, 'reply');
      return spend('decrypt.clientFinish', state, ({ ctx, share, message, parts }) =>
        cleanly(() => {
          assertMessage(reply, DECRYPT_REPLY_BYTES, 'reply');
          bytes.set(ctx);
          bytes.set(share, SHARE);
          bytes.set(message, MESSAGE);
          bytes.set(reply, REPLY);
          assertAccepted(
            wasm.shareDecryptFinish(base + SHARE, base, ctx.length, base + MESSAGE, base + REPLY),
          );
          const plaintext = new Uint8Array(parts.c2);
          decryptData(plaintext);
          bytes.set(parts.c3, DIGEST);
          if (wasm.sm2FinishDecrypt(base + DIGEST) === 0) return plaintext;
          plaintext.fill(0);
          throw undecryptable();
        }),
      );
    },
  };

  function drawCoin(): Uint8Array {
    assertAccepted(draw(() => wasm.shareCoin(base + SHARE, base + RANDOM, base + COIN)));
    return taken(COIN, COIN_BYTES);
  }

  /** The commitment to the coin at `coin`. */
  function commitCoin(ctxLength: number, coin: number): Uint8Array {
    wasm.shareCommitCoin(base + SHARE, base, ctxLength, base + coin, base + COMMITMENT);
    return taken(COMMITMENT, DIGEST_BYTES);
  }

  /** The share of the next epoch by both coins; only the first half of a coin is the number. */
  function nextShare(share: Uint8Array, coin: Uint8Array, peerCoin: Uint8Array): Uint8Array {
    bytes.set(share, SHARE);
    bytes.set(coin, COIN);
    bytes.set(peerCoin, PEER_COIN);
    assertAccepted(
      wasm.shareRefresh(base + SHARE, base + COIN, base + PEER_COIN, base + NEXT_SHARE),
    );
    return taken(NEXT_SHARE, SHARE_BYTES);
  }

  const refresh: TwoParty['refresh'] = {
    clientStart(clientShare, context) {
      const ctx = parseContext(context);
      return cleanly(() => {
        placeShare(clientShare, CLIENT);
        bytes.set(ctx);
        const coin = drawCoin();
        const commitment = commitCoin(ctx.length, COIN);
        const share = taken(SHARE, SHARE_BYTES);
        return { state: keep('refresh.clientFinish', { ctx, share, coin }), commitment };
      });
    },
    serverReply(serverShare, context, commitmentReceived) {
      const ctx = parseContext(context);
      assertMessage(commitmentReceived, DIGEST_BYTES, 'commitment');
      const commitment = new Uint8Array(commitmentReceived);
      return cleanly(() => {
        placeShare(serverShare, SERVER);
        const coin = drawCoin();
        const share = taken(SHARE, SHARE_BYTES);
        const message = coin.slice(0, SECRET_BYTES);
        return { state: keep('refresh.serverFinish', { ctx, share, coin, commitment }), message };
      });
    },
    clientFinish(state, message) {
      assertBytes(message, 'message');
      return spend('refresh.clientFinish', state, ({ share, coin }) =>
        cleanly(() => {
          assertMessage(message, SECRET_BYTES, 'message');
          return { share: nextShare(share, coin, message), opening: coin.slice() };
        }),
      );
    },
    serverFinish(state, opening) {
      assertBytes(opening, 'opening');
      return spend('refresh.serverFinish', state, ({ ctx, share, coin, commitment }) =>
        cleanly(() => {
          assertMessage(opening, COIN_BYTES, 'opening');
          bytes.set(ctx);
          bytes.set(share, SHARE);
          bytes.set(opening, PEER_COIN);
          if (!isSame(commitCoin(ctx.length, PEER_COIN), commitment)) throw failed();
          return { share: nextShare(share, coin, opening) };
        }),
      );
    },
  };

  return { inspect, keygen, sign, decrypt, refresh };
}
