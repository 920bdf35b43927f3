import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { requestedSettings } from '../helpers/certificates.ts';
import { type Edge, startEdge } from '../helpers/edge.ts';
import { opensslFolder } from '../helpers/openssl.ts';
import { served } from '../helpers/served.ts';
import { buildTool, cinnabar } from './tool.ts';

const folder = mkdtempSync(join(tmpdir(), 'cinnabar-cert-'));
const file = (name: string) => join(folder, name);
const password = 'correct-horse-battery';
let edge: Edge;
let server: Server;
let url: string;

beforeAll(async () => {
  await buildTool();
  edge = await startEdge();
  ({ server, url } = await served(edge));
  writeFileSync(file('password'), `${password}\n`);
});
afterAll(() => {
  server?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A command of the group in JSON, as one of the people of the demo. */
async function tool(identity: string, ...words: string[]) {
  const env = { CINNABAR_URL: url, CINNABAR_TOKEN: await edge.tokenOf(identity) };
  const { status, stdout } = await cinnabar([...words, '--json'], { env });
  return { status, json: JSON.parse(stdout) };
}
const run = (identity: string, ...words: string[]) => tool(identity, 'cert', ...words);
const applicant = (...words: string[]) => run('customer-chen', ...words);
const officer = (...words: string[]) => run('reviewer-he', ...words);
const administrator = (...words: string[]) => run('administrator-lin', ...words);

/** A key, a request over it, and the application of a person. Gives the application's id. */
async function applied(algorithm: 'sm2' | 'p256', name: string): Promise<string> {
  const secret = ['--password-file', file('password')];
  const out = ['--key', file(`${name}.key`), '--out', file(`${name}.csr`)];
  const made = await applicant('request', '--algorithm', algorithm, ...out, ...secret);
  expect(made.status).toBe(0);
  const subject = { commonName: '陈思远', country: 'CN' };
  const body = { kind: 'person', algorithm, subject, requested: requestedSettings };
  writeFileSync(file(`${name}.json`), JSON.stringify(body));
  const answer = await applicant('apply', file(`${name}.json`), '--request', file(`${name}.csr`));
  expect(answer).toMatchObject({ status: 0, json: { state: 'submitted' } });
  return answer.json.id;
}

async function issued(algorithm: 'sm2' | 'p256', name: string): Promise<string> {
  const id = await applied(algorithm, name);
  const identity = await officer('identify', id, '--reference', 'RA-1');
  expect(identity.json).toMatchObject({ state: 'identified' });
  const approved = await administrator('approve', id);
  expect(approved.json).toMatchObject({ state: 'issued' });
  return approved.json.certificates[0];
}

describe('cinnabar cert', () => {
  it('A2 A6 to A12: goes the whole way of a certificate from a shell', async () => {
    const serial = await issued('p256', 'whole');
    expect(statSync(file('whole.key')).mode & 0o777).toBe(0o600);
    expect((await applicant('show', serial)).json).toMatchObject({ state: 'frozen' });
    expect(await applicant('verify', serial)).toMatchObject({ status: 0, json: { ok: true } });
    const early = await applicant('bundle', serial, '--out', file('early'));
    expect(early).toMatchObject({ status: 2, json: { error: { code: 'certificate_state' } } });
    const thawed = await administrator('thaw', serial);
    expect(thawed.json).toMatchObject({ state: 'active', delivery: 'delivered' });
    expect((await administrator('thaw', serial)).json).toMatchObject({
      error: { code: 'certificate_state' },
    });
    const listed = await administrator('list', '--search', serial.slice(0, 12));
    expect(listed.json.items).toHaveLength(1);
    expect((await administrator('list', '--expiring', '30')).json.items).toHaveLength(0);
    expect((await administrator('list', '--expiring', '400')).json.items).toHaveLength(1);
    expect((await administrator('list', '--expiring', 'soon')).status).toBe(2);
    const processed = await officer('applications', '--processed');
    expect(processed.json.items).toMatchObject([{ state: 'issued' }]);
    expect((await administrator('freeze', serial)).json).toMatchObject({ state: 'suspended' });
    expect((await administrator('thaw', serial)).json).toMatchObject({ state: 'active' });
    const renewed = await applicant('renew', serial, '--request', await freshRequest('renewed'));
    expect(renewed.json).toMatchObject({ state: 'identified', renews: serial });
    expect((await administrator('revoke', serial, '--reason', 'whim')).status).toBe(2);
    const revoked = await administrator('revoke', serial, '--reason', 'superseded');
    expect(revoked.json).toMatchObject({ state: 'revoked' });
  }, 120_000);

  it('A10: two officers give a tier from a shell, and the maker does not sign twice', async () => {
    const id = await applied('sm2', 'lifted');
    await officer('identify', id, '--reference', 'RA-2');
    const why = ['--reason', 'known to the branch'];
    const proposed = await officer('override', id, '--tier', '3', ...why);
    expect(proposed.json).toMatchObject({ override: { fromTier: 6, tier: 3 } });
    expect((await officer('decide-override', id)).status).toBe(2);
    const signed = await administrator('decide-override', id);
    expect(signed.json).toMatchObject({ override: { checker: 'administrator-lin' } });
    expect((await administrator('approve', id)).json).toMatchObject({
      decision: { settings: { tier: 3 } },
    });
  }, 60_000);

  async function freshRequest(name: string): Promise<string> {
    const out = ['--key', file(`${name}.key`), '--out', file(`${name}.csr`)];
    const secret = ['--password-file', file('password')];
    await applicant('request', '--algorithm', 'p256', ...out, ...secret);
    return file(`${name}.csr`);
  }

  it('A12: an issuing authority is followed by the next, and revoked by two people', async () => {
    const serial = await issued('p256', 'ended');
    const authority = (who: string, ...words: string[]) => tool(who, 'authority', ...words);
    const revoke = (...words: string[]) => authority('operator-ma', 'revoke', ...words);
    expect((await authority('operator-ma', 'open', 'p256-2')).status).toBe(2);
    const opened = await authority('operator-ma', 'open', 'p256/2');
    expect(opened.json).toMatchObject({ generation: 2, state: 'issuing' });
    expect((await revoke('p256/1', '--reason', 'whim')).status).toBe(2);
    const why = ['--reason', 'cACompromise'];
    expect((await revoke('p256/2', ...why)).json).toMatchObject({
      error: { code: 'authority_in_use' },
    });
    expect((await revoke('p256/1', ...why)).json).toMatchObject({ state: 'retired' });
    const revoked = await authority('administrator-lin', 'revoke', 'p256/1', ...why);
    expect(revoked.json).toMatchObject({ state: 'revoked', revocationsLeft: 0 });
    expect((await applicant('show', serial)).json).toMatchObject({ state: 'revoked' });
    const { json } = await authority('auditor-gao', 'list');
    expect(json.items.map(({ state }: { state: string }) => state)).toEqual([
      'issuing',
      'revoked',
      'issuing',
    ]);
  }, 120_000);

  it('A8 A9: names the step when the ledger lies, and the thaw is refused', async () => {
    const serial = await issued('sm2', 'lied');
    const subject = (await applicant('show', serial)).json.ledgerSubject;
    await edge.call('/v1/demo/ledger/alter', { method: 'POST', as: null, json: { subject } });
    const verified = await applicant('verify', serial);
    expect(verified).toMatchObject({ status: 1, json: { ok: false, code: 'inclusion_failed' } });
    const thaw = await administrator('thaw', serial);
    expect(thaw).toMatchObject({ status: 2, json: { error: { code: 'thaw_refused' } } });
    await edge.call('/v1/demo/ledger/restore', { method: 'POST', as: null, json: {} });
    expect((await administrator('thaw', serial)).json).toMatchObject({ delivery: 'delivered' });
  }, 60_000);

  it('A11: a bundle is checked offline, and goes into a PKCS#12 file that OpenSSL opens', async () => {
    const serial = await issued('p256', 'bundle');
    await administrator('thaw', serial);
    expect((await applicant('bundle', serial, '--out', file('b.json'))).status).toBe(0);
    // The chain's last certificate is the root; a user has it from elsewhere.
    const { chain } = JSON.parse(readFileSync(file('b.json'), 'utf8'));
    writeFileSync(file('roots.pem'), chain.at(-1));
    const trust = await edge.app.request('/ledger/trust');
    writeFileSync(file('trust.json'), await trust.text());
    const places = ['--roots', file('roots.pem'), '--trust', file('trust.json')];
    expect(await applicant('check', file('b.json'), ...places)).toMatchObject({ status: 0 });
    const changed = readFileSync(file('b.json'), 'utf8').replace('\\"tier\\":6', '\\"tier\\":1');
    writeFileSync(file('changed.json'), changed);
    expect(await applicant('check', file('changed.json'), ...places)).toMatchObject({
      status: 1,
      json: { code: 'settings_signature_invalid' },
    });
    const secret = ['--password-file', file('password')];
    const into = ['--out', file('all.p12'), ...secret];
    const pkcs12 = ['pkcs12', file('b.json'), '--key', file('bundle.key'), ...into];
    expect((await applicant(...pkcs12)).status).toBe(0);
    const openssl = opensslFolder();
    const opened = openssl.run(`pkcs12 -in ${file('all.p12')} -passin pass:${password} -nodes`);
    expect(opened.ok).toBe(true);
    openssl.remove();
    await freshRequest('other');
    const foreign = ['pkcs12', file('b.json'), '--key', file('other.key'), ...into];
    expect((await applicant(...foreign)).json).toMatchObject({
      error: { code: 'key_file_differs' },
    });
  }, 60_000);

  it('A6: what was not identified is not issued, and a rejection says why', async () => {
    const id = await applied('sm2', 'rejected');
    expect((await administrator('approve', id)).json).toMatchObject({
      error: { code: 'application_state' },
    });
    expect((await officer('identify', id)).status).toBe(2);
    await officer('identify', id, '--reference', 'RA-2');
    expect((await administrator('reject', id)).status).toBe(2);
    expect((await administrator('reject', id, '--reason', 'not theirs')).json).toMatchObject({
      state: 'rejected',
      reason: 'not theirs',
    });
    const failed = await applied('sm2', 'failed');
    const found = await officer('identify', failed, '--failed', '--reference', 'RA-3');
    expect(found.json).toMatchObject({ state: 'rejected' });
    const own = await applied('sm2', 'withdrawn');
    expect((await administrator('withdraw', own)).json).toMatchObject({
      error: { code: 'forbidden' },
    });
    expect((await applicant('withdraw', own)).json).toMatchObject({ state: 'withdrawn' });
    expect((await applicant('applications')).json.items).toBeInstanceOf(Array);
    const overwritten = ['--key', file('failed.key'), '--out', file('x'), '--password-file'];
    expect((await applicant('request', ...overwritten, file('password'))).status).toBe(2);
    expect((await applicant('show', '00ff')).status).toBe(2);
  }, 60_000);
});
