import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { parsePublicKey } from '../../core/pki/public-key.ts';
import { type IssuerJwk, jwkOfPoint, type PublicJwk, thumbprintOf } from '../../core/token/jwk.ts';
import type { RecoveryJwk } from '../../core/token/literal.ts';
import { profiles } from '../../core/token/profiles.ts';
import { base64urlText } from '../../lib/base64url.ts';
import { readDer } from '../../lib/der.ts';
import { tupleBytes } from '../../lib/tuple.ts';
import type { Caller } from '../actor.ts';
import { audited, type Operation } from '../audit/record.ts';
import { serviceTenant } from '../chips/keys.ts';
import { CinnabarError } from '../errors.ts';
import { newId } from '../id.ts';
import type { TokenDeps } from './ports.ts';
import { changed, entryOf, settle } from './rows.ts';
import type { IssuerKey } from './types.ts';

/** What the chips do for tokens; the last two for the compatibility profile only. */
export const issuerAlgorithms = ['ES256', 'SM2-SM3', 'RS256', 'RSA-RECOVERY'] as const;
export type IssuerAlgorithm = (typeof issuerAlgorithms)[number];

type KeyDeps = Pick<
  TokenDeps,
  'clock' | 'random' | 'audit' | 'keys' | 'tokens' | 'issuer' | 'profiles'
>;

const kinds = {
  ES256: { chip: 'p256', crv: 'P-256', scheme: 'ecdsa-p256-sha256' },
  'SM2-SM3': { chip: 'sm2', crv: 'SM2', scheme: 'sm2-sm3' },
  RS256: { chip: 'rsa3072', crv: undefined, scheme: 'rsa-pkcs1-sha256' },
  'RSA-RECOVERY': { chip: 'rsa3072-recovery', crv: undefined, scheme: 'rsa-recovery' },
} as const;

/** A key that no longer signs stays published until its last token has ended, and clocks differ. */
export const overlapMs =
  Math.max(...Object.values(profiles).map(({ ttlSecondsMax }) => ttlSecondsMax)) * 1000 + 60_000;

const keysMax = 100;
const publishedStates = ['next', 'active', 'passive'] as const;

/** The newest hundred keys there have been, newest first. */
export async function listIssuerKeys(
  deps: Pick<KeyDeps, 'tokens' | 'clock'>,
): Promise<readonly IssuerKey[]> {
  const found = await deps.tokens.list(serviceTenant, 'issuer-key', {}, { limit: keysMax });
  const nowMs = deps.clock.now();
  // The id of the very first one says nothing of when it was made.
  return found
    .toSorted((a, b) => b.createdAtMs - a.createdAtMs)
    .map((key) => (isOver(key, nowMs) ? { ...key, state: 'retired' } : key));
}

function isOver({ state, changedAtMs }: IssuerKey, nowMs: number): boolean {
  return state === 'passive' && nowMs > changedAtMs + overlapMs;
}

/** What `/.well-known/jwks.json` shows: keys that verify now, or will. */
export async function publishedKeys(
  deps: Pick<KeyDeps, 'tokens' | 'clock'>,
): Promise<readonly IssuerJwk[]> {
  return (await allPublished(deps)).filter((jwk): jwk is IssuerJwk => jwk.use === 'sig');
}

/** Keys of the compatibility profile that recover and sign nothing. */
export async function recoveryKeys(
  deps: Pick<KeyDeps, 'tokens' | 'clock'>,
): Promise<readonly RecoveryJwk[]> {
  return (await allPublished(deps)).filter((jwk): jwk is RecoveryJwk => jwk.use === 'recovery');
}

/** Asked for by state: a key that signs may be older than a hundred that did. */
async function allPublished(deps: Pick<KeyDeps, 'tokens' | 'clock'>) {
  const found = await Promise.all(
    publishedStates.map((state) =>
      deps.tokens.list(serviceTenant, 'issuer-key', { state }, { limit: keysMax }),
    ),
  );
  const nowMs = deps.clock.now();
  return found
    .flat()
    .filter((key) => !isOver(key, nowMs))
    .map(({ jwk }) => jwk);
}

