import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadGm } from '../../../../src/core/gm.ts';
import { parseGeneralizedTime, parseTime } from '../../../../src/core/pki/time.ts';
import { makeEnvelope } from '../../../../src/domain/signing/documents/enveloped-data.ts';
import { openEnvelope } from '../../../../src/domain/signing/documents/open-envelope.ts';
import { makeSignedData } from '../../../../src/domain/signing/documents/signed-data.ts';
import { verifySignedData } from '../../../../src/domain/signing/documents/verify-signed-data.ts';
import {
  DerError,
  DerReader,
  derElement,
  derExplicit,
  derObjectIdentifier,
  derOctetString,
  derSequence,
  derSet,
} from '../../../../src/lib/der.ts';
import { changedDer } from '../../../helpers/der-changes.ts';
import { type DocumentKey, distid, documentKey } from '../../../helpers/document-keys.ts';
import { opensslFolder } from '../../../helpers/openssl.ts';

const openssl = opensslFolder();
afterAll(openssl.remove);

const random = { bytes: (length: number) => crypto.getRandomValues(new Uint8Array(length)) };
const content = new TextEncoder().encode('支付人民币壹佰元整 to Nanpu Bank, 2026-11-27');
const signingTimeMs = Date.UTC(2026, 10, 27, 8, 30);
const flipped = (bytes: Uint8Array, at: number, mask = 1) =>
  bytes.map((byte, i) => (i === at ? byte ^ mask : byte));

/** The fields of the only SignerInfo, each whole. */
function signerFields(message: Uint8Array): Uint8Array[] {
  const content = new DerReader(message).sequence();
  content.objectIdentifier();
  const signedData = content.optionalExplicit(0)?.sequence() ?? new DerReader(message);
  for (let i = 0; i < 4; i++) signedData.any();
  const signer = signedData.set().sequence();
  const fields: Uint8Array[] = [];
  while (!signer.isAtEnd) fields.push(signer.any().whole);
  return fields;
}

/** The same signature, with what it covers offered as the content. */
function withoutAttributes(message: Uint8Array, attributes: Uint8Array): Uint8Array {
  const content = new DerReader(message).sequence();
  const type = content.any().whole;
  const fields = content.optionalExplicit(0)?.sequence() ?? new DerReader(message);
  const [version, digests] = [fields.any().whole, fields.any().whole];
  fields.any();
  const certificates = fields.any().whole;
  const signer = signerFields(message).filter((field) => field[0] !== 0xa0);
  return derSequence(
    type,
    derExplicit(
      0,
      derSequence(
        version,
        digests,
        derSequence(
          derObjectIdentifier('1.2.840.113549.1.7.1'),
          derExplicit(0, derOctetString(attributes)),
        ),
        certificates,
        derSet(derSequence(...signer)),
      ),
    ),
  );
}

const keys = {} as Record<'sm2' | 'p256' | 'otherSm2' | 'otherP256', DocumentKey>;
beforeAll(async () => {
  keys.sm2 = await documentKey(openssl, 'sm2', 'sm2');
  keys.p256 = await documentKey(openssl, 'p256', 'p256');
  keys.otherSm2 = await documentKey(openssl, 'sm2', 'other-sm2');
  keys.otherP256 = await documentKey(openssl, 'p256', 'other-p256');
});

