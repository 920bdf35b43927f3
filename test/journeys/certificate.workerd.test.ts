import { abortAllDurableObjects, createScheduledController } from 'cloudflare:test';
import { env, exports } from 'cloudflare:workers';
import { bytesToHex } from '@noble/hashes/utils.js';
import { describe, expect, test } from 'vitest';
import { type DeliveryBundle, verifyBundle } from '../../src/core/pki/bundle.ts';
import { policyOf } from '../../src/domain/ledger/lookup.ts';
import type { LedgerTrust } from '../../src/domain/ledger/ports.ts';
import type { Certificate, CertificateVerification } from '../../src/edge/schemas/certificates.ts';
import { encodePem } from '../../src/lib/pem.ts';
import worker from '../../src/workers/edge.ts';
import { localSigner } from '../helpers/certificate-keys.ts';
import { certificateRequest, requestedSettings } from '../helpers/certificates.ts';

const base = '/v1/certificates';
const tokens = new Map<string, string>();

function ask(path: string, init: RequestInit = {}) {
  return exports.default.fetch(new Request(`http://localhost${path}`, init));
}

async function tokenOf(who: string): Promise<string> {
  const known = tokens.get(who);
  if (known) return known;
  const headers = { 'content-type': 'application/json' };
  const body = JSON.stringify({ identity: who });
  const response = await ask('/v1/demo/token', { method: 'POST', headers, body });
  const { token } = await response.json<{ token: string }>();
  tokens.set(who, token);
  return token;
}

async function call(who: string, method: 'GET' | 'POST', path: string, json?: object) {
  const headers = new Headers({ authorization: `Bearer ${await tokenOf(who)}` });
  if (json === undefined) return ask(path, { method, headers });
  headers.set('content-type', 'application/json');
  return ask(path, { method, headers, body: JSON.stringify(json) });
}

async function read<T>(who: string, method: 'GET' | 'POST', path: string, json?: object) {
  const response = await call(who, method, path, json);
  if (!response.ok) throw new Error(`${path}: ${await response.text()}`);
  return response.json<T>();
}

async function issued(body: object): Promise<readonly string[]> {
  const { id } = await read<{ id: string }>('customer-chen', 'POST', `${base}/applications`, body);
  const path = `${base}/applications/${id}`;
  const finding = { passed: true, reference: 'RA-1' };
  await read('reviewer-he', 'POST', `${path}/identity`, finding);
  const { certificates } = await read<{ certificates: string[] }>(
    'administrator-lin',
    'POST',
    `${path}/approve`,
  );
  return certificates;
}

/** A revocation list in hex, in which serials are easily found. */
const listOf = async (query: string) =>
  bytesToHex(await (await ask(`/pki/crl?algorithm=sm2${query}`)).bytes());

const person = async (algorithm: 'sm2' | 'p256') => ({
  kind: 'person',
  algorithm,
  subject: { commonName: '陈思远', organization: '北辰银行', country: 'CN' },
  request: encodePem('CERTIFICATE REQUEST', await certificateRequest(await localSigner(algorithm))),
  requested: requestedSettings,
});

