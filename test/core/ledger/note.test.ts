import { createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { LedgerError } from '../../../src/core/ledger/error.ts';
import {
  cosignatureValue,
  cosignedBytes,
  formatNote,
  formatNoteKey,
  noteKey,
  parseNote,
  parseNoteKey,
  signatureLine,
  verifyNote,
} from '../../../src/core/ledger/note.ts';
import { processSm2Signer } from '../../../src/platform/note-signers.ts';

// The example of the Go packages from which the format comes (golang.org/x/mod/sumdb/note).
const vkey = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW';
const example =
  'If you think cryptography is the answer to your problem,\n' +
  "then you don't know what your problem is.\n" +
  '\n' +
  '— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n';

function ed25519(name: string, kind: 'ed25519' | 'cosignature') {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32);
  return { key: noteKey(kind, name, Uint8Array.from(raw)), privateKey };
}

describe('signed notes', () => {
  it('A8: verifies the note of the reference implementation, and only unchanged', async () => {
    const key = parseNoteKey(vkey);
    expect(formatNoteKey(key)).toBe(vkey);
    expect(await verifyNote(parseNote(example), key)).toEqual({ valid: true });
    const changed = example.replace('answer', 'Answer');
    expect(await verifyNote(parseNote(changed), key)).toEqual({ valid: false });
    for (let at = example.indexOf('x08go') + 8; at < example.length - 4; at += 7) {
      const letter = example[at] === 'A' ? 'B' : 'A';
      const flipped = example.slice(0, at) + letter + example.slice(at + 1);
      expect(await verifyNote(parseNote(flipped), key)).toEqual({ valid: false });
    }
  });

  it('A8: takes cosignatures that another implementation signed, with their time', async () => {
    const { key, privateKey } = ed25519('witness.example/w1', 'cosignature');
    const text = 'log.example\n5\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n';
    const signed = Buffer.from(`cosignature/v1\ntime 1700000000\n${text}`);
    expect(Buffer.from(cosignedBytes(text, 1_700_000_000))).toEqual(signed);
    const value = cosignatureValue(1_700_000_000, sign(null, signed, privateKey));
    const note = parseNote(formatNote(text, [signatureLine(key, value)]));
    expect(await verifyNote(note, key)).toEqual({ valid: true, atSeconds: 1_700_000_000 });
    const other = cosignatureValue(1_700_000_001, value.slice(8));
    const moved = parseNote(formatNote(text, [signatureLine(key, other)]));
    expect(await verifyNote(moved, key)).toEqual({ valid: false });
    // The key of a log and that of a witness differ even over the same 32 bytes.
    expect(noteKey('ed25519', key.name, key.publicKey).id).not.toEqual(key.id);
  });

  it('A8: an SM2 line stands beside the Ed25519 line and verifies', async () => {
    const signer = processSm2Signer('log.example');
    const key = await signer.key();
    const text = 'log.example\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n';
    const value = await signer.sign(new TextEncoder().encode(text));
    const note = parseNote(formatNote(text, [signatureLine(key, value)]));
    expect(parseNoteKey(formatNoteKey(key))).toEqual(key);
    expect(await verifyNote(note, key)).toEqual({ valid: true });
    const changed = { ...note, text: text.replace('\n0\n', '\n1\n') };
    expect(await verifyNote(changed, key)).toEqual({ valid: false });
  });

  it('A8: refuses what is no note', () => {
    const bad = [
      '',
      'text\n',
      'text\n\n',
      example.slice(0, -1),
      example.replace('— ', '- '),
      example.replace('PeterNeumann x', 'Peter+Neumann x'),
      example.replace('answer', 'ans\twer'),
      example.replace('AM=\n', 'AM\n'),
      `a\n\n${'— n AAAAAAAA\n'.repeat(33)}`,
    ];
    for (const note of bad) {
      expect(() => parseNote(note), note).toThrow(LedgerError);
    }
    for (const key of [vkey.replace('c7', 'c8'), 'name', vkey.slice(0, -4), `a ${vkey}`]) {
      expect(() => parseNoteKey(key), key).toThrow(LedgerError);
    }
  });

  it('A8: a signature of ours verifies in Node by itself', async () => {
    const { key, privateKey } = ed25519('log.example', 'ed25519');
    const text = 'log.example\n1\n';
    const value = sign(null, Buffer.from(text), privateKey);
    expect(await verifyNote(parseNote(formatNote(text, [signatureLine(key, value)])), key)).toEqual(
      {
        valid: true,
      },
    );
    const spki = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), key.publicKey]);
    const peer = createPublicKey({ key: spki, format: 'der', type: 'spki' });
    expect(verify(null, Buffer.from(text), peer, value)).toBe(true);
  });
});
