import { abortAllDurableObjects } from 'cloudflare:test';
import { env, exports } from 'cloudflare:workers';
import { beforeAll, describe, expect, test } from 'vitest';
import forgedText from '../../src/console/public/samples/r01-f-text0.jpg?inline';
import genuine from '../../src/console/public/samples/r01-g0.jpg?inline';
import genuineAgain from '../../src/console/public/samples/r01-g1.jpg?inline';
import reserved from '../../src/console/public/samples/r01-reserved.jpg?inline';
import otherSeal from '../../src/console/public/samples/s06-g0.jpg?inline';
import { verifyChain } from '../../src/domain/audit/chain.ts';
import type { AuditRecord } from '../../src/domain/audit/types.ts';
import type { AuditPage } from '../../src/edge/schemas/audit.ts';
import type { Account, Card, Seal, Vendor } from '../../src/edge/schemas/seals.ts';
import type { PicturePair, Verification } from '../../src/edge/schemas/verifications.ts';

const origin = 'http://localhost';

/** Asks the Worker as the first sample person with this id, or as nobody. */
async function call(who: string | undefined, path: string, init: RequestInit = {}) {
  const headers = new Headers(init.headers);
  if (who) headers.set('authorization', `Bearer ${await tokenOf(who)}`);
  return exports.default.fetch(new Request(`${origin}${path}`, { ...init, headers }));
}

const tokens = new Map<string, string>();

async function tokenOf(who: string): Promise<string> {
  const known = tokens.get(who);
  if (known) return known;
  const response = await call(undefined, '/v1/demo/token', json({ identity: who }));
  const { token } = await response.json<{ token: string }>();
  tokens.set(who, token);
  return token;
}

function json(body: unknown): RequestInit {
  return {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  };
}

/** A form with the picture behind a `data:` address, as an upload of a JPEG. */
function form(fields: Record<string, string>, imprint?: string): RequestInit {
  const body = new FormData();
  for (const [name, value] of Object.entries(fields)) body.set(name, value);
  if (imprint) {
    const binary = atob(imprint.slice(imprint.indexOf(',') + 1));
    const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0));
    body.set('imprint', new File([bytes], 'imprint.jpg', { type: 'image/jpeg' }));
  }
  return { method: 'POST', body };
}

async function created<T>(path: string, init: RequestInit): Promise<T> {
  const response = await call('teller-zhou', path, init);
  if (response.status !== 201) throw new Error(`${path}: ${await response.text()}`);
  return response.json<T>();
}

async function read<T>(path: string, who = 'teller-zhou'): Promise<T> {
  const response = await call(who, path);
  expect([path, response.status]).toEqual([path, 200]);
  return response.json<T>();
}

async function pngSize(path: string): Promise<{ widthPx: number; heightPx: number }> {
  const response = await call('teller-zhou', path);
  expect(response.headers.get('content-type')).toBe('image/png');
  const bytes = await response.arrayBuffer();
  const view = new DataView(bytes);
  expect(view.getUint32(0)).toBe(0x89504e47);
  return { widthPx: view.getUint32(16), heightPx: view.getUint32(20) };
}

function verify(sealId: string, imprint: string, dpi: number): Promise<Verification> {
  const fields = { sealId, currency: 'CNY', amountMinor: '1250000', dpi: String(dpi) };
  return created('/v1/seal-verifications', form(fields, imprint));
}

