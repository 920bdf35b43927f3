import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { type NoteKey, noteKey } from '../../core/ledger/note.ts';
import { parsePublicKey } from '../../core/pki/public-key.ts';
import { type KeyService, serviceTenant } from '../../domain/chips/keys.ts';
import { CinnabarError } from '../../domain/errors.ts';
import type { NoteSigner } from '../../domain/ledger/ports.ts';
import { derivedUuid } from '../../lib/uuid.ts';

const schemes = { ed25519: 'ed25519', sm2: 'sm2-sm3' } as const;

/**
 * A log's key in the chips. Both kinds are made when they are first asked for; which they are
 * follows from the name of the log.
 *
 * The chips keep the result of each request id for a day. The id of a checkpoint is its size: so
 * asking again gives the same signature, and a second tree of one size is not signed at all.
 */
export function chipNoteSigner(
  keys: Pick<KeyService, 'create' | 'sign'>,
  kind: keyof typeof schemes,
  origin: string,
): NoteSigner {
  const tenant = serviceTenant;
  const keyId = derivedUuid(`cinnabar/ledger/${origin}/${kind}`);

  async function make(): Promise<NoteKey> {
    const { publicKey } = await keys.create({
      tenant,
      id: keyId,
      algorithm: kind,
      uses: ['sign'],
      owner: 'ledger',
    });
    return noteKey(kind, origin, parsePublicKey(publicKey).key);
  }

  let made: Promise<NoteKey> | undefined;
  function key(): Promise<NoteKey> {
    // It never changes; a failed call is not kept.
    made ??= asLedgerCall(make()).catch((error) => {
      made = undefined;
      throw error;
    });
    return made;
  }

  return {
    key,
    async sign(message, place) {
      await key();
      const requestId = place ?? `note:${bytesToHex(sha256(message))}`;
      const request = { tenant, keyId, requestId, scheme: schemes[kind], message };
      return (await asLedgerCall(keys.sign(request))).signature;
    },
  };
}

async function asLedgerCall<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (cause) {
    if (!(cause instanceof CinnabarError)) throw cause;
    const isFork = cause.code === 'key_request_reused';
    const detail = isFork
      ? 'The chips have signed another tree of this size.'
      : 'The keys of the log do not answer.';
    throw new CinnabarError('ledger_unavailable', { detail, cause });
  }
}
