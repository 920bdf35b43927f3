import { assertBytes, assertOptions } from '../arguments.ts';
import { parseCiphertextFormat } from '../sm2/arguments.ts';
import { type CiphertextParts, decodeCiphertext } from '../sm2/encoding.ts';
import type { Sm3Functions } from '../sm3.ts';
import {
  CLIENT,
  DECRYPT_MESSAGE_BYTES,
  DECRYPT_REPLY_BYTES,
  DIGEST,
  MESSAGE,
  PIECE,
  POINT_BYTES,
  RANDOM,
  REPLY,
  SERVER,
  SHARE,
  SHARE_BYTES,
  SIGNATURE,
} from './layout.ts';
import { assertAccepted, assertMessage, type Session, undecryptable } from './session.ts';
import type { TwoParty } from './types.ts';

/** Joint decryption. */
export function createDecrypt(session: Session, { createSm3 }: Sm3Functions): TwoParty['decrypt'] {
  const { wasm, base, bytes, keep, spend, cleanly, draw, taken, parseContext, placeShare } =
    session;

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

  return decrypt;
}
