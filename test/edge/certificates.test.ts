import { beforeAll, describe, expect, it } from 'vitest';
import { encodePem } from '../../src/lib/pem.ts';
import { localSigner } from '../helpers/certificate-keys.ts';
import { certificateRequest, requestedSettings } from '../helpers/certificates.ts';
import { bankOverHttp } from '../helpers/documents.ts';
import { bodyOf, type Edge, startEdge } from '../helpers/edge.ts';
import { opensslFolder } from '../helpers/openssl.ts';

const base = '/v1/certificates';
const pem = async (algorithm: 'sm2' | 'p256') =>
  encodePem('CERTIFICATE REQUEST', await certificateRequest(await localSigner(algorithm)));

async function personBody(algorithm: 'sm2' | 'p256' = 'sm2') {
  return {
    kind: 'person',
    algorithm,
    subject: { commonName: '陈思远', organization: '北辰银行', country: 'CN' },
    request: await pem(algorithm),
    requested: requestedSettings,
  };
}

const applicant = { as: 'customer-chen' };
const officer = { as: 'reviewer-he' };
const administrator = { as: 'administrator-lin' };

async function applied(edge: Edge, body: object): Promise<string> {
  const response = await edge.call(`${base}/applications`, { ...applicant, json: body });
  expect(response.status).toBe(201);
  const { id } = await bodyOf(response);
  expect(response.headers.get('location')).toBe(`${base}/applications/${id}`);
  return String(id);
}

async function identified(edge: Edge, id: string): Promise<void> {
  const json = { passed: true, reference: 'RA-2026-0117' };
  const response = await edge.call(`${base}/applications/${id}/identity`, { ...officer, json });
  expect(await bodyOf(response)).toMatchObject({ state: 'identified' });
}

/** From application to frozen certificate. Gives the serials. */
async function issued(edge: Edge, body: object): Promise<readonly string[]> {
  const id = await applied(edge, body);
  await identified(edge, id);
  const path = `${base}/applications/${id}/approve`;
  const response = await edge.call(path, { ...administrator, method: 'POST' });
  const application = await bodyOf(response);
  expect(application).toMatchObject({ state: 'issued' });
  return application.certificates as string[];
}

const post = { method: 'POST', ...administrator };

