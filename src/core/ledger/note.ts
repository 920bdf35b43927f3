// Signed notes by C2SP signed-note: a text, an empty line, and signature lines
// "— NAME BASE64(key id || signature)". Ed25519 signatures of logs (type 0x01) and cosignatures of
// witnesses (type 0x04, C2SP tlog-cosignature) are as specified; SM2 signatures are an extra type.
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, concatBytes } from '@noble/hashes/utils.js';
import { base64Bytes, base64Text } from '../../lib/base64.ts';
import { loadGm } from '../gm.ts';
import { LedgerError } from './error.ts';
import { sameBytes } from './merkle.ts';

/** What a key signs. `sm2` is type 0xff with the identifier below, as signed-note §Signature types. */
export type NoteKeyKind = 'ed25519' | 'cosignature' | 'sm2';

export interface NoteKey {
  readonly kind: NoteKeyKind;
  /** Name of log or witness, as in its signature lines. */
  readonly name: string;
  /** 32 bytes, or the uncompressed SM2 point (65 bytes). */
  readonly publicKey: Uint8Array;
  /** The first four bytes of SHA-256(name || 0x0a || type || key). */
  readonly id: Uint8Array;
}

export interface NoteSignature {
  readonly name: string;
  readonly keyId: Uint8Array;
  /** What follows the key id. */
  readonly value: Uint8Array;
}

