import { describe, expect, it } from 'vitest';
import { ApiError, type ClientOptions, createClient, isWaiting } from '../../src/client/index.ts';
import { startEdge } from '../helpers/edge.ts';
import { ringWithCross, ringWithSquare } from '../helpers/imprints.ts';

const account = { number: '6222-0001', name: '杭州明远贸易有限公司', contact: '0571-5550' };

/** The client against the whole app, without a socket. */
async function start(options: Partial<ClientOptions> = {}) {
  const edge = await startEdge();
  const client = createClient({
    baseUrl: 'http://localhost',
    token: () => edge.tokenOf('teller-zhou'),
    fetch: async (url, init) => edge.app.request(String(url), init),
    ...options,
  });
  return { edge, client };
}

function problem(status: number, code: string, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify({ type: 'x', title: 'x', status, code, requestId: 'r-1' }), {
    status,
    headers: { 'content-type': 'application/problem+json', ...headers },
  });
}

/** A service that gives these answers in turn, and the waits that the client took between them. */
function answering(...answers: (() => Response)[]) {
  const requests: Request[] = [];
  const waits: number[] = [];
  const tokens: boolean[] = [];
  const client = createClient({
    baseUrl: 'http://localhost',
    fetch: async (url, init) => {
      requests.push(new Request(String(url), init));
      const answer = answers[requests.length - 1];
      if (!answer) throw new TypeError('fetch failed');
      return answer();
    },
    wait: async (milliseconds) => {
      waits.push(milliseconds);
    },
    token: async (refused) => {
      tokens.push(refused);
      return refused ? 'fresh' : 'stale';
    },
  });
  return { client, requests, waits, tokens };
}

async function refusal(promise: Promise<unknown>): Promise<ApiError> {
  const error = await promise.then(
    () => undefined,
    (cause: unknown) => cause,
  );
  if (!(error instanceof ApiError)) throw new Error('expected an ApiError');
  return error;
}

const accounts = () => Response.json({ items: [], nextCursor: null });

describe('the client on the service itself (B2, B3, B5, B6)', () => {
  it('opens an account, adds a card, enrols, verifies and fetches the pictures', async () => {
    const { client } = await start();
    const opened = await client.accounts.create(account);
    const card = await client.cards.create({
      accountId: opened.id,
      number: 'YJK-1',
      startDate: '2026-01-01',
      endDate: '2030-12-31',
      image: { bytes: new Blob([ringWithSquare.slice()], { type: 'image/png' }), name: 'card.png' },
    });
    expect((await client.cards.image(card.id)).size).toBe(ringWithSquare.length);
    const imprint = { bytes: new Blob([ringWithCross.slice()]), name: 'a.png', dpi: 300 };
    const seal = await client.seals.enrol({
      cardId: card.id,
      serial: 'S-1',
      shape: 'square',
      remark: '财务专用章',
      imprint,
    });
    if (isWaiting(seal)) throw new Error('no second person is wanted');
    expect(seal.templates).toHaveLength(1);

    const made = await client.verifications.create({
      sealId: seal.id,
      currency: 'CNY',
      amountMinor: 12_860_000,
      imprint,
    });
    expect(made).toMatchObject({ verdict: 'pass', nextStep: 'none', amountMinor: 12_860_000 });
    expect(await client.verifications.get(made.id)).toEqual(made);
    const pair = await client.verifications.pictures(made.id);
    expect(pair.transform).toHaveLength(6);
    const picture = await client.verifications.picture(made.id, 'reserved');
    expect(picture.type).toBe('image/png');

    const detail = await client.accounts.get(opened.id);
    expect(detail.seals.map(({ id }) => id)).toEqual([seal.id]);
    const listed = await client.verifications.list({ sealId: seal.id, limit: 5 });
    expect(listed.items.map(({ id }) => id)).toEqual([made.id]);
  });

  it('rebuilds a seal that nobody else changed, and keeps what it replaced (B4)', async () => {
    const { client } = await start();
    const opened = await client.accounts.create(account);
    const card = await client.cards.create({
      accountId: opened.id,
      number: 'YJK-1',
      startDate: '2026-01-01',
      endDate: '2030-12-31',
    });
    const imprint = { bytes: new Blob([ringWithCross.slice()]), name: 'a.png', dpi: 300 };
    const other = { bytes: new Blob([ringWithSquare.slice()]), name: 'b.png', dpi: 300 };
    const seal = await client.seals.enrol({
      cardId: card.id,
      serial: 'S-1',
      shape: 'round',
      imprint,
    });
    if (isWaiting(seal)) throw new Error('no second person is wanted');
    const rebuilt = await client.seals.rebuild(seal.id, { revision: 1, imprint: other });
    if (isWaiting(rebuilt)) throw new Error('no second person is wanted');
    expect(rebuilt.revision).toBe(2);
    const late = client.seals.rebuild(seal.id, { revision: 1, imprint });
    expect((await refusal(late)).code).toBe('seal_changed');
    const { items } = await client.seals.revisions(seal.id);
    expect(items.map(({ revision }) => revision)).toEqual([2, 1]);
  });

  it('turns a problem into an ApiError with its code, fields and the number to quote', async () => {
    const { client } = await start();
    await client.accounts.create(account);
    const taken = await refusal(client.accounts.create(account));
    expect(taken).toMatchObject({ code: 'account_number_taken', status: 409 });
    expect(taken.requestId).toMatch(/^[0-9a-f-]{36}$/);
    const invalid = await refusal(client.accounts.create({ ...account, number: '' }));
    expect(invalid.code).toBe('invalid_request');
    expect(invalid.fields.map(({ pointer }) => pointer)).toContain('/body/number');
  });

  it('repeats a write under one key with one effect', async () => {
    const { client } = await start();
    const write = { idempotencyKey: 'one-intention-0001' };
    const first = await client.accounts.create(account, write);
    expect(await client.accounts.create(account, write)).toEqual(first);
    expect((await client.accounts.list()).items).toHaveLength(1);
  });
});