describe('certificates over HTTP', () => {
  let edge: Edge;
  beforeAll(async () => {
    edge = await startEdge();
  });

  it('A6 A7 A9 A10 A11: from application to bundle', async () => {
    const [serial] = await issued(edge, await personBody());
    const one = `${base}/${serial}`;
    const frozen = await bodyOf(await edge.call(one, applicant));
    expect(frozen).toMatchObject({ state: 'frozen', delivery: 'none', ledgerIndex: 0 });
    expect(await bodyOf(await edge.call(`${one}/bundle`, applicant))).toMatchObject({
      code: 'certificate_state',
    });
    const verified = await bodyOf(
      await edge.call(`${one}/verify`, { ...applicant, method: 'POST' }),
    );
    expect(verified).toMatchObject({ ok: true });
    const thawed = await bodyOf(await edge.call(`${one}/thaw`, post));
    expect(thawed).toMatchObject({
      state: 'active',
      delivery: 'delivered',
      settings: { tier: 6, permissions: ['view'] },
    });
    expect(await bodyOf(await edge.call(`${one}/bundle`, applicant))).toMatchObject({
      format: 'cinnabar-certificate-bundle/1',
      serial,
    });
    expect(await bodyOf(await edge.call(`${one}/thaw`, post))).toMatchObject({
      code: 'certificate_state',
    });
    const audit = await bodyOf(await edge.call('/v1/audit?limit=100', { as: 'auditor-gao' }));
    const actions = (audit.items as { action: string; outcome: string }[])
      .filter(({ outcome }) => outcome === 'done')
      .map(({ action }) => action)
      .reverse();
    expect(actions).toEqual([
      'certificate.apply',
      'certificate.identify',
      'certificate.approve',
      'certificate.issue',
      'certificate.verify',
      'certificate.thaw',
      'certificate.deliver',
    ]);
  });

  it('A10: whom nobody scored may view, until two officers give up to the third tier', async () => {
    const id = await applied(edge, await personBody());
    await identified(edge, id);
    const path = `${base}/applications/${id}`;
    const seen = await bodyOf(await edge.call(path, officer));
    expect(seen.tierRange).toEqual({ tier: 6, bestTier: 3 });
    const propose = async (tier: number) => {
      const json = { tier, reason: 'known to the branch for ten years' };
      return bodyOf(await edge.call(`${path}/override`, { ...officer, json }));
    };
    expect(await propose(2)).toMatchObject({
      code: 'override_refused',
      errors: [{ pointer: '/body/tier', code: 'too_high' }],
    });
    const { override } = await propose(3);
    const { proposedAt } = override as { proposedAt: string };
    const json = { decision: 'confirm', proposedAt };
    const alone = await edge.call(`${path}/override/decision`, { ...officer, json });
    expect(alone.status).toBe(403);
    await edge.call(`${path}/override/decision`, { ...administrator, json });
    const { decision } = await bodyOf(await edge.call(`${path}/approve`, post));
    expect(decision).toMatchObject({
      settings: {
        tier: 3,
        permissions: ['view', 'make', 'check'],
        override: { fromTier: 6, maker: 'reviewer-he', checker: 'administrator-lin' },
      },
    });
    const history = await edge.deps.ledger.history(`application/${id}`);
    expect(history.map(({ event }) => event.type)).toEqual(['overridden']);
  });

  it('C1: an institution gets a pair under officers, and applies nowhere else', async () => {
    const { signing, encryption } = await bankOverHttp(edge, 'p256');
    const keys = [signing, encryption];
    const [first, second] = await Promise.all(
      keys.map(async ({ id }) => {
        const { certificateSerial } = await bodyOf(await edge.call(`/v1/keys/${id}`));
        return bodyOf(await edge.call(`${base}/${certificateSerial}`, administrator));
      }),
    );
    expect([first?.purpose, second?.purpose]).toEqual(['signature', 'encryption']);
    expect([first?.keyId, second?.keyId]).toEqual([signing.id, encryption.id]);
    const files = opensslFolder();
    files.write('e.pem', String(second?.certificate));
    const { text } = files.run('x509 -in e.pem -noout -ext keyUsage');
    expect(text).toContain('Key Encipherment, Data Encipherment, Key Agreement');
    files.remove();
    const json = {
      kind: 'institution',
      subject: { commonName: '北辰银行结算中心', organization: '北辰银行', country: 'CN' },
      requested: requestedSettings,
    };
    const applied = await edge.call(`${base}/applications`, { ...post, json });
    const renewed = await edge.call(`${base}/${first?.serial}/renew`, { ...post, json: {} });
    for (const answer of [applied, renewed]) {
      expect(answer.status).toBe(409);
      expect(await bodyOf(answer)).toMatchObject({ code: 'officers_required' });
    }
  });

  it('A6: without a proven identity there is no certificate', async () => {
    const id = await applied(edge, await personBody());
    const path = `${base}/applications/${id}`;
    expect(await bodyOf(await edge.call(`${path}/approve`, post))).toMatchObject({
      code: 'application_state',
    });
    const json = { passed: false, reference: 'RA-9' };
    const rejected = await edge.call(`${path}/identity`, { ...officer, json });
    expect(await bodyOf(rejected)).toMatchObject({ state: 'rejected', reason: 'identity_failed' });
    for (const step of ['approve', 'issue']) {
      expect(await bodyOf(await edge.call(`${path}/${step}`, post))).toMatchObject({
        code: 'application_state',
      });
    }
    const automatic = await applied(edge, await personBody());
    const asked = await edge.call(`${base}/applications/${automatic}/identity`, {
      ...officer,
      json: { method: 'federated' },
    });
    expect(await bodyOf(asked)).toMatchObject({ code: 'identity_check_absent' });
  });

  it('is maker and checker: applicant, officer and approver are different people', async () => {
    const response = await edge.call(`${base}/applications`, {
      ...administrator,
      json: await personBody(),
    });
    const { id } = await bodyOf(response);
    const path = `${base}/applications/${id}`;
    const json = { passed: true, reference: 'RA-1' };
    expect(
      await bodyOf(await edge.call(`${path}/identity`, { ...administrator, json })),
    ).toMatchObject({ code: 'same_person' });
    await identified(edge, String(id));
    expect(await bodyOf(await edge.call(`${path}/approve`, post))).toMatchObject({
      code: 'same_person',
    });
    const other = { method: 'POST', as: 'risk-officer-xu' };
    expect(await bodyOf(await edge.call(`${path}/approve`, other))).toMatchObject({
      state: 'issued',
    });
  });

  it('names what is wrong with a request', async () => {
    const body = await personBody();
    const p256 = await pem('p256');
    const bytes = await certificateRequest(await localSigner('sm2'));
    bytes[bytes.length - 4] = (bytes.at(-4) ?? 0) ^ 1;
    const longer = encodePem('CERTIFICATE REQUEST', new Uint8Array([...bytes, 0]));
    const forged = encodePem('CERTIFICATE REQUEST', bytes);
    const files = opensslFolder();
    files.run('req -new -newkey rsa:2048 -nodes -keyout k.pem -subj /CN=x -out r.pem');
    const rsa = new TextDecoder().decode(files.read('r.pem'));
    files.run(
      'req -new -newkey ec -pkeyopt ec_paramgen_curve:secp384r1 -nodes -keyout k.pem -subj /CN=x -out e.pem',
    );
    const p384 = new TextDecoder().decode(files.read('e.pem'));
    files.remove();
    const cases: readonly (readonly [object, string, string])[] = [
      [{ ...body, request: p256 }, '/body/request', 'algorithm_differs'],
      [{ ...body, request: forged }, '/body/request', 'possession_unproven'],
      [{ ...body, request: rsa }, '/body/request', 'key_algorithm_refused'],
      [{ ...body, request: p384 }, '/body/request', 'key_algorithm_refused'],
      [{ ...body, request: longer }, '/body/request', 'malformed'],
      [{ ...body, request: undefined }, '/body/request', 'required'],
      [{ ...body, kind: 'institution' }, '/body/request', 'not_allowed'],
      [{ ...body, kind: 'service' }, '/body/dnsNames', 'required'],
      [{ ...body, dnsNames: ['a.example'] }, '/body/dnsNames', 'not_allowed'],
      [
        { ...body, kind: 'terminal', subject: { commonName: 'T-1' } },
        '/body/subject/organization',
        'required',
      ],
      [{ ...body, subject: { commonName: 'a\nb' } }, '/body/subject/commonName', 'format'],
    ];
    for (const [json, pointer, code] of cases) {
      const response = await edge.call(`${base}/applications`, { ...applicant, json });
      expect(await bodyOf(response)).toMatchObject({
        code: 'invalid_request',
        errors: [{ pointer, code }],
      });
    }
  });

  it('takes requests of OpenSSL, and one key once', async () => {
    const files = opensslFolder();
    files.run(
      'req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout k.pem -subj /CN=x -out r.pem',
    );
    files.run('ecparam -name SM2 -genkey -noout -out s.pem');
    files.run('req -new -key s.pem -subj /CN=x -sm3 -sigopt distid:1234567812345678 -out s.req');
    const text = (name: string) => new TextDecoder().decode(files.read(name));
    const [p256, sm2] = [text('r.pem'), text('s.req')];
    files.remove();
    await issued(edge, { ...(await personBody('sm2')), request: sm2 });
    const json = { ...(await personBody('p256')), request: p256 };
    await issued(edge, json);
    const again = await edge.call(`${base}/applications`, { ...applicant, json });
    expect(await bodyOf(again)).toMatchObject({ code: 'key_in_use' });
  });

  it('A12: freezes, releases, revokes, renews, finds, and refuses what the table has not', async () => {
    const [serial] = await issued(edge, await personBody());
    const one = `${base}/${serial}`;
    const state = async (path: string, call: object = post) =>
      (await bodyOf(await edge.call(`${one}/${path}`, call))) as { state?: string; code?: string };
    expect((await state('freeze')).code).toBe('certificate_state');
    expect((await state('thaw')).state).toBe('active');
    expect((await state('freeze')).state).toBe('suspended');
    expect((await state('thaw')).state).toBe('active');
    const renewal = await edge.call(`${one}/renew`, {
      ...applicant,
      json: { request: await pem('sm2') },
    });
    expect(renewal.status).toBe(201);
    const successor = await bodyOf(renewal);
    expect(successor).toMatchObject({ state: 'identified', renews: serial });
    await edge.call(`${base}/applications/${successor.id}/approve`, post);
    // Another person's key does not get the holder's proven identity along.
    const byColleague = await edge.call(`${one}/renew`, {
      as: 'teller-zhou',
      json: { request: await pem('sm2') },
    });
    expect(await bodyOf(byColleague)).toMatchObject({ state: 'submitted', renews: serial });
    const revoke = { ...administrator, json: { reason: 'superseded' } };
    expect(await state('revoke', revoke)).toMatchObject({ state: 'revoked', reason: 'superseded' });
    for (const move of ['thaw', 'freeze']) {
      expect((await state(move)).code).toBe('certificate_state');
    }
    const expiring = await bodyOf(await edge.call(`${base}?expiringDays=366`, administrator));
    expect((expiring.items as unknown[]).length).toBeGreaterThan(1);
    const none = await bodyOf(await edge.call(`${base}?expiringDays=3`, administrator));
    expect(none.items).toEqual([]);
    const found = await bodyOf(await edge.call(`${base}?q=${serial}&state=revoked`, administrator));
    expect(found.items).toMatchObject([{ serial }]);
  });

  it("hides a customer's from others, and a bank's from another bank", async () => {
    const response = await edge.call(`${base}/applications`, {
      as: 'developer-song',
      json: await personBody(),
    });
    const { id } = await bodyOf(response);
    expect((await edge.call(`${base}/applications/${id}`, applicant)).status).toBe(404);
    expect((await edge.call(`${base}/applications/${id}`, { as: 'teller-wu' })).status).toBe(404);
    expect((await edge.call(`${base}/applications/${id}`, officer)).status).toBe(200);
    const seen = await bodyOf(await edge.call(`${base}/applications?limit=100`, applicant));
    expect((seen.items as { applicant: string }[]).map((item) => item.applicant)).not.toContain(
      'developer-song',
    );
    const pending = await bodyOf(
      await edge.call(`${base}/applications?stage=pending&limit=100`, officer),
    );
    expect((pending.items as { id: string }[]).map((item) => item.id)).toContain(id);
    await edge.call(`${base}/applications/${id}/withdraw`, { ...post, as: 'developer-song' });
    expect(await bodyOf(await edge.call(`${base}/applications/${id}`, officer))).toMatchObject({
      state: 'withdrawn',
    });
  });
});