describe('a seal from enrolment to verdict, through the Worker', () => {
  let account: Account;
  let card: Card;
  let seal: Seal;
  let passed: Verification;
  let failed: Verification;

  beforeAll(async () => {
    account = await created(
      '/v1/seals/accounts',
      json({ number: '6222-0001', name: '杭州市启明商务咨询有限责任公司', contact: '0571' }),
    );
    card = await created(
      '/v1/seals/cards',
      form({
        accountId: account.id,
        number: 'YJK-1',
        startDate: '2020-01-01',
        endDate: '2099-12-31',
      }),
    );
    seal = await created(
      '/v1/seals',
      form({ cardId: card.id, serial: 'S-1', shape: 'round', dpi: '300' }, reserved),
    );
    passed = await verify(seal.id, genuine, 200);
    failed = await verify(seal.id, forgedText, 200);
  });

  test('B1, B2: every installed vendor has one encrypted template under its own code', async () => {
    const { vendors } = await read<{ vendors: Vendor[] }>('/v1/seal-vendors');
    const codes = vendors.map(({ code }) => code);
    expect(codes.length).toBeGreaterThan(0);
    expect(seal.templates.map(({ vendor }) => vendor)).toEqual(codes);
    const { results } = await env.DB.prepare(
      'SELECT vendor_code, object_key FROM templates WHERE owner_id = ? ORDER BY position',
    )
      .bind(seal.id)
      .all<{ vendor_code: string; object_key: string }>();
    expect(results.map((row) => row.vendor_code)).toEqual(codes);
    for (const row of results) {
      const object = await env.OBJECTS.get(row.object_key);
      expect(object?.size).toBe(seal.templates[0]?.bytes);
    }
  });

  test('B3: account, card and seal are found where they were filed', async () => {
    const detail = await read(`/v1/seals/accounts/${account.id}`);
    expect(detail).toMatchObject({ ...account, cards: [card], seals: [seal] });
  });

  test('B6: a genuine imprint passes', () => {
    expect(passed).toMatchObject({ verdict: 'pass', match: true, nextStep: 'none' });
    expect(passed.vendors.every(({ match }) => match)).toBe(true);
  });

  test('B6: a forged imprint and the imprint of another seal do not pass', async () => {
    expect(failed).toMatchObject({ match: false, nextStep: 'review' });
    expect(failed.verdict).not.toBe('pass');
    const other = await verify(seal.id, otherSeal, 300);
    expect(other.match).toBe(false);
  });

  test('B7: both imprints of a verification can be seen, restored from their templates', async () => {
    const pair = await read<PicturePair>(`/v1/seal-verifications/${failed.id}/pictures`);
    for (const { href, widthPx, heightPx } of [pair.reserved, pair.query]) {
      expect(await pngSize(href)).toEqual({ widthPx, heightPx });
    }
  });

  test('B4: a rebuilt seal is verified against its new imprint, and its history stays', async () => {
    const other = await created<Seal>(
      '/v1/seals',
      form({ cardId: card.id, serial: 'S-2', shape: 'round', dpi: '300' }, reserved),
    );
    const rebuilt = await call(
      'teller-zhou',
      `/v1/seals/${other.id}/rebuild`,
      form({ revision: '1', shape: 'square', dpi: '300' }, otherSeal),
    );
    expect(rebuilt.ok).toBe(true);
    expect(await verify(other.id, genuineAgain, 300)).toMatchObject({ match: false });
    expect(await verify(other.id, otherSeal, 300)).toMatchObject({ match: true, sealRevision: 2 });
    const { items } = await read<{ items: Seal[] }>(`/v1/seals/${other.id}/revisions`);
    expect(items.map(({ revision, shape }) => [revision, shape])).toEqual([
      [2, 'square'],
      [1, 'round'],
    ]);
  });

  test('B4: a card outside its dates verifies nothing', async () => {
    const expired = await created<Card>(
      '/v1/seals/cards',
      form({
        accountId: account.id,
        number: 'YJK-2',
        startDate: '2020-01-01',
        endDate: '2020-12-31',
      }),
    );
    const old = await created<Seal>(
      '/v1/seals',
      form({ cardId: expired.id, serial: 'S-3', shape: 'round', dpi: '300' }, reserved),
    );
    const response = await call(
      'teller-zhou',
      '/v1/seal-verifications',
      form({ sealId: old.id, currency: 'CNY', amountMinor: '1' }, genuine),
    );
    expect(await response.json()).toMatchObject({ code: 'seal_card_inactive' });
    const { items } = await read<{ items: unknown[] }>(`/v1/seal-verifications?sealId=${old.id}`);
    expect(items).toEqual([]);
  });

  test('another institution sees none of it', async () => {
    for (const path of [
      `/v1/seals/accounts/${account.id}`,
      `/v1/seals/${seal.id}`,
      `/v1/seals/${seal.id}/picture`,
      `/v1/seal-verifications/${passed.id}`,
    ]) {
      expect([path, (await call('teller-wu', path)).status]).toEqual([path, 404]);
    }
    expect(await read('/v1/seals', 'teller-wu')).toEqual({ items: [], nextCursor: null });
  });

  test('a repeated enrolment under one idempotency key makes one seal', async () => {
    const enrol = () => {
      const init = form({ cardId: card.id, serial: 'S-9', shape: 'round' }, reserved);
      return call('teller-zhou', '/v1/seals', { ...init, headers: { 'idempotency-key': 'once' } });
    };
    const answers = await Promise.all([enrol(), enrol(), enrol()]);
    const statuses = answers.map(({ status }) => status);
    expect(statuses.filter((status) => status === 201).length).toBeGreaterThan(0);
    const again = await (await enrol()).json<Seal>();
    const { items } = await read<{ items: Seal[] }>('/v1/seals');
    expect(items.filter(({ serial }) => serial === 'S-9')).toEqual([again]);
  });

  test('the audit log of all this is a chain that anyone can verify', async () => {
    await abortAllDurableObjects();
    const { items } = await read<AuditPage>('/v1/audit?limit=100', 'auditor-gao');
    const records = items.reverse().map(
      ({ at, hash, previousHash, ...record }): AuditRecord => ({
        ...record,
        atMs: Date.parse(at),
        hashHex: hash,
        previousHashHex: previousHash,
      }),
    );
    expect(verifyChain(records)).toMatchObject({ ok: true });
    const verified = records.filter(
      ({ action, outcome }) => action === 'seal.verify' && outcome === 'done',
    );
    expect(verified.length).toBeGreaterThan(1);
  });

  test('templates open after every Durable Object was restarted', async () => {
    await abortAllDurableObjects();
    expect(await verify(seal.id, genuine, 200)).toMatchObject({ match: true });
  });
});