describe('the client on a service in trouble', () => {
  it('asks a busy service again, under the same key, as long as it says', async () => {
    const busy = () => problem(503, 'chips_unavailable', { 'retry-after': '2' });
    const { client, requests, waits } = answering(busy, busy, () => Response.json(account));
    await client.accounts.create(account);
    expect(waits).toEqual([2000, 2000]);
    const keys = new Set(requests.map((request) => request.headers.get('idempotency-key')));
    expect(keys.size).toBe(1);
  });

  it('gives up after three answers, or at once when the wait would be long', async () => {
    const busy = () => problem(503, 'chips_unavailable', { 'retry-after': '1' });
    const thrice = answering(busy, busy, busy, accounts);
    expect((await refusal(thrice.client.accounts.list())).code).toBe('chips_unavailable');
    expect(thrice.requests).toHaveLength(3);
    const long = answering(() => problem(503, 'storage_unavailable', { 'retry-after': '60' }));
    expect((await refusal(long.client.accounts.list())).code).toBe('storage_unavailable');
    expect(long.waits).toEqual([]);
  });

  it('waits for its own first attempt when that is still running', async () => {
    const running = () => problem(409, 'idempotency_in_progress', { 'retry-after': '1' });
    const { client, waits } = answering(running, () => Response.json(account));
    await client.accounts.create(account);
    expect(waits).toEqual([1000]);
  });

  it('renews a refused token once, and not again', async () => {
    const refused = () => problem(401, 'unauthenticated');
    const once = answering(refused, accounts);
    await once.client.accounts.list();
    expect(once.tokens).toEqual([false, true]);
    expect(once.requests[1]?.headers.get('authorization')).toBe('Bearer fresh');
    const twice = answering(refused, refused, accounts);
    expect((await refusal(twice.client.accounts.list())).code).toBe('unauthenticated');
    expect(twice.requests).toHaveLength(2);
  });

  it('names a broken line and an answer that is none of ours', async () => {
    expect((await refusal(answering().client.accounts.list())).code).toBe('network');
    const html = () => new Response('<html>', { status: 502 });
    expect(await refusal(answering(html).client.accounts.list())).toMatchObject({
      code: 'unexpected_answer',
      status: 502,
    });
    const noJson = () => new Response('<html>', { status: 200 });
    expect((await refusal(answering(noJson).client.accounts.list())).code).toBe(
      'unexpected_answer',
    );
  });

  it('does not repeat what was refused for good', async () => {
    const { client, requests } = answering(() => problem(403, 'forbidden'));
    expect((await refusal(client.accounts.list())).code).toBe('forbidden');
    expect(requests).toHaveLength(1);
  });

  it('shows a service that is partly down, instead of throwing', async () => {
    const { client } = answering(() =>
      Response.json({ status: 'unavailable', checks: { chips: 'failed' } }, { status: 503 }),
    );
    expect(await client.service.readiness()).toMatchObject({ checks: { chips: 'failed' } });
  });
});