describe('C6: signed messages', () => {
  const kinds = ['sm2', 'p256'] as const;
  const forms = [
    ['sm2', 'gbt35275'],
    ['sm2', 'rfc5652'],
    ['p256', 'rfc5652'],
  ] as const;

  test.each(forms)(
    '%s in the form of %s holds, and names signer, time and form',
    async (kind, form) => {
      const signer = keys[kind];
      const message = await makeSignedData(signer, { content, signingTimeMs, form });
      const verdict = await verifySignedData(message);
      expect(verdict).toMatchObject({ ok: true, form, content });
      expect(verdict.ok && verdict.signers).toEqual([
        { certificate: signer.certificate, key: kind, signingTimeMs, bindsCertificate: true },
      ]);
    },
  );

  test.each(kinds)('a detached %s message holds for its content and for no other', async (kind) => {
    const message = await makeSignedData(keys[kind], { content, detached: true });
    expect(await verifySignedData(message, content)).toMatchObject({ ok: true, content });
    const others = { ok: false, reason: 'content_digest_mismatch' };
    expect(await verifySignedData(message, flipped(content, 0))).toEqual(others);
    expect(await verifySignedData(message)).toEqual({ ok: false, reason: 'content_missing' });
  });

  test('a message with two different contents is refused', async () => {
    const message = await makeSignedData(keys.sm2, { content });
    expect(await verifySignedData(message, flipped(content, 3))).toMatchObject({ ok: false });
    expect(await verifySignedData(message, content)).toMatchObject({ ok: true });
  });

  test.each(kinds)('no byte of a %s message can be changed', async (kind) => {
    const message = await makeSignedData(keys[kind], { content, signingTimeMs });
    const accepted: number[] = [];
    for (let at = 0; at < message.length; at++) {
      const verdict = await verifySignedData(flipped(message, at, 1 << (at % 8)));
      if (verdict.ok) accepted.push(at);
    }
    expect(accepted).toEqual([]);
  });

  test('cut, lengthened and random messages are malformed, and nothing throws', async () => {
    const message = await makeSignedData(keys.sm2, { content });
    const malformed = { ok: false, reason: 'message_malformed' };
    for (let length = 0; length < message.length; length += 7) {
      expect(await verifySignedData(message.subarray(0, length))).toEqual(malformed);
    }
    expect(await verifySignedData(Uint8Array.of(...message, 0))).toEqual(malformed);
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
        expect(await verifySignedData(bytes)).toEqual(malformed);
      }),
    );
  });

  test.each(kinds)(
    'M1: whatever element of a %s message is changed, in DER that is right, nothing throws',
    async (kind) => {
      const message = await makeSignedData(keys[kind], { content, signingTimeMs });
      await fc.assert(
        fc.asyncProperty(changedDer(message), async (changed) => {
          const verdict = await verifySignedData(changed);
          // What nobody signs may stand twice; what was signed is what it was.
          if (verdict.ok) expect(verdict.content).toEqual(content);
        }),
        { numRuns: 400 },
      );
    },
  );

  test('M1: a time of many bytes is malformed', () => {
    for (const [tag, read] of [
      [0x17, parseTime],
      [0x18, parseTime],
      [0x18, parseGeneralizedTime],
    ] as const) {
      const time = derElement(tag, new Uint8Array(1_000_000).fill(0x30));
      expect(() => read(new DerReader(time))).toThrow(DerError);
    }
  });

  test('the certificate of another key cannot take the place of the signer', async () => {
    // What it signs names its own certificate, so the stranger's does not fit.
    const impostor = { ...keys.sm2, sign: keys.otherSm2.sign };
    const message = await makeSignedData(impostor, { content });
    expect(await verifySignedData(message)).toEqual({ ok: false, reason: 'signature_invalid' });
  });

  test('attributes of one message are not taken for the content of another', async () => {
    const message = await makeSignedData(keys.p256, { content });
    const seen: Uint8Array[] = [];
    const spy = {
      ...keys.p256,
      sign: (attributes: Uint8Array) => {
        seen.push(attributes);
        return keys.p256.sign(attributes);
      },
    };
    await makeSignedData(spy, { content });
    const [attributes = new Uint8Array()] = seen;
    expect(attributes[0]).toBe(0x31);
    expect(await verifySignedData(withoutAttributes(message, attributes))).toMatchObject({
      ok: false,
    });
  });

  test('OpenSSL verifies a P-256 message whole, and refuses it changed', async () => {
    const message = await makeSignedData(keys.p256, { content, signingTimeMs });
    const command = 'cms -verify -inform DER -in {0} -CAfile {1} -binary -purpose any';
    expect(openssl.output(command, message, keys.p256.certificatePem)).toEqual(
      Buffer.from(content),
    );
    const at = message.length - 1;
    expect(() => openssl.output(command, flipped(message, at), keys.p256.certificatePem)).toThrow();
  });

  test('a P-256 message of OpenSSL verifies here', async () => {
    const made = openssl.output(
      'cms -sign -in {0} -signer {1} -inkey {2} -outform DER -nodetach -binary -md sha256 -nosmimecap',
      content,
      keys.p256.certificatePem,
      keys.p256.privatePem,
    );
    expect(await verifySignedData(new Uint8Array(made))).toMatchObject({ ok: true, content });
  });

  test('OpenSSL reads an SM2 message and verifies its signature over its attributes', async () => {
    const seen: Uint8Array[] = [];
    const spy = {
      ...keys.sm2,
      sign: (attributes: Uint8Array) => {
        seen.push(attributes);
        return keys.sm2.sign(attributes);
      },
    };
    const message = await makeSignedData(spy, { content, form: 'rfc5652' });
    const printed = openssl.output('cms -cmsout -print -inform DER -in {0}', message).toString();
    expect(printed).toContain('SM2-with-SM3');
    const [attributes = new Uint8Array()] = seen;
    const verdict = await verifySignedData(message);
    expect(verdict.ok).toBe(true);
    const signature = new DerReader(signerFields(message).at(-1) ?? message).octetString();
    const output = openssl.output(
      `dgst -sm3 -sigopt distid:${distid} -verify {0} -signature {1} {2}`,
      openssl.output('x509 -pubkey -noout -in {0}', keys.sm2.certificatePem),
      signature,
      attributes,
    );
    expect(output.toString()).toContain('Verified OK');
  });
});

