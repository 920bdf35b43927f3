import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { PDFDocument } from '@cantoo/pdf-lib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { certificatesIn } from '../../src/cli/files.ts';
import { loadPictures } from '../../src/core/pictures.ts';
import { referencedDocuments } from '../../src/domain/signing/document-store.ts';
import { base64Bytes } from '../../src/lib/base64.ts';
import {
  activate,
  askDocument,
  bankOverHttp,
  finishedDocument,
  type HttpBank,
  okOf,
  signedStep,
} from '../helpers/documents.ts';
import { bodyOf, type Edge, enrolled, startEdge, verificationForm } from '../helpers/edge.ts';
import { ringWithCross, ringWithSquare } from '../helpers/imprints.ts';
import { opensslFolder } from '../helpers/openssl.ts';

const openssl = opensslFolder();
afterAll(openssl.remove);
const hasPoppler = spawnSync('pdfsig', ['-v']).error === undefined;
if (!hasPoppler) console.warn('pdfsig is not installed: no other reader checks signed PDF files');

const content = new TextEncoder().encode('担保函 No. 42: CNY 5,000.00, until 2027-11-27\n');

async function pdfFile(): Promise<Uint8Array> {
  const document = await PDFDocument.create();
  document.addPage([300, 200]).drawText('Guarantee 42', { x: 20, y: 150, size: 14 });
  return document.save();
}

async function check(edge: Edge, form: Readonly<Record<string, string | Uint8Array>>) {
  return okOf(await edge.call('/v1/documents/verify', { form }));
}

/** The roots of the service, where OpenSSL finds them. */
async function writeRoots(edge: Edge): Promise<void> {
  const pem = await (await edge.call('/pki/ca.crt', { as: null })).text();
  openssl.write('roots.pem', certificatesIn(pem).join('\n'));
}

