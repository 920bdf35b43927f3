import { assertBytes } from './arguments.ts';
import type { Kernel } from './kernel.ts';
import type { Sm3Functions } from './sm3.ts';
import { createDecrypt } from './two-party/decrypt.ts';
import { createKeygen } from './two-party/keygen.ts';
import { CLIENT, OTHER, OWN, SERVER, SHARE } from './two-party/layout.ts';
import { createRefresh } from './two-party/refresh.ts';
import { createSession } from './two-party/session.ts';
import { createSign } from './two-party/sign.ts';
import type { TwoParty } from './two-party/types.ts';

export type { SignRun, TwoParty, TwoPartyState } from './two-party/types.ts';

/** Binds the protocol to one instance of the module. */
export function createTwoParty(kernel: Kernel, sm3: Sm3Functions): TwoParty {
  const session = createSession(kernel);
  const { base, bytes, cleanly, placeShare, pointAt, publicKeyAt } = session;

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

  return {
    inspect,
    keygen: createKeygen(session),
    sign: createSign(session),
    decrypt: createDecrypt(session, sm3),
    refresh: createRefresh(session),
  };
}
