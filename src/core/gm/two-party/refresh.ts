import { assertBytes } from '../arguments.ts';
import {
  CLIENT,
  COIN,
  COIN_BYTES,
  COMMITMENT,
  DIGEST_BYTES,
  NEXT_SHARE,
  PEER_COIN,
  RANDOM,
  SECRET_BYTES,
  SERVER,
  SHARE,
  SHARE_BYTES,
} from './layout.ts';
import { assertAccepted, assertMessage, failed, isSame, type Session } from './session.ts';
import type { TwoParty } from './types.ts';

/** The next epoch of both shares. */
export function createRefresh(session: Session): TwoParty['refresh'] {
  const { wasm, base, bytes, keep, spend, cleanly, draw, taken, parseContext, placeShare } =
    session;

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

  return refresh;
}