describe('/pki', () => {
  it('A7: gives authorities, lists and answers to anybody, in the types of the standards', async () => {
    const edge = await startEdge();
    const [serial] = await issued(edge, await personBody('p256'));
    const files = opensslFolder();
    const anyone = { as: null };
    const load = async (path: string, name: string) => {
      const response = await edge.call(path, anyone);
      expect(response.status, path).toBe(200);
      files.write(name, new Uint8Array(await response.arrayBuffer()));
      return response.headers.get('content-type');
    };
    expect(await load('/pki/ca.crt?algorithm=p256', 'ca.der')).toBe('application/pkix-cert');
    expect(await load('/pki/ca.crt?algorithm=p256&role=root', 'root.der')).toBe(
      'application/pkix-cert',
    );
    expect(await load('/pki/ca.crt', 'all.pem')).toBe('application/x-pem-file');
    expect(new TextDecoder().decode(files.read('all.pem')).match(/BEGIN/g)).toHaveLength(4);
    expect(await load('/pki/crl?algorithm=p256', 'list.der')).toBe('application/pkix-crl');
    expect(await load('/pki/crl?algorithm=p256&delta=true', 'delta.der')).toBe(
      'application/pkix-crl',
    );
    // What cannot be meant is refused, not passed over.
    for (const query of ['role=root&delta=true', 'role=root&generation=1', 'generation=0']) {
      const answer = await edge.call(`/pki/crl?algorithm=p256&${query}`, anyone);
      expect([answer.status, query]).toEqual([400, query]);
    }
    for (const path of ['crl', 'ca.crt']) {
      const answer = await edge.call(`/pki/${path}?algorithm=p256&generation=2`, anyone);
      expect(await answer.json()).toMatchObject({ status: 404, code: 'authority_not_found' });
    }
    expect(files.run('crl -inform DER -in list.der -CAfile all.pem -noout').text).toContain(
      'verify OK',
    );
    files.run('x509 -inform DER -in ca.der -out ca.pem');
    files.run(`ocsp -issuer ca.pem -serial 0x${serial} -reqout q.der`);
    const question = files.read('q.der');
    const headers = { 'content-type': 'application/ocsp-request' };
    const posted = await edge.call('/pki/ocsp', {
      ...anyone,
      headers,
      body: new Uint8Array(question),
    });
    expect(posted.headers.get('content-type')).toBe('application/ocsp-response');
    const address = encodeURIComponent(btoa(String.fromCharCode(...question)));
    for (const response of [posted, await edge.call(`/pki/ocsp/${address}`, anyone)]) {
      files.write('a.der', new Uint8Array(await response.arrayBuffer()));
      const answer = files.run('ocsp -reqin q.der -respin a.der -noverify -resp_text').text;
      expect(answer).toContain('Cert Status: revoked');
      expect(answer).toContain('certificateHold');
      // It holds the nonce of whoever asked.
      expect(response.headers.get('cache-control')).toBe('no-store');
    }
    files.run(`ocsp -issuer ca.pem -serial 0x${serial} -no_nonce -reqout plain.der`);
    const plain = encodeURIComponent(btoa(String.fromCharCode(...files.read('plain.der'))));
    const shared = await edge.call(`/pki/ocsp/${plain}`, anyone);
    expect(shared.headers.get('cache-control')).toMatch(
      /^public, max-age=(?:5\d|60), no-transform, must-revalidate$/,
    );
    const dated = (name: string) => Date.parse(shared.headers.get(name) ?? '');
    expect(dated('expires') - dated('last-modified')).toBe(60_000);
    files.remove();
    const wrong = await edge.call('/pki/ocsp', { ...anyone, json: {} });
    expect(wrong.status).toBe(415);
    const long = await edge.call('/pki/ocsp', { ...anyone, headers, body: new Uint8Array(5000) });
    expect(long.status).toBe(413);
    const garbled = await edge.call('/pki/ocsp', { ...anyone, headers, body: new Uint8Array(9) });
    expect([...new Uint8Array(await garbled.arrayBuffer())]).toEqual([0x30, 3, 0x0a, 1, 1]);
  });
});
