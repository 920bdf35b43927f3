import { loadGm } from '../../src/core/gm.ts';
import { signContext } from '../../src/core/two-party-context.ts';
import {
  derBitString,
  derElement,
  derInteger,
  derObjectIdentifier,
  derSequence,
} from '../../src/lib/der.ts';

const gm = await loadGm();

/** The terminal's first message of a joint signature over `content`, as it believes it to be. */
export function startSignature(
  share: Uint8Array,
  key: { readonly tenant: string; readonly keyId: string },
  content: Uint8Array,
  requestId: string,
) {
  const { epoch, publicKey } = gm.twoParty.inspect(share);
  const e = gm.sm2.digest(publicKey, content);
  const started = gm.twoParty.sign.clientStart(share, e, signContext(key, epoch, requestId));
  return { requestId, epoch, ...started };
}

/** A PKCS#10 request with an empty name over a joint key, signed by both halves together. */
export async function jointRequestOf(
  share: Uint8Array,
  sign: (info: Uint8Array) => Promise<Uint8Array>,
): Promise<Uint8Array> {
  const { publicKey } = gm.twoParty.inspect(share);
  const spki = gm.keys.encodeSpki(publicKey);
  const info = derSequence(derInteger(0), derSequence(), spki, derElement(0xa0));
  const algorithm = derSequence(derObjectIdentifier('1.2.156.10197.1.501'));
  return derSequence(info, algorithm, derBitString(await sign(info)));
}