describe('C6: envelopes', () => {
  test.each(['sm2', 'p256'] as const)('%s: each recipient opens it, nobody else', async (kind) => {
    const [first, second] =
      kind === 'sm2' ? [keys.sm2, keys.otherSm2] : [keys.p256, keys.otherP256];
    const both = [first.certificate, second.certificate];
    const envelope = await makeEnvelope(random, both, content);
    expect(await openEnvelope(first, envelope)).toEqual(content);
    expect(await openEnvelope(second, envelope)).toEqual(content);
    const alone = await makeEnvelope(random, [first.certificate], content);
    await expect(openEnvelope(second, alone)).rejects.toMatchObject({
      code: 'envelope_not_addressed',
    });
  });

  test('contents of every length up to three blocks come back', async () => {
    for (let length = 0; length <= 48; length++) {
      const bytes = random.bytes(length);
      const envelope = await makeEnvelope(random, [keys.sm2.certificate], bytes);
      expect(await openEnvelope(keys.sm2, envelope)).toEqual(bytes);
    }
  });

  test('no byte of a P-256 envelope can be changed', async () => {
    const envelope = await makeEnvelope(random, [keys.p256.certificate], content);
    const codes = new Set<string>();
    for (let at = 0; at < envelope.length; at++) {
      const opened = openEnvelope(keys.p256, flipped(envelope, at, 1 << (at % 8)));
      const outcome = await opened.then(
        (bytes) => `opened at ${at}: ${Buffer.from(bytes).equals(content)}`,
        (error) => error.code,
      );
      codes.add(outcome);
    }
    // The content type inside EncryptedContentInfo is the one thing that nothing authenticates.
    for (const code of codes) {
      if (code.startsWith('opened')) expect(code).toMatch(/: true$/);
    }
    expect(codes).toContain('envelope_unreadable');
    expect(codes).toContain('document_malformed');
    expect(codes).toContain('envelope_not_addressed');
  });

  test('an SM2 envelope with a changed key or padding has one answer', async () => {
    const envelope = await makeEnvelope(random, [keys.sm2.certificate], content);
    for (const at of [envelope.length - 1, envelope.length - 17, envelope.length - 200]) {
      const outcome = await openEnvelope(keys.sm2, flipped(envelope, at)).then(
        (bytes) => (Buffer.from(bytes).equals(content) ? 'opened' : 'other content'),
        (error) => error.code,
      );
      // SM4-CBC has no integrity: another content may come out, never the same one.
      expect(['envelope_unreadable', 'other content', 'document_malformed']).toContain(outcome);
    }
  });

  test('OpenSSL opens a P-256 envelope, and one of OpenSSL opens here', async () => {
    const { certificatePem, privatePem } = keys.p256;
    const ours = await makeEnvelope(random, [keys.p256.certificate], content);
    const opened = openssl.output(
      'cms -decrypt -inform DER -in {0} -recip {1} -inkey {2} -binary',
      ours,
      certificatePem,
      privatePem,
    );
    expect(opened).toEqual(Buffer.from(content));
    const theirs = openssl.output(
      'cms -encrypt -in {0} -outform DER -binary -aes-256-gcm -recip {1} -keyopt ecdh_kdf_md:sha256 -keyopt ecdh_cofactor_mode:0',
      content,
      certificatePem,
    );
    expect(await openEnvelope(keys.p256, theirs)).toEqual(content);
  });

  test('keys of two kinds and no recipients are refused', async () => {
    const mixed = [keys.sm2.certificate, keys.p256.certificate];
    await expect(makeEnvelope(random, mixed, content)).rejects.toThrow();
    await expect(makeEnvelope(random, [], content)).rejects.toThrow();
  });

  test('a content key that OpenSSL encrypted for an SM2 key is taken', async () => {
    const gm = await loadGm();
    const key = random.bytes(16);
    const made = openssl.output(
      'pkeyutl -encrypt -pubin -inkey {0} -in {1}',
      openssl.output('x509 -pubkey -noout -in {0}', keys.sm2.certificatePem),
      key,
    );
    expect(await keys.sm2.decryptSm2(made)).toEqual(key);
    expect(gm.sm4.encrypt({ mode: 'cbc', key, iv: key }, content).length % 16).toBe(0);
  });
});
