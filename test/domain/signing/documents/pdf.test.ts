import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { PDFDocument } from '@cantoo/pdf-lib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { signPdf } from '../../../../src/domain/signing/documents/pdf.ts';
import { verifyPdf } from '../../../../src/domain/signing/documents/verify-pdf.ts';
import { type DocumentKey, documentKey } from '../../../helpers/document-keys.ts';
import { opensslFolder } from '../../../helpers/openssl.ts';

const openssl = opensslFolder();
afterAll(openssl.remove);

// A reader that shares nothing with ours. The continuous integration installs it (poppler-utils).
const hasPoppler = spawnSync('pdfsig', ['-v']).error === undefined;
if (!hasPoppler) console.warn('pdfsig is not installed: no other reader checks signed PDF files');

const signedAtMs = Date.UTC(2026, 10, 27, 9, 15);
const keys = {} as Record<'sm2' | 'p256' | 'second', DocumentKey>;
let pdf: Uint8Array;

beforeAll(async () => {
  keys.sm2 = await documentKey(openssl, 'sm2', 'sm2');
  keys.p256 = await documentKey(openssl, 'p256', 'p256');
  keys.second = await documentKey(openssl, 'p256', 'second');
  const document = await PDFDocument.create();
  document.addPage([300, 200]).drawText('Payment order 42', { x: 20, y: 150, size: 14 });
  pdf = await document.save();
});

const sign = (kind: keyof typeof keys, bytes: Uint8Array) =>
  signPdf(keys[kind], { pdf: bytes, signedAtMs, reason: '付款授权', location: 'Binjiang' });

