import { assertBytes } from '../arguments.ts';
import {
  CLIENT,
  COMMITMENT,
  DIGEST_BYTES,
  MESSAGE,
  PROOF_BYTES,
  RANDOM,
  type Role,
  SECRET,
  SECRET_BYTES,
  SERVER,
  SHARE,
  SHARE_BYTES,
} from './layout.ts';
import { assertAccepted, assertMessage, failed, isSame, type Session } from './session.ts';
import type { TwoParty } from './types.ts';

/** A joint key: both sides commit, prove and make their shares. */
export function createKeygen(session: Session): TwoParty['keygen'] {
  const { wasm, base, bytes, keep, spend, cleanly, draw, taken, parseContext, publicKeyAt } =
    session;

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

  return keygen;
}