describe('C6: documents with an SM2 key', () => {
  let edge: Edge;
  let own: HttpBank;
  beforeAll(async () => {
    edge = await startEdge(undefined, ['alpha', 'beta']);
    own = await bankOverHttp(edge);
  });

  test('C6 C7: a signed message comes out when the outcome is signed, and not before', async () => {
    const asked = await okOf(await askDocument(edge, own, { action: 'cms', file: content }));
    const path = `/v1/operations/${asked.id}`;
    expect(asked).toMatchObject({
      state: 'approved',
      kind: 'sign',
      scheme: 'sm2-sm3',
      document: { action: 'cms', bytes: content.length, resultName: 'guarantee 42.p7m' },
    });
    const decision = JSON.parse(String(asked.decision));
    expect(decision.document).toMatchObject({
      action: 'cms',
      sha256: (asked.document as { sha256: string }).sha256,
    });
    const { statement } = await okOf(await edge.call(`${path}/activation`, { method: 'POST' }));
    const executed = await okOf(
      await signedStep(edge, own, String(asked.id), 'execute', statement),
    );
    expect(executed.resultB64).toBeNull();
    expect(await bodyOf(await edge.call(`${path}/document`))).toMatchObject({
      code: 'document_absent',
    });
    const done = await okOf(
      await signedStep(edge, own, String(asked.id), 'complete', executed.outcome),
    );
    expect(done).toMatchObject({
      operation: { state: 'completed', resultB64: null },
      record: { place: { proof: expect.any(Array) }, body: { receipt: { keyId: own.signing.id } } },
    });
    const answer = await edge.call(`${path}/document`);
    expect(answer.headers.get('content-disposition')).toContain('guarantee%2042.p7m');
    const message = new Uint8Array(await answer.arrayBuffer());
    expect(await check(edge, { kind: 'cms', file: message })).toMatchObject({
      ok: true,
      signers: [{ subject: '北辰银行', standing: 'good' }],
    });
    const again = await edge.call(`${path}/document`);
    expect(new Uint8Array(await again.arrayBuffer())).toEqual(message);
    const input = await edge.call(`${path}/document?part=input`);
    expect(new Uint8Array(await input.arrayBuffer())).toEqual(content);
  });

  test('C4 C6: what is encrypted for the certificate opens for who is allowed', async () => {
    const path = `/v1/keys/${own.encryption.id}/envelopes`;
    const made = await edge.call(path, { as: 'developer-song', form: { file: content } });
    const envelope = new Uint8Array(await made.arrayBuffer());
    const { bytes } = await finishedDocument(edge, own, { action: 'open', file: envelope });
    expect(bytes).toEqual(content);
    const signing = await edge.call(path.replace(own.encryption.id, own.signing.id), {
      form: { file: content },
    });
    expect(await bodyOf(signing)).toMatchObject({ code: 'document_key_unfit' });
    const broken = envelope.map((byte, i) => (i === envelope.length - 1 ? byte ^ 1 : byte));
    const { id } = await okOf(await askDocument(edge, own, { action: 'open', file: broken }));
    const completed = await activate(edge, own, String(id));
    const document = { failure: 'envelope_unreadable' };
    expect(completed).toMatchObject({ operation: { state: 'completed', document } });
    expect(await bodyOf(await edge.call(`/v1/operations/${id}/document`))).toMatchObject({
      code: 'envelope_unreadable',
    });
    const foreign = await askDocument(edge, own, { action: 'open', file: content });
    expect(await bodyOf(foreign)).toMatchObject({ code: 'document_malformed' });
  });

  test('B2 C6: an electronic seal carries the reserved imprint, and signs a document', async () => {
    const { sealId } = await enrolled(edge, ringWithCross);
    const made = await finishedDocument(edge, own, {
      action: 'make_seal',
      name: '北辰银行业务专用章',
      sealId,
      validUntil: '2030-01-01T00:00:00.000Z',
    });
    const shown = await check(edge, { kind: 'electronic_seal', file: made.bytes });
    expect(shown).toMatchObject({ ok: true, seal: { id: made.id, name: '北辰银行业务专用章' } });
    const { pictureB64 } = shown.seal as { pictureB64: string };
    const picture = base64Bytes(pictureB64) ?? new Uint8Array();
    const pictures = await loadPictures();
    const reserved = await edge.call(`/v1/seals/${sealId}/picture`);
    const paper = pictures.decode(new Uint8Array(await reserved.arrayBuffer()));
    const seal = pictures.decode(picture);
    const ink = (rgba: ArrayLike<number>) =>
      Array.from({ length: rgba.length / 4 }, (_, i) => (rgba[4 * i + 1] ?? 0) < 128);
    expect(ink(seal.rgba)).toEqual(ink(paper.rgba));
    const sealed = await finishedDocument(edge, own, {
      action: 'seal',
      file: content,
      sealOf: made.id,
    });
    const holds = { kind: 'sealed', file: sealed.bytes, content };
    expect(await check(edge, holds)).toMatchObject({
      ok: true,
      seal: { id: made.id },
      signers: [{ standing: 'good' }],
    });
    const other = content.map((byte, i) => (i === 9 ? byte ^ 1 : byte));
    expect(await check(edge, { ...holds, content: other })).toMatchObject({
      ok: false,
      reason: 'document_digest_mismatch',
    });
    const noSeal = await askDocument(edge, own, {
      action: 'seal',
      file: content,
      sealOf: sealed.id,
    });
    expect(await bodyOf(noSeal)).toMatchObject({ code: 'document_absent' });
  });

  test('B2 C6: an electronic seal that is over, or whose imprint is suspended, moves no key', async () => {
    const { sealId } = await enrolledAgain(edge);
    const validUntilMs = edge.clock.now() + 60_000;
    const make = (validUntil: string) =>
      finishedDocument(edge, own, { action: 'make_seal', name: '章', sealId, validUntil });
    const short = await make(new Date(validUntilMs).toISOString());
    const long = await make('2030-01-01T00:00:00.000Z');
    const seal = (sealOf: string) =>
      askDocument(edge, own, { action: 'seal', file: content, sealOf });
    expect((await seal(short.id)).status).toBe(201);
    edge.clock.advance(validUntilMs + 1 - edge.clock.now());
    expect(await bodyOf(await seal(short.id))).toMatchObject({ code: 'electronic_seal_expired' });
    expect((await seal(long.id)).status).toBe(201);
    const stored = await edge.deps.seals.findSeal('beichen-bank', sealId);
    if (!stored) throw new Error('no seal');
    const { revision } = stored;
    await edge.deps.seals.replaceSeal({ ...stored, status: 'suspended', revision: revision + 1 });
    expect(await bodyOf(await seal(long.id))).toMatchObject({ code: 'seal_not_active' });
    await edge.deps.seals.replaceSeal({ ...stored, revision: revision + 2 });
    expect((await seal(long.id)).status).toBe(201);
  });

  test('C4: a passed verification of a seal counts, a failed or unknown one refuses', async () => {
    const { sealId } = await enrolledAgain(edge);
    const verified = async (imprint: Uint8Array) => {
      const form = verificationForm(sealId, imprint);
      return String((await okOf(await edge.call('/v1/seal-verifications', { form }))).id);
    };
    const ask = (sealVerificationId: string) =>
      askDocument(edge, own, { action: 'cms', file: content, sealVerificationId });
    expect((await ask(await verified(ringWithCross))).status).toBe(201);
    for (const [id, code] of [
      [await verified(ringWithSquare), 'seal_not_matched'],
      ['019aa3c1-5c00-7a31-9c2b-8f3f0d6f1a10', 'seal_verification_unknown'],
    ] as const) {
      expect(await bodyOf(await ask(id))).toMatchObject({
        code: 'operation_refused',
        errors: [{ pointer: '/body/sealVerificationId', code }],
      });
    }
  });

  test.each([
    ['no file', { action: 'cms' }, 400, 'invalid_request'],
    ['a file of a seal', { action: 'make_seal', file: content }, 400, 'invalid_request'],
    ['no PDF', { action: 'pdf', file: content }, 422, 'document_malformed'],
    [
      'a misplaced field',
      { action: 'pdf', file: content, sealOf: '019aa3c1-5c00-7a31-9c2b-8f3f0d6f1a10' },
      400,
      'invalid_request',
    ],
    ['half an amount', { action: 'cms', file: content, amountMinor: '5' }, 400, 'invalid_request'],
    ['no type', { action: 'cms', file: content, documentType: 'No Type' }, 400, 'invalid_request'],
  ])('refuses %s', async (_, form, status, code) => {
    const answer = await askDocument(edge, own, form);
    expect({ status: answer.status, code: (await bodyOf(answer)).code }).toEqual({ status, code });
  });

  test('a document of more than 8 MiB is refused before it is looked at', async () => {
    const answer = await askDocument(edge, own, {
      action: 'cms',
      file: new Uint8Array(8 * 1024 * 1024 + 128 * 1024),
    });
    expect(answer.status).toBe(413);
  });

  test('C7: the same question again is the same operation and the same document', async () => {
    const headers = { 'idempotency-key': 'sign-the-guarantee' };
    const form = { action: 'cms', file: content };
    const first = await okOf(await askDocument(edge, own, form, headers));
    const second = await okOf(await askDocument(edge, own, form, headers));
    expect(second.id).toBe(first.id);
    const done = await activate(edge, own, String(first.id));
    const path = `/v1/operations/${first.id}`;
    const again = await edge.call(`${path}/complete`, { json: { signature: 'AAAA' } });
    expect(await bodyOf(again)).toEqual(done);
  });

  test('C4: neither what is decrypted nor what is signed is shown to anybody else', async () => {
    const asked = await okOf(await askDocument(edge, own, { action: 'cms', file: content }));
    const path = `/v1/operations/${asked.id}`;
    await activate(edge, own, String(asked.id));
    for (const [as, status] of [
      ['customer-chen', 404],
      ['teller-wu', 404],
      ['auditor-gao', 200],
    ] as const) {
      expect((await edge.call(path, { as })).status, as).toBe(status);
      expect((await edge.call(`${path}/record`, { as })).status, as).toBe(status);
      for (const part of ['input', 'result']) {
        const answer = await edge.call(`${path}/document?part=${part}`, { as });
        expect(answer.status, `${as} ${part}`).toBe(404);
      }
    }
    const seen = await bodyOf(await edge.call(path, { as: 'auditor-gao' }));
    expect(seen).toMatchObject({ inputB64: null, outcome: null, resultB64: null });
  });

  test('C7: who is not an overseer lists only own uses and records', async () => {
    const key = `/v1/keys/${own.signing.id}`;
    const counted = async (path: string, as: string) => {
      const { items } = (await okOf(await edge.call(`${key}/${path}?limit=100`, { as }))) as {
        items: unknown[];
      };
      return items.length;
    };
    for (const path of ['operations', 'records']) {
      const own = await counted(path, 'teller-zhou');
      expect(own).toBeGreaterThan(0);
      for (const as of ['auditor-gao', 'administrator-lin', 'operator-ma']) {
        expect(await counted(path, as), `${path} ${as}`).toBe(own);
      }
      expect(await counted(path, 'customer-chen'), path).toBe(0);
      expect((await edge.call(`${key}/${path}`, { as: 'teller-wu' })).status).toBe(404);
    }
  });

  test('documents rest encrypted, and stay as long as a row names them', async () => {
    const keys: string[] = [];
    const { put } = edge.deps.objects;
    const watched = {
      ...edge.deps.objects,
      put: (key: string, bytes: Uint8Array) => {
        keys.push(key);
        expect(Buffer.from(bytes).includes(Buffer.from(content))).toBe(false);
        return put(key, bytes);
      },
    };
    Object.assign(edge.deps.objects, watched);
    await finishedDocument(edge, own, { action: 'cms', file: content });
    Object.assign(edge.deps.objects, { put });
    expect(keys).toHaveLength(2);
    const named = await referencedDocuments(edge.deps, 'beichen-bank', [
      ...keys,
      'beichen-bank/document/none',
    ]);
    expect(named).toEqual(keys);
    expect(await referencedDocuments(edge.deps, 'nanpu-bank', keys)).toEqual([]);
  });
});