describe('C6: signed PDF documents', () => {
  test.each(['sm2', 'p256'] as const)(
    '%s: the original stays as it is, and the signature holds',
    async (kind) => {
      const signed = await sign(kind, pdf);
      expect(signed.subarray(0, pdf.length)).toEqual(pdf);
      const verdict = await verifyPdf(signed);
      expect(verdict).toMatchObject({ ok: true, signatures: [{ revisionBytes: signed.length }] });
      const [signature] = verdict.ok ? verdict.signatures : [];
      expect(signature?.signers).toEqual([
        { certificate: keys[kind].certificate, key: kind, bindsCertificate: true },
      ]);
    },
  );

  test('a second person signs what the first one signed, and both hold', async () => {
    const first = await sign('p256', pdf);
    const second = await sign('second', first);
    const verdict = await verifyPdf(second);
    expect(verdict).toMatchObject({
      ok: true,
      signatures: [{ revisionBytes: first.length }, { revisionBytes: second.length }],
    });
  });

  test('whatever is changed or added afterwards is noticed', async () => {
    const signed = await sign('p256', pdf);
    const reasons = new Set<string>();
    for (let at = 0; at < signed.length; at += 31) {
      const changed = signed.map((byte, i) => (i === at ? byte ^ 1 : byte));
      const verdict = await verifyPdf(changed);
      expect({ at, ok: verdict.ok }).toEqual({ at, ok: false });
      if (!verdict.ok) reasons.add(verdict.reason);
    }
    expect([...reasons]).toContain('content_digest_mismatch');
    const longer = Uint8Array.from([...signed, ...new TextEncoder().encode('\n% more\n')]);
    expect(await verifyPdf(longer)).toEqual({ ok: false, reason: 'changed_after_signing' });
    const document = await PDFDocument.load(signed, { forIncrementalUpdate: true });
    document.getPage(0).drawText('and 1,000,000 more', { x: 20, y: 100 });
    const updated = await document.commit();
    expect(await verifyPdf(updated)).toEqual({ ok: false, reason: 'changed_after_signing' });
  });

  test('a byte range that leaves out more than the signature is refused', async () => {
    const signed = Buffer.from(await sign('p256', pdf)).toString('latin1');
    const range = /(?<=ByteRange )\[ 0 (\d+) (\d+) (\d+) \] */;
    const [whole = '', start = '', end = '', tail = ''] = range.exec(signed) ?? [];
    const verdictOn = (other: string) =>
      verifyPdf(Buffer.from(signed.replace(whole, other.padEnd(whole.length)), 'latin1'));
    expect(await verdictOn(`[ 0 ${start} ${end} ${tail} ]`)).toMatchObject({ ok: true });
    const invalid = { ok: false, reason: 'byte_range_invalid' };
    expect(await verdictOn(`[ 0 ${Number(start) - 8} ${end} ${tail} ]`)).toEqual(invalid);
    expect(await verdictOn(`[ 0 ${start} ${Number(end) + 8} ${Number(tail) - 8} ]`)).toEqual(
      invalid,
    );
    // And one that is no range of bytes at all.
    expect(await verdictOn(`[ 0 ${start}.1 ${end}.9 ${tail} ]`)).toEqual(invalid);
  });

  test('what is no PDF, or not signed, has its own answer', async () => {
    expect(await verifyPdf(pdf)).toEqual({ ok: false, reason: 'not_signed' });
    for (const bytes of [new Uint8Array(0), Uint8Array.of(1, 2, 3), pdf.subarray(0, 200)]) {
      expect(await verifyPdf(bytes)).toMatchObject({ ok: false });
      await expect(signPdf(keys.p256, { pdf: bytes, signedAtMs })).rejects.toMatchObject({
        code: 'document_malformed',
      });
    }
  });

  const blanks = Buffer.alloc(48 * 1024 * 1024, 0x20);
  const runs = Buffer.concat([...Array(200_000)].map(() => Uint8Array.of(129, 0x20)));
  test.each<[string, string, Uint8Array]>([
    ['deflate', '/FlateDecode', deflateSync(blanks)],
    ['deflate twice', '[/FlateDecode /FlateDecode]', deflateSync(deflateSync(blanks))],
    ['runs in deflate', '[/FlateDecode /RunLengthDecode]', deflateSync(runs)],
  ])('a file that is small until it is unpacked is refused: %s', async (_, filter, stream) => {
    const bomb = objectStreamPdf(filter, stream);
    expect(bomb.length).toBeLessThan(200_000);
    expect(await verifyPdf(bomb)).toEqual({ ok: false, reason: 'pdf_malformed' });
    await expect(signPdf(keys.p256, { pdf: bomb, signedAtMs })).rejects.toMatchObject({
      code: 'document_malformed',
    });
    const modest = objectStreamPdf('/FlateDecode', deflateSync(blanks.subarray(0, 100_000)));
    expect(await verifyPdf(modest)).toEqual({ ok: false, reason: 'not_signed' });
  });

  test.skipIf(!hasPoppler)(
    'poppler finds the signature valid and the whole document covered',
    async () => {
      const file = join(openssl.folder, 'signed.pdf');
      writeFileSync(file, await sign('p256', pdf));
      const printed = execFileSync('pdfsig', ['-nocert', file], { encoding: 'utf8' });
      expect(printed).toContain('Signature is Valid');
      expect(printed).toContain('Total document signed');
      expect(printed).toContain('ETSI.CAdES.detached');
      execFileSync('pdftotext', [file, `${file}.txt`]);
    },
  );
});

/** One page, and one stream of objects in which there is nothing but blanks. */
function objectStreamPdf(filter: string, stream: Uint8Array): Uint8Array {
  const head = `%PDF-1.7
1 0 obj << /Type /Catalog /Pages 2 0 R >> endobj
2 0 obj << /Type /Pages /Kids [3 0 R] /Count 1 >> endobj
3 0 obj << /Type /Page /Parent 2 0 R /MediaBox [0 0 10 10] >> endobj
4 0 obj << /Type /Obj#53tm /N 0 /First 0 /Filter ${filter} /Length ${stream.length} >>
stream
`;
  const tail = '\nendstream endobj\ntrailer << /Root 1 0 R >>\n%%EOF\n';
  return Buffer.concat([Buffer.from(head), stream, Buffer.from(tail)]);
}
