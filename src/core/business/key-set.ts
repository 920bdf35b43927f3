import type { IssuerJwk } from '../token/jwk.ts';
import { isObject, parseStrictObject } from '../token/strict-json.ts';

/** The published keys of an authentication centre, as a business system knows them. */
export interface KeySet {
  /** The keys as they are known here; fetched when they are old. */
  keys(): Promise<readonly IssuerJwk[]>;
  /**
   * Fetches again because a token named a key that is not known. Asked too soon after the last
   * time it answers with what is known: tokens with made-up keys must not make us fetch.
   */
  refreshed(): Promise<readonly IssuerJwk[]>;
}

export interface RemoteKeys {
  /** `jwks_uri` of the centre's metadata. */
  readonly url: string;
  readonly fetch?: (url: string) => Promise<Response>;
  readonly now?: () => number;
  /** After so long keys are fetched again: so long a key that was revoked may still be taken. */
  readonly freshMs?: number;
  /** Between two fetches for unknown keys, at least. */
  readonly cooldownMs?: number;
}

const setCharactersMax = 64 * 1024;
const keysMax = 64;
const minuteMs = 60_000;

/** Keys that never change here: of a test, or pinned by hand. */
export function pinnedKeys(keys: readonly IssuerJwk[]): KeySet {
  return { keys: async () => keys, refreshed: async () => keys };
}

/**
 * Keys fetched from the centre. While it does not answer, the keys of the last time go on to
 * verify for as long again; then nothing does.
 */
export function remoteKeys(options: RemoteKeys): KeySet {
  const { url, fetch: get = (address) => fetch(address), now = () => Date.now() } = options;
  const { freshMs = 5 * minuteMs, cooldownMs = minuteMs / 6 } = options;
  let known: { readonly keys: readonly IssuerJwk[]; readonly atMs: number } | undefined;
  let triedAtMs = Number.NEGATIVE_INFINITY;
  let running: Promise<readonly IssuerJwk[]> | undefined;

  async function load(): Promise<readonly IssuerJwk[]> {
    triedAtMs = now();
    try {
      const response = await get(url);
      if (!response.ok) throw new Error(`the key set answered ${response.status}`);
      known = { keys: parseKeySet(await response.text()), atMs: now() };
    } catch (cause) {
      const isUsable = known !== undefined && now() - known.atMs < 2 * freshMs;
      if (!isUsable)
        throw new Error('the keys of the authentication centre are not known', { cause });
    }
    return known?.keys ?? [];
  }

  /** Several that ask at once cause one fetch. */
  function loadOnce(): Promise<readonly IssuerJwk[]> {
    running ??= load().finally(() => {
      running = undefined;
    });
    return running;
  }

  const isResting = () => now() - triedAtMs < cooldownMs;
  return {
    async keys() {
      const isFresh = known !== undefined && now() - known.atMs < freshMs;
      if (known && (isFresh || (isResting() && now() - known.atMs < 2 * freshMs)))
        return known.keys;
      return loadOnce();
    },
    async refreshed() {
      return known && isResting() ? known.keys : loadOnce();
    },
  };
}

/**
 * Reads a JWK set. Keys that do not say what they are for are left out (RFC 8725 §3.1 wants `alg`
 * known before a token is looked at); whether the others are sound is seen where they are used.
 *
 * @throws TokenError, RangeError for a text that is no key set
 */
export function parseKeySet(text: string): readonly IssuerJwk[] {
  if (text.length > setCharactersMax) throw new RangeError('the key set is too large');
  const { keys } = parseStrictObject(text);
  if (!Array.isArray(keys) || keys.length > keysMax) throw new RangeError('not a key set');
  return keys.flatMap((key) => {
    const isOurs =
      isObject(key) &&
      typeof key.kid === 'string' &&
      typeof key.alg === 'string' &&
      key.use === 'sig';
    // `verificationKey` looks at every member before it makes a key of it.
    return isOurs ? [key as unknown as IssuerJwk] : [];
  });
}