export interface Note {
  /** With its last newline. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

const utf8 = new TextEncoder();
const signaturesMax = 32;
const notesBytesMax = 64 * 1024;

/** Type bytes in front of the key. An unassigned type is 0xff and a name long enough to be unique. */
const typeBytes: Readonly<Record<NoteKeyKind, Uint8Array>> = {
  ed25519: Uint8Array.of(0x01),
  cosignature: Uint8Array.of(0x04),
  sm2: Uint8Array.of(0xff, ...utf8.encode('cinnabar/sm2-with-sm3/v1')),
};

const keyLengths: Readonly<Record<NoteKeyKind, number>> = {
  ed25519: 32,
  cosignature: 32,
  sm2: 65,
};

/** @throws LedgerError `key_malformed` */
export function noteKey(kind: NoteKeyKind, name: string, publicKey: Uint8Array): NoteKey {
  if (!isName(name))
    throw new LedgerError('key_malformed', 'the name of the key has no valid form');
  if (publicKey.length !== keyLengths[kind]) {
    throw new LedgerError('key_malformed', 'the public key has another length');
  }
  const head = utf8.encode(`${name}\n`);
  const id = sha256(concatBytes(head, typeBytes[kind], publicKey)).slice(0, 4);
  return { kind, name, publicKey, id };
}

/** The key in one line: `NAME+HEX(id)+BASE64(type || key)` (signed-note §Verifier keys). */
export function formatNoteKey(key: NoteKey): string {
  return `${key.name}+${bytesToHex(key.id)}+${base64Text(concatBytes(typeBytes[key.kind], key.publicKey))}`;
}

/** @throws LedgerError `key_malformed` */
export function parseNoteKey(text: string): NoteKey {
  const [, name = '', idHex = '', data = ''] = /^([^+]+)\+([0-9a-f]{8})\+(.+)$/.exec(text) ?? [];
  const bytes = base64Bytes(data);
  const kinds: readonly NoteKeyKind[] = ['ed25519', 'cosignature', 'sm2'];
  const kind = kinds.find((candidate) => {
    const type = typeBytes[candidate];
    return (
      bytes?.length === type.length + keyLengths[candidate] &&
      sameBytes(bytes.subarray(0, type.length), type)
    );
  });
  if (!bytes || !kind) throw new LedgerError('key_malformed', 'the key has no known type');
  const key = noteKey(kind, name, bytes.slice(typeBytes[kind].length));
  if (bytesToHex(key.id) !== idHex)
    throw new LedgerError('key_malformed', 'the id is not of this key');
  return key;
}

/** @throws LedgerError `note_malformed` */
export function parseNote(note: string): Note {
  const malformed = () => new LedgerError('note_malformed', 'this is not a signed note');
  if (note.length > notesBytesMax) throw malformed();
  // Control characters other than newlines are not allowed anywhere.
  const isPlain = [...note].every((character) => character === '\n' || character >= ' ');
  const split = note.lastIndexOf('\n\n');
  if (!isPlain || split < 0 || !note.endsWith('\n') || /\p{Cs}/u.test(note)) throw malformed();
  const lines = note.slice(split + 2, -1).split('\n');
  if (lines.length > signaturesMax) throw malformed();
  const signatures = lines.map((line) => {
    const [, name = '', data = ''] = /^— (\S+) (\S+)$/.exec(line) ?? [];
    const bytes = base64Bytes(data);
    if (!isName(name) || !bytes || bytes.length < 5) throw malformed();
    return { name, keyId: bytes.slice(0, 4), value: bytes.slice(4) };
  });
  return { text: note.slice(0, split + 1), signatures };
}

/** One signature line, with its newline. */
export function signatureLine(key: NoteKey, value: Uint8Array): string {
  return `— ${key.name} ${base64Text(concatBytes(key.id, value))}\n`;
}

/** A note from its text, which ends in a newline, and its signature lines. */
export function formatNote(text: string, lines: readonly string[]): string {
  return `${text}\n${lines.join('')}`;
}

/** What a witness signs at `atSeconds` (tlog-cosignature §Format). */
export function cosignedBytes(text: string, atSeconds: number): Uint8Array {
  return utf8.encode(`cosignature/v1\ntime ${atSeconds}\n${text}`);
}

/** The value of a cosignature line: the time in 8 bytes, big-endian, and the signature. */
export function cosignatureValue(atSeconds: number, signature: Uint8Array): Uint8Array {
  const time = new Uint8Array(8);
  new DataView(time.buffer).setBigUint64(0, BigInt(atSeconds));
  return concatBytes(time, signature);
}

export type NoteProof =
  | { readonly valid: true /** Of a cosignature. */; readonly atSeconds?: number }
  | { readonly valid: false };

/** Whether the note carries a valid signature of `key`. Lines of other keys are ignored. */
export async function verifyNote(note: Note, key: NoteKey): Promise<NoteProof> {
  for (const { name, keyId, value } of note.signatures) {
    if (name !== key.name || !sameBytes(keyId, key.id)) continue;
    const proof = await verifyOne(note.text, key, value);
    if (proof.valid) return proof;
  }
  return { valid: false };
}

async function verifyOne(text: string, key: NoteKey, value: Uint8Array): Promise<NoteProof> {
  switch (key.kind) {
    case 'ed25519':
      return { valid: await verifyEd25519(key.publicKey, utf8.encode(text), value) };
    case 'sm2': {
      const { sm2 } = await loadGm();
      return { valid: sm2.verify(key.publicKey, utf8.encode(text), value) };
    }
    case 'cosignature': {
      if (value.length !== 72) return { valid: false };
      const time = new DataView(value.buffer, value.byteOffset).getBigUint64(0);
      if (time > BigInt(Number.MAX_SAFE_INTEGER)) return { valid: false };
      const atSeconds = Number(time);
      const signed = cosignedBytes(text, atSeconds);
      const valid = await verifyEd25519(key.publicKey, signed, value.subarray(8));
      return valid ? { valid, atSeconds } : { valid };
    }
  }
}

/** RFC 8032 §5.1.7, by the platform. False for any malformed key or signature. */
async function verifyEd25519(
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  if (signature.length !== 64) return false;
  try {
    const algorithm = { name: 'Ed25519' };
    const raw = Uint8Array.from(publicKey);
    const key = await crypto.subtle.importKey('raw', raw, algorithm, false, ['verify']);
    return await crypto.subtle.verify(
      algorithm,
      key,
      Uint8Array.from(signature),
      Uint8Array.from(message),
    );
  } catch (error) {
    // A host without Ed25519 must not look like a forged signature.
    if (error instanceof Error && error.name === 'NotSupportedError') throw error;
    return false;
  }
}

function isName(name: string): boolean {
  return name.length <= 255 && /^[^\s+\p{Cc}\p{Cs}]+$/u.test(name);
}