/**
 * The key that signs now; the first is made when it is first asked for.
 *
 * @throws CinnabarError `chips_unavailable`, `rows_contended`
 */
export async function activeKey(deps: KeyDeps, algorithm: IssuerAlgorithm): Promise<IssuerKey> {
  const found = await keyIn(deps, algorithm, 'active');
  if (found) return found;
  // Several requests may be the first: the chips make one key for an id, and one row is written.
  const first = await makeKey(deps, algorithm, firstId(deps.issuer, algorithm), 'active');
  await deps.tokens.write(serviceTenant, [entryOf('issuer-key', first)]);
  const settled = await keyIn(deps, algorithm, 'active');
  if (!settled) throw new CinnabarError('rows_contended');
  return settled;
}

async function keyIn(
  deps: KeyDeps,
  algorithm: IssuerAlgorithm,
  state: 'active' | 'next',
): Promise<IssuerKey | undefined> {
  const filter = { parent: algorithm, state };
  const [found] = await deps.tokens.list(serviceTenant, 'issuer-key', filter, { limit: 1 });
  return found;
}

/** A UUID that the name of the service decides, so that simultaneous first requests agree on it. */
function firstId(issuer: string, algorithm: string): string {
  const hex = bytesToHex(sha256(tupleBytes('cinnabar first issuer key', issuer, algorithm)));
  const digits = `${hex.slice(0, 12)}8${hex.slice(13, 16)}8${hex.slice(17, 32)}`;
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

async function makeKey(
  deps: KeyDeps,
  algorithm: IssuerAlgorithm,
  id: string,
  state: 'active' | 'next',
): Promise<IssuerKey> {
  const { chip, crv } = kinds[algorithm];
  const made = await deps.keys.create({
    tenant: serviceTenant,
    id,
    algorithm: chip,
    uses: ['sign'],
    owner: 'token issuer',
  });
  const { key: bits } = parsePublicKey(made.publicKey);
  const key = crv === undefined ? jwkOfRsa(bits) : jwkOfPoint(crv, bits);
  const nowMs = deps.clock.now();
  const kid = thumbprintOf(key);
  const jwk: IssuerKey['jwk'] =
    algorithm === 'RSA-RECOVERY'
      ? { ...key, kid, alg: algorithm, use: 'recovery' }
      : { ...key, kid, alg: algorithm, use: 'sig' };
  return {
    tenant: serviceTenant,
    id,
    revision: 1,
    jwk,
    state,
    createdAtMs: nowMs,
    changedAtMs: nowMs,
  };
}

/** RSAPublicKey (RFC 8017 §A.1.1). */
function jwkOfRsa(der: Uint8Array): PublicJwk {
  return readDer(der, (reader) => {
    const numbers = reader.sequence();
    const [n, e] = [numbers.unsigned(), numbers.unsigned()];
    numbers.end();
    return { kty: 'RSA', n: base64urlText(n), e: base64urlText(e) };
  });
}

/**
 * One step of rotation (D8): the key that was published ahead signs from now on, the one that
 * signed only verifies, and a new one is published ahead, so that verifiers know it in time.
 *
 * @throws CinnabarError `token_profile_off`, `chips_unavailable`, `rows_contended`,
 * `audit_unavailable`
 */
export function rotateKeys(
  deps: KeyDeps,
  caller: Caller,
  algorithm: IssuerAlgorithm,
): Promise<readonly IssuerKey[]> {
  const isLiteral = algorithm === 'RS256' || algorithm === 'RSA-RECOVERY';
  if (isLiteral && !deps.profiles.includes('cin-003-literal')) {
    return Promise.reject(new CinnabarError('token_profile_off'));
  }
  const operation: Operation = {
    action: 'issuer_key.rotate',
    subject: `issuer_keys:${algorithm}`,
    detail: { algorithm },
  };
  return audited(deps.audit, caller, operation, async () => {
    await promote(deps, algorithm, 'passive');
    return listIssuerKeys(deps);
  });
}

async function promote(
  deps: KeyDeps,
  algorithm: IssuerAlgorithm,
  retire: 'passive' | 'revoked',
  /** The one to retire, if it is still active; whichever is when left out. */
  id?: string,
): Promise<void> {
  const [before] = await Promise.all([
    activeKey(deps, algorithm),
    keyIn(deps, algorithm, 'next').then((key) => key ?? publishNext(deps, algorithm)),
  ]);
  const fresh = await makeKey(deps, algorithm, newId(deps), 'next');
  await settle(deps, serviceTenant, async () => {
    const [active, next] = await Promise.all([
      keyIn(deps, algorithm, 'active'),
      keyIn(deps, algorithm, 'next'),
    ]);
    // Somebody else rotated meanwhile: once is enough.
    if (!active || !next || active.id !== (id ?? before.id))
      return { result: undefined, write: [] };
    const changedAtMs = deps.clock.now();
    const rows = [
      changed(active, { state: retire, changedAtMs }),
      changed(next, { state: 'active', changedAtMs }),
      fresh,
    ];
    return { result: undefined, write: rows.map((row) => entryOf('issuer-key', row)) };
  });
}

async function publishNext(deps: KeyDeps, algorithm: IssuerAlgorithm): Promise<IssuerKey> {
  const key = await makeKey(deps, algorithm, newId(deps), 'next');
  await deps.tokens.write(serviceTenant, [entryOf('issuer-key', key)]);
  return key;
}

/**
 * Withdraws a key at once: every token that it signed is refused from now on, here and by everyone
 * who fetches the keys again. The chips wipe it.
 *
 * @throws CinnabarError `issuer_key_not_found`, `issuer_key_state`, `chips_unavailable`,
 * `audit_unavailable`
 */
export function revokeKey(
  deps: KeyDeps,
  caller: Caller,
  id: string,
): Promise<readonly IssuerKey[]> {
  const operation: Operation = {
    action: 'issuer_key.revoke',
    subject: `issuer_key:${id}`,
    detail: {},
  };
  return audited(deps.audit, caller, operation, async () => {
    const key = await deps.tokens.find(serviceTenant, 'issuer-key', id);
    if (!key) throw new CinnabarError('issuer_key_not_found');
    if (isOver(key, deps.clock.now())) throw new CinnabarError('issuer_key_state');
    if (key.state === 'active') {
      await promote(deps, key.jwk.alg as IssuerAlgorithm, 'revoked', id);
    }
    // Also after a promotion: somebody else may have rotated the key meanwhile.
    await markRevoked(deps, id);
    await deps.keys.setState(serviceTenant, id, 'revoked');
    return listIssuerKeys(deps);
  });
}

function markRevoked(deps: KeyDeps, id: string): Promise<void> {
  return settle(deps, serviceTenant, async () => {
    const key = await deps.tokens.find(serviceTenant, 'issuer-key', id);
    if (!key || key.state === 'revoked') return { result: undefined, write: [] };
    const revoked = changed(key, { state: 'revoked', changedAtMs: deps.clock.now() });
    return { result: undefined, write: [entryOf('issuer-key', revoked)] };
  });
}

/**
 * Signs with a key of the centre: ES256 and SM2 as raw r || s, as JWS writes them. Of a key that
 * recovers: transforms one block.
 */
export async function signWithKey(
  deps: KeyDeps,
  { id, jwk }: IssuerKey,
  requestId: string,
  message: Uint8Array,
): Promise<Uint8Array> {
  const { scheme } = kinds[jwk.alg as IssuerAlgorithm];
  const { signature } = await deps.keys.sign({
    tenant: serviceTenant,
    keyId: id,
    requestId,
    scheme,
    format: 'raw',
    message,
  });
  return signature;
}