/** The account of the seal that a test before this one enrolled. */
async function enrolledAgain(edge: Edge) {
  const { items } = (await okOf(await edge.call('/v1/seals'))) as { items: { id: string }[] };
  return { sealId: items[0]?.id ?? '' };
}

describe('C6: documents with a P-256 key, read by programs that are not ours', () => {
  let edge: Edge;
  let own: HttpBank;
  beforeAll(async () => {
    edge = await startEdge();
    own = await bankOverHttp(edge, 'p256');
    await writeRoots(edge);
  });

  test('openssl cms verifies the message to the root of the service', async () => {
    const { bytes } = await finishedDocument(edge, own, { action: 'cms', file: content });
    openssl.write('message.p7m', bytes);
    // The clock of the test is not that of the machine.
    const at = `-attime ${Math.floor(edge.clock.now() / 1000)}`;
    const options = `-inform DER -CAfile roots.pem -purpose any -binary ${at}`;
    const verified = openssl.run(`cms -verify -in message.p7m ${options} -out content`);
    expect(verified).toMatchObject({ ok: true, text: expect.any(String) });
    expect(openssl.read('content')).toEqual(content);
    const detached = await finishedDocument(edge, own, {
      action: 'cms',
      file: content,
      detached: 'true',
    });
    openssl.write('detached.p7s', detached.bytes);
    openssl.write('other', content.subarray(1));
    const command = `cms -verify -in detached.p7s ${options}`;
    expect(openssl.run(`${command} -content content`).ok).toBe(true);
    expect(openssl.run(`${command} -content other`).ok).toBe(false);
  });

  test.runIf(hasPoppler)('pdfsig finds the signature valid over the whole file', async () => {
    const { bytes } = await finishedDocument(edge, own, { action: 'pdf', file: await pdfFile() });
    const file = 'guarantee.pdf';
    openssl.write(file, bytes);
    const { stdout } = spawnSync('pdfsig', [join(openssl.folder, file)], { encoding: 'utf8' });
    expect(stdout).toContain('Signature is Valid');
    expect(stdout).toContain('Total document signed');
    expect(await check(edge, { kind: 'pdf', file: bytes })).toMatchObject({
      ok: true,
      signers: [{ standing: 'good' }],
    });
    const changed = bytes.map((byte, i) => (i === 100 ? byte ^ 1 : byte));
    expect(await check(edge, { kind: 'pdf', file: changed })).toMatchObject({ ok: false });
  });

  test('an envelope of openssl cms opens with the key in the chips', async () => {
    const made = await edge.call(`/v1/keys/${own.encryption.id}/envelopes`, {
      form: { file: content },
    });
    const envelope = new Uint8Array(await made.arrayBuffer());
    const { bytes } = await finishedDocument(edge, own, { action: 'open', file: envelope });
    expect(bytes).toEqual(content);
    const seal = await askDocument(edge, own, {
      action: 'make_seal',
      sealId: '019aa3c1-5c00-7a31-9c2b-8f3f0d6f1a10',
      validUntil: '2030-01-01T00:00:00.000Z',
    });
    expect(await bodyOf(seal)).toMatchObject({ code: 'document_key_unfit' });
  });
});