describe('A6 A7 A8 A9 A10 A11 A12: a certificate on the real Workers', () => {
  let serial = '';

  test('is issued frozen, with keys in the chips and its hash in the ledger', async () => {
    [serial = ''] = await issued(await person('sm2'));
    const frozen = await read<Certificate>('customer-chen', 'GET', `${base}/${serial}`);
    expect(frozen).toMatchObject({ state: 'frozen', delivery: 'none' });
    const verified = await read<CertificateVerification>(
      'customer-chen',
      'POST',
      `${base}/${serial}/verify`,
    );
    expect(verified.steps.filter(({ ok }) => !ok)).toEqual([]);
  });

  test('is thawed once by a storm of 64, also across a restart', async () => {
    await abortAllDurableObjects();
    const storm = Array.from({ length: 64 }, () =>
      call('administrator-lin', 'POST', `${base}/${serial}/thaw`),
    );
    const answers = await Promise.all(storm);
    const statuses = answers.map(({ status }) => status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(1);
    expect(new Set(statuses)).toEqual(new Set([200, 409]));
    const done = await read<Certificate>('customer-chen', 'GET', `${base}/${serial}`);
    expect(done).toMatchObject({ state: 'active', delivery: 'delivered' });
  });

  test('is delivered as a bundle that verifies offline, and does not once it was changed', async () => {
    await abortAllDurableObjects();
    const bundle = await read<DeliveryBundle>('customer-chen', 'GET', `${base}/${serial}/bundle`);
    const root = await ask('/pki/ca.crt?algorithm=sm2&role=root');
    const trust = {
      roots: [new Uint8Array(await root.arrayBuffer())],
      ledger: policyOf(await (await ask('/ledger/trust')).json<LedgerTrust>()),
    };
    const nowMs = Date.now();
    const verdict = await verifyBundle(bundle, trust, nowMs);
    expect(verdict).toMatchObject({ ok: true, settings: { tier: 6 } });
    const { settings } = bundle;
    const payload = settings.payload.replace('"tier":6', '"tier":1');
    const raised = { ...bundle, settings: { ...settings, payload } };
    expect((await verifyBundle(raised, trust, nowMs)).code).toBe('settings_signature_invalid');
  });

  test('is put on hold, released and revoked; list and ledger say the same', async () => {
    for (const [move, state] of [
      ['freeze', 'suspended'],
      ['thaw', 'active'],
    ] as const) {
      const moved = await read<Certificate>(
        'administrator-lin',
        'POST',
        `${base}/${serial}/${move}`,
      );
      expect(moved.state).toBe(state);
    }
    const reason = { reason: 'keyCompromise' };
    await read('administrator-lin', 'POST', `${base}/${serial}/revoke`, reason);
    expect(await listOf('')).toContain(serial);
    const ofRoot = await ask('/pki/crl?algorithm=sm2&role=root');
    expect([ofRoot.status, ofRoot.headers.get('cache-control')]).toEqual([200, 'no-store']);
    const lists = await Promise.all([ofRoot, ask('/pki/crl?algorithm=sm2&role=root')]);
    const [first, again] = await Promise.all(lists.map((answer) => answer.bytes()));
    expect(again).toEqual(first);
  });

  test('A12: the next issuing authority takes over, and the one before is revoked with all under it', async () => {
    const frozen = await issued(await person('sm2'));
    const authorities = '/v1/authorities';
    const name = { algorithm: 'sm2', generation: 2 };
    type View = { state: string; revocationsLeft: number; certificates: number };
    const opened = await read<View>('operator-ma', 'POST', authorities, name);
    expect(opened).toMatchObject({ ...name, state: 'issuing' });
    const fresh = await issued(await person('sm2'));
    const path = `${authorities}/sm2/1/revocation`;
    const reason = { reason: 'cACompromise' };
    await read('operator-ma', 'POST', path, reason);
    expect((await call('operator-ma', 'POST', path, reason)).status).toBe(403);
    const revoked = await read<View>('administrator-lin', 'POST', path, reason);
    expect(revoked).toMatchObject({ state: 'revoked', certificates: 0, revocationsLeft: 0 });
    const stateOf = async (serial = '') =>
      (await read<Certificate>('administrator-lin', 'GET', `${base}/${serial}`)).state;
    expect(await stateOf(frozen[0])).toBe('revoked');
    expect(await stateOf(fresh[0])).toBe('frozen');
    expect(await listOf('')).toContain(frozen[0]);
    const second = await listOf('&generation=2');
    expect(second).toContain(fresh[0]);
    expect(second).not.toContain(frozen[0]);
    const { items } = await read<{ items: { serial: string; algorithm: string }[] }>(
      'auditor-gao',
      'GET',
      authorities,
    );
    expect(await listOf('&role=root')).toContain(items[0]?.serial);
    const thawed = await read<Certificate>('administrator-lin', 'POST', `${base}/${fresh[0]}/thaw`);
    expect(thawed).toMatchObject({ state: 'active', delivery: 'delivered' });
  });

  test('A8 E2: the hourly sweep ends well, with every part that it is made of', async () => {
    const bindings = env as unknown as Parameters<typeof worker.scheduled>[1];
    await expect(worker.scheduled(createScheduledController(), bindings)).resolves.toBeUndefined();
    const { chips } = await read<{ chips: { chip: string; operations: number }[] }>(
      'operator-ma',
      'GET',
      '/v1/chips',
    );
    for (const { chip, operations } of chips) {
      const { entries } = await (await ask(`/ledger/subjects/chip/${chip}`)).json<{
        entries: unknown[];
      }>();
      expect([chip, entries.length > 0]).toEqual([chip, operations > 0]);
    }
  });
});
