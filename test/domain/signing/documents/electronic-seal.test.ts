import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadGm } from '../../../../src/core/gm.ts';
import {
  type ElectronicSealInfo,
  makeElectronicSeal,
  signWithElectronicSeal,
  verifyElectronicSeal,
  verifySealedDocument,
} from '../../../../src/domain/signing/documents/electronic-seal.ts';
import { DerReader, derBitString, derSequence } from '../../../../src/lib/der.ts';
import { changedDer } from '../../../helpers/der-changes.ts';
import { type DocumentKey, distid, documentKey } from '../../../helpers/document-keys.ts';
import { opensslFolder } from '../../../helpers/openssl.ts';

const openssl = opensslFolder();
afterAll(openssl.remove);
const gm = await loadGm();

const signedAtMs = Date.UTC(2026, 10, 27, 9);
const day = 24 * 60 * 60 * 1000;
const documentDigest = gm.sm3(new TextEncoder().encode('合同正文'));
const flipped = (bytes: Uint8Array, at: number, mask = 1) =>
  bytes.map((byte, i) => (i === at ? byte ^ mask : byte));

let maker: DocumentKey;
let signer: DocumentKey;
let stranger: DocumentKey;
let info: ElectronicSealInfo;
let seal: Uint8Array;
let signature: Uint8Array;

beforeAll(async () => {
  maker = await documentKey(openssl, 'sm2', 'maker');
  signer = await documentKey(openssl, 'sm2', 'signer');
  stranger = await documentKey(openssl, 'sm2', 'stranger');
  info = {
    id: '11010500000001',
    vendorId: 'Cinnabar',
    type: 1,
    name: '北辰银行滨江支行公章',
    signerCertificates: [signer.certificate],
    createdAtMs: signedAtMs - day,
    validFromMs: signedAtMs - day,
    validUntilMs: signedAtMs + 365 * day,
    picture: { type: 'png', data: Uint8Array.of(1, 2, 3), widthMm: 42, heightMm: 42 },
  };
  seal = await makeElectronicSeal(maker, info);
  const request = { seal, signedAtMs, documentDigest, coverage: '/Doc_0/Signs/Signature.xml' };
  signature = await signWithElectronicSeal(signer, request);
});

describe('C6: electronic seals of GB/T 38540', () => {
  test('a seal is what was put into it, under the signature of its maker', async () => {
    expect(await verifyElectronicSeal(seal, signedAtMs)).toEqual({
      ok: true,
      info,
      makerCertificate: maker.certificate,
    });
  });

  test('a sealed document names seal, signer, time and coverage', async () => {
    expect(await verifySealedDocument(signature, documentDigest)).toEqual({
      ok: true,
      info,
      makerCertificate: maker.certificate,
      signerCertificate: signer.certificate,
      signedAtMs,
      coverage: '/Doc_0/Signs/Signature.xml',
    });
  });

  test('OpenSSL reads both and verifies both signatures with the makers of them', () => {
    expect(openssl.output('asn1parse -inform DER -in {0}', signature).toString()).toContain(
      'SM2-with-SM3',
    );
    for (const [structure, key] of [
      [seal, maker],
      [signature, signer],
    ] as const) {
      const fields = new DerReader(structure).sequence();
      const signed = fields.any().whole;
      fields.octetString();
      fields.objectIdentifier();
      const output = openssl.output(
        `dgst -sm3 -sigopt distid:${distid} -verify {0} -signature {1} {2}`,
        openssl.output('x509 -pubkey -noout -in {0}', key.certificatePem),
        fields.bitString(),
        signed,
      );
      expect(output.toString()).toContain('Verified OK');
    }
  });

  test('no byte of a seal or of a sealed document can be changed', async () => {
    const accepted: string[] = [];
    for (let at = 0; at < seal.length; at++) {
      const verdict = await verifyElectronicSeal(flipped(seal, at, 1 << (at % 8)), signedAtMs);
      if (verdict.ok && !isInMakerCertificate(at)) accepted.push(`seal ${at}`);
    }
    for (let at = 0; at < signature.length; at++) {
      const changed = flipped(signature, at, 1 << (at % 8));
      if ((await verifySealedDocument(changed, documentDigest)).ok) accepted.push(`document ${at}`);
    }
    expect(accepted).toEqual([]);
  });

  test('another document has another digest', async () => {
    expect(await verifySealedDocument(signature, gm.sm3(Uint8Array.of(1)))).toEqual({
      ok: false,
      reason: 'document_digest_mismatch',
    });
  });

  test('a seal outside its dates seals nothing', async () => {
    for (const atMs of [info.validFromMs - 1000, info.validUntilMs + 1000]) {
      const request = { seal, signedAtMs: atMs, documentDigest, coverage: 'all' };
      const made = await signWithElectronicSeal(signer, request);
      expect(await verifySealedDocument(made, documentDigest)).toEqual({
        ok: false,
        reason: 'seal_not_valid_then',
      });
      expect(await verifyElectronicSeal(seal, atMs)).toMatchObject({ ok: false });
    }
  });

  test('who is not listed cannot use the seal, whatever else is right', async () => {
    const request = { seal, signedAtMs, documentDigest, coverage: 'all' };
    await expect(signWithElectronicSeal(stranger, request)).rejects.toThrow();
    const other = await makeElectronicSeal(maker, {
      ...info,
      signerCertificates: [stranger.certificate],
    });
    const made = await signWithElectronicSeal(stranger, { ...request, seal: other });
    // The stranger's seal is exchanged for the one that does not list it.
    const fields = new DerReader(made).sequence();
    const toSign = new DerReader(fields.any().whole).sequence();
    const parts: Uint8Array[] = [];
    while (!toSign.isAtEnd) parts.push(toSign.any().whole);
    parts[1] = seal;
    const resealed = derSequence(...parts);
    const forged = derSequence(
      resealed,
      fields.any().whole,
      fields.any().whole,
      derBitString(await stranger.sign(resealed)),
    );
    expect(await verifySealedDocument(forged, documentDigest)).toEqual({
      ok: false,
      reason: 'signer_not_listed',
    });
  });

  test('M1: whatever element is changed, in DER that is right, nothing throws', async () => {
    const either = fc.constantFrom(seal, signature).chain(changedDer);
    await fc.assert(
      fc.asyncProperty(either, async (changed) => {
        const verdict = await verifyElectronicSeal(changed, signedAtMs);
        if (verdict.ok) expect(verdict.info).toEqual(info);
        const sealed = await verifySealedDocument(changed, documentDigest);
        if (sealed.ok) expect(sealed).toMatchObject({ info, signedAtMs });
      }),
      { numRuns: 400 },
    );
  });

  test('random bytes are malformed, and nothing throws', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
        const malformed = { ok: false, reason: 'seal_malformed' };
        expect(await verifyElectronicSeal(bytes, signedAtMs)).toEqual(malformed);
        expect(await verifySealedDocument(bytes, documentDigest)).toEqual(malformed);
      }),
    );
  });
});

/** Version 4 leaves the maker's certificate out of what the maker signs; the chain must tell. */
function isInMakerCertificate(at: number): boolean {
  const fields = new DerReader(seal).sequence();
  const signed = fields.any().whole;
  const start = signed.byteOffset - seal.byteOffset + signed.length;
  return at >= start && at < start + fields.any().whole.length;
}
