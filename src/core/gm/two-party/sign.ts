import { assertBytes, assertBytesOf, assertOptions } from '../arguments.ts';
import { parseSignatureFormat } from '../sm2/arguments.ts';
import { encodeSignature } from '../sm2/encoding.ts';
import {
  CLIENT,
  DIGEST,
  DIGEST_BYTES,
  JOINT,
  MESSAGE,
  NONCES,
  NONCES_BYTES,
  OTHER,
  RANDOM,
  REPLY,
  SECRET_BYTES,
  SERVER,
  SHARE,
  SHARE_BYTES,
  SHARE_EPOCH,
  SHARE_SECRET,
  SIGN_MESSAGE_BYTES,
  SIGN_REPLY_BYTES,
  SIGNATURE,
} from './layout.ts';
import {
  assertAccepted,
  assertMessage,
  failed,
  isSame,
  type Session,
  type StepData,
} from './session.ts';
import type { SignRun, TwoParty } from './types.ts';

/** Joint signatures, and how their runs are judged. */
export function createSign(session: Session): TwoParty['sign'] {
  const { wasm, base, bytes, keep, spend, cleanly, draw, taken, parseContext, placeShare } =
    session;

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

  return sign;
}
