import { loadGm } from '../../core/gm.ts';
import { type NoteKeyKind, noteKey } from '../../core/ledger/note.ts';
import type { NoteSigner } from '../../domain/ledger/ports.ts';
import { bytesOf } from '../fields.ts';

/**
 * An Ed25519 key that was made in this Durable Object and is kept in its storage, PKCS #8.
 *
 * A software key: whoever reads the object's storage has it.
 */
export function storedEd25519Signer(
  storage: DurableObjectStorage,
  kind: Exclude<NoteKeyKind, 'sm2'>,
  name: string,
): NoteSigner {
  const algorithm = { name: 'Ed25519' };

  async function make(): Promise<readonly [Uint8Array, Uint8Array]> {
    const pair = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
    if (!('privateKey' in pair)) throw new Error('Ed25519 gave no key pair');
    const raw = await crypto.subtle.exportKey('raw', pair.publicKey);
    const pkcs8 = await crypto.subtle.exportKey('pkcs8', pair.privateKey);
    return [new Uint8Array(pkcs8 as ArrayBuffer), new Uint8Array(raw as ArrayBuffer)];
  }

  const opened = once(async () => {
    const { privateKey, publicKey } = await storedKey(storage, kind, make);
    const usable = await crypto.subtle.importKey('pkcs8', privateKey, algorithm, false, ['sign']);
    return { key: noteKey(kind, name, publicKey), usable };
  });
  return {
    key: async () => (await opened()).key,
    async sign(message) {
      const { usable } = await opened();
      return new Uint8Array(await crypto.subtle.sign(algorithm, usable, message));
    },
  };
}

/** An SM2 key, kept in the same way. */
export function storedSm2Signer(storage: DurableObjectStorage, name: string): NoteSigner {
  const opened = once(async () => {
    const { sm2 } = await loadGm();
    const stored = await storedKey(storage, 'sm2', async () => {
      const { privateKey, publicKey } = sm2.generateKeyPair();
      return [privateKey, publicKey];
    });
    return { sm2, privateKey: stored.privateKey, key: noteKey('sm2', name, stored.publicKey) };
  });
  return {
    key: async () => (await opened()).key,
    async sign(message) {
      const { sm2, privateKey } = await opened();
      return sm2.sign(privateKey, message);
    },
  };
}

async function storedKey(
  { sql }: DurableObjectStorage,
  kind: NoteKeyKind,
  make: () => Promise<readonly [Uint8Array, Uint8Array]>,
): Promise<{ readonly privateKey: Uint8Array; readonly publicKey: Uint8Array }> {
  sql.exec(`CREATE TABLE IF NOT EXISTS note_keys (
    kind TEXT PRIMARY KEY, private_key BLOB NOT NULL, public_key BLOB NOT NULL) STRICT`);
  const find = () =>
    sql.exec('SELECT private_key, public_key FROM note_keys WHERE kind = ?', kind).toArray()[0];
  if (!find()) {
    const [privateKey, publicKey] = await make();
    // Another call may have been first while this one waited: then its key stays.
    sql.exec(
      'INSERT OR IGNORE INTO note_keys VALUES (?, ?, ?)',
      kind,
      Uint8Array.from(privateKey).buffer,
      Uint8Array.from(publicKey).buffer,
    );
  }
  const row = find() ?? {};
  return { privateKey: bytesOf(row, 'private_key'), publicKey: bytesOf(row, 'public_key') };
}

/** Runs `open` at the first call; a failure is forgotten, so that the next call tries again. */
function once<T>(open: () => Promise<T>): () => Promise<T> {
  let opening: Promise<T> | undefined;
  return () => {
    opening ??= open().catch((error) => {
      opening = undefined;
      throw error;
    });
    return opening;
  };
}
