import { CinnabarError } from '../errors.ts';
import type { ChipDeps } from './chip-deps.ts';
import type { HeldKey } from './chip-store.ts';
import { ChipFault } from './faults.ts';
import {
  type DecryptInput,
  decryptWith,
  generateMaterial,
  type KeyMaterial,
  type SignInput,
  signWith,
} from './key-material.ts';
import { isTokenKey } from './placement.ts';
import type { KeyKind } from './types.ts';

type Material = Pick<HeldKey, 'secret' | 'publicKey' | 'inToken'>;

const wrappingKeyBytes = 32;

/** What a chip does with private keys: in its token where it has one that can, in memory else. */
export function keyWorks(deps: Pick<ChipDeps, 'tools' | 'token' | 'random' | 'inherited'>) {
  const { tools, random, inherited } = deps;

  /** @throws ChipFault `not_held` when the chip no longer has its token */
  function token() {
    if (!deps.token) throw new ChipFault('not_held');
    return deps.token;
  }

  return {
    async make(kind: KeyKind): Promise<Material> {
      if (kind.algorithm === 'wrapping') {
        const known = await inherited?.(kind.tenant);
        return { secret: known ?? random.bytes(wrappingKeyBytes), publicKey: new Uint8Array() };
      }
      if (kind.algorithm === 'sm2-share') throw new ChipFault('not_for_us');
      if (deps.token && isTokenKey(kind)) {
        const { reference, publicKey } = await deps.token.generate(kind);
        return { secret: reference, publicKey, inToken: true };
      }
      return generateMaterial(tools, kind.algorithm);
    },
    sign(key: HeldKey, input: SignInput): Promise<Uint8Array> {
      const material = materialOf(key);
      return key.inToken ? token().sign(key.secret, input) : signWith(tools, material, input);
    },
    decrypt(key: HeldKey, input: DecryptInput): Promise<Uint8Array> {
      const material = materialOf(key);
      return key.inToken ? token().decrypt(key.secret, input) : decryptWith(tools, material, input);
    },
    /** The key as another chip takes it. */
    leaving: (key: HeldKey): HeldKey =>
      key.inToken ? { ...key, secret: token().wrap(key.secret) } : key,
    /** The key as this chip keeps it. @throws ChipFault `not_for_us` without the right token */
    arriving(key: HeldKey): HeldKey {
      if (!key.inToken) return key;
      if (!deps.token) throw new ChipFault('not_for_us');
      return { ...key, secret: deps.token.unwrap(key, key.secret) };
    },
    forget(key: Pick<HeldKey, 'inToken' | 'secret'>): void {
      if (key.inToken) deps.token?.destroy(key.secret);
    },
  };
}

function materialOf({ algorithm, secret, publicKey }: HeldKey): KeyMaterial {
  if (algorithm === 'sm2-share' || algorithm === 'wrapping') {
    throw new CinnabarError('key_use_refused');
  }
  return { algorithm, secret, publicKey };
}
