import { type NoteKey, noteKey } from '../../core/ledger/note.ts';
import type { NoteSigner } from '../../domain/ledger/ports.ts';
import { tupleBytes } from '../../lib/tuple.ts';
import { bytesOf } from '../fields.ts';

const ed25519 = { name: 'Ed25519' };
const nonceBytes = 12;

/**
 * The Ed25519 key of one witness: made in its Durable Object, kept there in PKCS #8 under
 * AES-256-GCM (SP 800-38D), and usable but not readable once it is open.
 *
 * @param storageKey 32 bytes, a secret of the witnesses' Worker
 */
export function witnessSigner(
  { sql }: DurableObjectStorage,
  name: string,
  storageKey: Uint8Array,
): NoteSigner {
  sql.exec(`CREATE TABLE IF NOT EXISTS witness_key (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    nonce BLOB NOT NULL,
    private_key BLOB NOT NULL,
    public_key BLOB NOT NULL
  ) STRICT`);
  // The name is bound in: a row of one witness opens for no other.
  const cipher = (nonce: Uint8Array) => ({
    name: 'AES-GCM',
    iv: Uint8Array.from(nonce),
    additionalData: Uint8Array.from(tupleBytes('cinnabar witness key 1', name)),
  });
  const find = () =>
    sql.exec('SELECT nonce, private_key, public_key FROM witness_key').toArray()[0];

  async function make(wrapping: CryptoKey): Promise<void> {
    const pair = await crypto.subtle.generateKey(ed25519, true, ['sign', 'verify']);
    if (!('privateKey' in pair)) throw new Error('Ed25519 gave no key pair');
    const nonce = crypto.getRandomValues(new Uint8Array(nonceBytes));
    const wrapped = await crypto.subtle.wrapKey('pkcs8', pair.privateKey, wrapping, cipher(nonce));
    const raw = (await crypto.subtle.exportKey('raw', pair.publicKey)) as ArrayBuffer;
    // Another call may have been first while this one waited: then its key stays.
    sql.exec('INSERT OR IGNORE INTO witness_key VALUES (1, ?, ?, ?)', nonce.buffer, wrapped, raw);
  }

  async function open(): Promise<{ readonly key: NoteKey; readonly usable: CryptoKey }> {
    const raw = Uint8Array.from(storageKey);
    const uses = ['wrapKey', 'unwrapKey'];
    const wrapping = await crypto.subtle.importKey('raw', raw, 'AES-GCM', false, uses);
    if (!find()) await make(wrapping);
    const row = find() ?? {};
    const usable = await crypto.subtle.unwrapKey(
      'pkcs8',
      Uint8Array.from(bytesOf(row, 'private_key')),
      wrapping,
      cipher(bytesOf(row, 'nonce')),
      ed25519,
      false,
      ['sign'],
    );
    return { key: noteKey('cosignature', name, bytesOf(row, 'public_key')), usable };
  }

  let opening: ReturnType<typeof open> | undefined;
  function opened(): ReturnType<typeof open> {
    // A failure is forgotten, so that the next call tries again.
    opening ??= open().catch((error) => {
      opening = undefined;
      throw error;
    });
    return opening;
  }
  return {
    key: async () => (await opened()).key,
    async sign(message) {
      const { usable } = await opened();
      return new Uint8Array(await crypto.subtle.sign(ed25519, usable, Uint8Array.from(message)));
    },
  };
}
