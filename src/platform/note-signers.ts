import { loadGm } from '../core/gm.ts';
import { type NoteKey, type NoteKeyKind, noteKey } from '../core/ledger/note.ts';
import type { NoteSigner } from '../domain/ledger/ports.ts';

/** An Ed25519 key that lives as long as this process, for a log or a witness. */
export function processEd25519Signer(kind: Exclude<NoteKeyKind, 'sm2'>, name: string): NoteSigner {
  let made: Promise<{ readonly key: NoteKey; readonly privateKey: CryptoKey }> | undefined;

  async function make() {
    const pair = await crypto.subtle.generateKey('Ed25519', false, ['sign', 'verify']);
    if (!('privateKey' in pair)) throw new Error('Ed25519 gave no key pair');
    const raw = await crypto.subtle.exportKey('raw', pair.publicKey);
    if (!(raw instanceof ArrayBuffer)) throw new Error('Ed25519 gave no raw key');
    return { key: noteKey(kind, name, new Uint8Array(raw)), privateKey: pair.privateKey };
  }

  const ours = () => {
    made ??= make();
    return made;
  };
  return {
    key: async () => (await ours()).key,
    async sign(message) {
      const { privateKey } = await ours();
      const bytes = Uint8Array.from(message);
      return new Uint8Array(await crypto.subtle.sign('Ed25519', privateKey, bytes));
    },
  };
}

/** An SM2 key that lives as long as this process. Signatures are SM2 with SM3, DER. */
export function processSm2Signer(name: string): NoteSigner {
  const made = loadGm().then(({ sm2 }) => ({ sm2, pair: sm2.generateKeyPair() }));
  // Whoever asks for the key hears of it; nobody else must.
  made.catch(() => undefined);
  return {
    key: async () => noteKey('sm2', name, (await made).pair.publicKey),
    async sign(message) {
      const { sm2, pair } = await made;
      return sm2.sign(pair.privateKey, message);
    },
  };
}
