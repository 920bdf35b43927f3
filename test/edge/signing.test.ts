import { describe, expect, test } from 'vitest';
import { certificatesIn } from '../../src/cli/files.ts';
import { verifyRecords } from '../../src/client/certificates.ts';
import { loadGm } from '../../src/core/gm.ts';
import { keygenContext, signContext } from '../../src/core/two-party-context.ts';
import { base64urlBytes, base64urlText } from '../../src/lib/base64url.ts';
import { bank } from '../helpers/bank.ts';
import { bodyOf, type Edge, startEdge } from '../helpers/edge.ts';
import { useKey } from '../helpers/usage-export.ts';

const gm = await loadGm();
const tenant = 'beichen-bank';
const keyId = '019aa3c1-5c00-7a31-9c2b-8f3f0d6f1a10';
const sessionId = '019aa3c1-5c00-7a31-9c2b-8f3f0d6f1a11';
const base = '/v1/personal-keys';

/** Key generation over HTTP, as a browser does it. */
async function makeKey(edge: Edge, as = 'customer-chen') {
  const started = gm.twoParty.keygen.clientStart(keygenContext({ tenant, keyId }, sessionId));
  const first = await edge.call(base, {
    as,
    json: {
      id: keyId,
      label: '我的手机',
      sessionId,
      commitment: base64urlText(started.commitment),
    },
  });
  expect(first.status).toBe(200);
  const { message } = (await first.json()) as { message: string };
  const finished = gm.twoParty.keygen.clientFinish(
    started.state,
    base64urlBytes(message) ?? new Uint8Array(),
  );
  const second = await edge.call(`${base}/${keyId}/finish`, {
    as,
    json: { sessionId, opening: base64urlText(finished.opening) },
  });
  return { share: finished.share, publicKey: finished.publicKey, answer: second };
}

async function signRequest(edge: Edge, share: Uint8Array, info: Uint8Array, as = 'customer-chen') {
  const { epoch, publicKey } = gm.twoParty.inspect(share);
  const requestId = 'request-1';
  const e = gm.sm2.digest(publicKey, info);
  const ctx = signContext({ tenant, keyId }, epoch, requestId);
  const started = gm.twoParty.sign.clientStart(share, e, ctx);
  const answer = await edge.call(`${base}/${keyId}/signatures`, {
    as,
    json: {
      requestId,
      epoch,
      message: base64urlText(started.message),
      purpose: 'certificate_request',
      request: base64urlText(info),
    },
  });
  return { started, answer };
}

describe('personal keys over HTTP', () => {
  test('C2: a key is made in two rounds, and only its holder sees it', async () => {
    const edge = await startEdge();
    const { publicKey, answer } = await makeKey(edge);
    expect(await bodyOf(answer)).toMatchObject({
      id: keyId,
      state: 'active',
      publicKeyHex: Buffer.from(publicKey).toString('hex'),
      lockedUntil: null,
    });
    const stranger = await edge.call(`${base}/${keyId}`, { as: 'teller-zhou' });
    expect(stranger.status).toBe(404);
    expect(await bodyOf(stranger)).toMatchObject({ code: 'personal_key_not_found' });
    const list = await edge.call(base, { as: 'customer-chen' });
    expect(await bodyOf(list)).toMatchObject({ items: [{ id: keyId }] });
  });

  test('C3: the cloud signs no certificate request over another key', async () => {
    const edge = await startEdge();
    const { share } = await makeKey(edge);
    const { answer } = await signRequest(edge, share, Uint8Array.of(0x30, 0));
    expect(answer.status).toBe(400);
    expect(await bodyOf(answer)).toMatchObject({ code: 'invalid_request' });
  });

  test('C9: a withdrawn key signs nothing, and its chips sign that they wiped it', async () => {
    const edge = await startEdge();
    const { share } = await makeKey(edge);
    const withdrawn = await edge.call(`${base}/${keyId}/withdraw`, {
      as: 'customer-chen',
      json: { reason: 'lost' },
    });
    const body = await bodyOf(withdrawn);
    expect(body).toMatchObject({ key: { state: 'withdrawn' } });
    expect((body.tombstones as unknown[]).length).toBeGreaterThanOrEqual(2);
    const { answer } = await signRequest(edge, share, Uint8Array.of(0x30, 0));
    expect(answer.status).toBeGreaterThanOrEqual(400);
  });

  test('C9: a PIN is tried ten times, and a right one sets the count back', async () => {
    const edge = await startEdge();
    await makeKey(edge);
    const pin = (verifier: Uint8Array, method: 'PUT' | 'POST') =>
      edge.call(`${base}/${keyId}/pin`, {
        as: 'customer-chen',
        method,
        json: { verifier: base64urlText(verifier) },
      });
    const right = new Uint8Array(32).fill(7);
    const wrong = new Uint8Array(32).fill(8);
    const { pepper } = await bodyOf(await pin(right, 'PUT'));
    for (let i = 0; i < 9; i++) expect((await pin(wrong, 'POST')).status).toBe(403);
    expect(await bodyOf(await pin(right, 'POST'))).toEqual({ pepper });
    for (let i = 0; i < 10; i++) await pin(wrong, 'POST');
    expect(await bodyOf(await pin(right, 'POST'))).toMatchObject({ code: 'pin_locked' });
  });

  test('C5: an institution needs officers with keys, each of another person', async () => {
    const edge = await startEdge();
    await makeKey(edge);
    const answer = await edge.call('/v1/institutions', {
      as: 'administrator-lin',
      json: {
        subject: { commonName: '北辰银行', organization: '北辰银行' },
        officerKeyIds: [keyId, keyId],
        threshold: 3,
      },
    });
    expect(answer.status).toBe(400);
    expect(await bodyOf(answer)).toMatchObject({
      errors: [
        { pointer: '/body/officerKeyIds/0', code: 'certificate_unknown' },
        { pointer: '/body/officerKeyIds/1', code: 'certificate_unknown' },
        { pointer: '/body/officerKeyIds', code: 'one_person_twice' },
        { pointer: '/body/threshold', code: 'too_many' },
      ],
    });
  });

  test('C8: an auditor exports what was done with a key, and verifies it offline', async () => {
    const edge = await startEdge();
    const own = await bank({ ...edge.deps, clock: edge.clock });
    await useKey(own, 2);
    const path = `/v1/keys/${own.signing.id}/records/export`;
    const answer = await edge.call(path, { as: 'auditor-gao' });
    expect(answer.headers.get('content-type')).toBe('application/x-ndjson');
    expect(answer.headers.get('cinnabar-next')).toBeNull();
    const pem = await (await edge.call('/pki/ca.crt', { as: null })).text();
    const trust = {
      roots: certificatesIn(pem),
      ledger: (await bodyOf(await edge.call('/ledger/trust', { as: null }))) as never,
    };
    const text = await answer.text();
    const verdict = await verifyRecords(text, trust, edge.clock.now());
    expect(verdict).toMatchObject({ ok: true, findings: [{ line: 1 }, { line: 2 }, { line: 3 }] });
    expect((await edge.call(path, { as: 'customer-chen' })).status).toBe(403);
    expect((await edge.call(`${path}?from=-1`, { as: 'auditor-gao' })).status).toBe(400);
    const none = await edge.call(path.replace(own.signing.id, keyId), { as: 'auditor-gao' });
    expect(none.status).toBe(404);
  });
});
