import { utf8ToBytes } from '@noble/hashes/utils.js';
import { algMethod, encryptAlg } from '../../core/token/literal.ts';
import type { ProfileName } from '../../core/token/profiles.ts';
import { blockRoom } from '../../core/token/rsa-recovery.ts';
import { base64urlBytes, base64urlText } from '../../lib/base64url.ts';
import { CinnabarError } from '../errors.ts';
import { activeKey, signWithKey } from './issuer-keys.ts';
import type { TokenDeps } from './ports.ts';
import { type KnownFact, labelsIn, releasedBy } from './release.ts';
import type { BusinessSystem } from './types.ts';

const standard: readonly ProfileName[] = ['cin-sealed-1', 'cin-sd-1', 'cin-sm-1'];
/** What the second switch must say, word for word. */
export const literalAcceptance = 'it-gives-no-confidentiality';

const consequences = `The profile cin-003-literal gives no confidentiality:
- everybody with the public key reads the sensitive part, the terminal too; the key is in the token;
- equal data gives an equal ciphertext, so people can be followed from token to token;
- what one business system may read, all may read, and a leak cannot be traced or stopped alone;
- an encrypted alg makes other JWT libraries refuse the token and protects nothing.
It is on when TOKEN_LITERAL_PROFILE is "on" and TOKEN_LITERAL_ACCEPT is "${literalAcceptance}",
and off when neither is set.`;

/**
 * Profiles that may be issued here, by the two switches of the compatibility profile.
 *
 * @throws Error with the consequences when one switch is set and the other is not
 */
export function allowedProfiles(switches: {
  readonly profile: string | undefined;
  readonly accept: string | undefined;
}): readonly ProfileName[] {
  const { profile = '', accept = '' } = switches;
  if (profile === '' && accept === '') return standard;
  if (profile === 'on' && accept === literalAcceptance) return [...standard, 'cin-003-literal'];
  throw new Error(consequences);
}

/**
 * The sensitive part as the literal scheme has it: the private RSA operation over blocks of it, the
 * public key beside it, and the name of the algorithm encrypted to the one audience.
 *
 * @throws CinnabarError `invalid_request` unless there is one audience, with a key on P-256 or
 * X25519; `chips_unavailable`
 */
export async function literalParts(
  deps: TokenDeps,
  facts: readonly KnownFact[],
  systems: readonly BusinessSystem[],
  jti: string,
) {
  const [system] = systems;
  if (!system || systems.length !== 1 || system.key.alg !== 'ECDH-ES') {
    const fields = [{ pointer: '/body/audiences', code: 'invalid' }];
    throw new CinnabarError('invalid_request', { fields });
  }
  const theirs = releasedBy(system.release, facts);
  const key = await activeKey(deps, 'RSA-RECOVERY');
  const { kty, n = '', e, kid } = key.jwk;
  const data = utf8ToBytes(JSON.stringify({ facts: theirs.map(({ labels: _, ...fact }) => fact) }));
  const room = blockRoom(base64urlBytes(n)?.length ?? 0);
  const blocks: string[] = [];
  for (let from = 0; from < data.length; from += room) {
    const block = data.subarray(from, from + room);
    const request = `literal:${jti}:${blocks.length}`;
    blocks.push(base64urlText(await signWithKey(deps, key, request, block)));
  }
  return {
    alg: await encryptAlg(system.key),
    claims: {
      alg_method: algMethod,
      recovery_kid: kid,
      key: { kty, n, e },
      sensitive: blocks,
    },
    released: [{ system: system.id, labels: labelsIn(theirs) }],
  };
}
