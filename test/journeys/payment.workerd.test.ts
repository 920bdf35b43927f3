import { abortAllDurableObjects } from 'cloudflare:test';
import { exports } from 'cloudflare:workers';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  openTerminalSession,
  registerSessionKeys,
  type StoredTerminal,
  type TerminalOptions,
  terminalFetch,
} from '../../src/client/certificates.ts';
import { createClient } from '../../src/client/index.ts';
import type { Payment } from '../../src/edge/schemas/payments.ts';
import { base64urlText } from '../../src/lib/base64url.ts';
import { freshId } from '../contract/fresh.ts';
import { type Ask, answerOf, payerOver } from '../helpers/payer.ts';
import { terms } from '../helpers/payments.ts';

const tokens = new Map<string, string>();
const customer = 'customer-chen';
const officer = 'risk-officer-xu';
const current = '/v1/risk/policies/current';

/** What Cloudflare's network would say of the requests. */
let cf: Record<string, string> | undefined;

function fetchJson(path: string, method: string, json?: object, token?: string) {
  const headers = new Headers();
  if (token) headers.set('authorization', `Bearer ${token}`);
  if (json) headers.set('content-type', 'application/json');
  const from = cf ? { cf } : {};
  const init = { method, headers, ...from, ...(json ? { body: JSON.stringify(json) } : {}) };
  return exports.default.fetch(new Request(`http://localhost${path}`, init));
}

const ask: Ask = async (who, method, path, json) => {
  if (!tokens.has(who)) {
    const issued = fetchJson('/v1/demo/token', 'POST', { identity: who });
    tokens.set(who, (await answerOf<{ token: string }>(issued)).token);
  }
  return fetchJson(path, method, json, tokens.get(who));
};

const codeOf = async (asked: Promise<Response>) =>
  (await (await asked).json<{ code: string }>()).code;

describe('E7 E8: paying with the cloud key on the real Workers', () => {
  let payer: Awaited<ReturnType<typeof payerOver>>;
  const paid: Payment[] = [];

  beforeAll(async () => {
    payer = await payerOver(ask, customer, freshId);
  });

  const place = (change: object = {}) => {
    const json = { ...terms, terminalId: payer.keyId, ...change };
    return answerOf<Payment>(ask(customer, 'POST', '/v1/payments', json));
  };

  test('E7: a first order from a new device waits for an officer, and is then paid', async () => {
    const order = await place();
    expect(order).toMatchObject({ state: 'challenged', assessment: { verdict: 'challenge' } });
    const path = `/v1/payments/${order.id}`;
    const early = ask(customer, 'POST', `${path}/confirm`, payer.start(order).body);
    expect(await codeOf(early)).toBe('order_state');
    const queue = ask(officer, 'GET', '/v1/risk/orders?state=challenged');
    expect((await answerOf<{ items: Payment[] }>(queue)).items.map(({ id }) => id)).toContain(
      order.id,
    );
    const decided = ask(officer, 'POST', `/v1/risk/orders/${order.id}/decision`, {
      decision: 'allow',
    });
    const cleared = await answerOf<Payment>(decided);
    expect(cleared).toMatchObject({ state: 'assessed', cleared: { by: officer } });
    const done = await payer.pay(cleared);
    expect(done.state).toBe('executed');
    expect(done.receipt?.text).toBe(order.text);
    paid.push(done);
    const entry = await fetchJson(`/ledger/subjects/payment/${order.id}`, 'GET');
    expect(await entry.text()).toContain(done.receipt?.recordSha256);
  });

  test('E7: a policy is tried on past orders, approved by a second person, and then holds', async () => {
    type InForce = { version: number; policy: { rules: Record<string, object> } };
    const { version, policy } = await answerOf<InForce>(ask(officer, 'GET', current));
    const off = { points: 0, threshold: 0 };
    const candidate = { ...policy, rules: { ...policy.rules, device_new: off, device_weak: off } };
    const simulated = ask(officer, 'POST', '/v1/risk/policies/simulation', { policy: candidate });
    const { changed } = await answerOf<{ changed: object[] }>(simulated);
    expect(changed).toContainEqual(
      expect.objectContaining({ id: paid[0]?.id, before: 'challenge', after: 'allow' }),
    );
    const proposal = { baseVersion: version, policy: candidate, reason: '新设备照常' };
    const proposed = await answerOf<{ id: string }>(ask(officer, 'PUT', current, proposal));
    const path = `/v1/risk/policies/changes/${proposed.id}/decision`;
    const approval = { decision: 'approve', reason: '已核对' };
    expect(await codeOf(ask(officer, 'POST', path, approval))).toBe('own_work');
    await answerOf(ask('administrator-lin', 'POST', path, approval));
    const order = await place();
    expect(order).toMatchObject({ state: 'assessed', policyVersion: version + 1 });
    paid.push(await payer.pay(order));
  });

  test('E8: 64 confirmations and 64 executions of one order come to one payment', {
    timeout: 120_000,
  }, async () => {
    const order = await place();
    const path = `/v1/payments/${order.id}`;
    const { body, finish } = payer.start(order);
    const storm = Array.from({ length: 64 }, () => ask(customer, 'POST', `${path}/confirm`, body));
    const confirmed = (await Promise.all(storm)).filter(({ ok }) => ok);
    const replies = await Promise.all(confirmed.map((one) => one.json<{ reply: string }>()));
    expect(new Set(replies.map(({ reply }) => reply)).size).toBe(1);
    const whole = { signature: base64urlText(finish(replies[0]?.reply ?? '')) };
    const runs = Array.from({ length: 64 }, () => ask(customer, 'POST', `${path}/execute`, whole));
    const executed = (await Promise.all(runs)).filter(({ ok }) => ok);
    const done = await Promise.all(executed.map((one) => one.json<Payment>()));
    expect(new Set(done.map(({ receipt }) => receipt?.recordSha256)).size).toBe(1);
    const entry = fetchJson(`/ledger/subjects/payment/${order.id}`, 'GET');
    expect((await answerOf<{ entries: object[] }>(entry)).entries).toHaveLength(1);
    paid.push(await answerOf<Payment>(ask(customer, 'GET', path)));
  });

  test('E1 E8: a chip that has the key is stopped under a confirmation: still one outcome', async () => {
    const holder = paid.at(-1)?.receipt?.chipReceipt.chip;
    const order = await place();
    const path = `/v1/payments/${order.id}`;
    const { body, finish } = payer.start(order);
    const confirm = () => ask(customer, 'POST', `${path}/confirm`, body);
    const [sent, stopped] = [confirm(), ask('operator-ma', 'POST', `/v1/chips/${holder}/halt`)];
    await answerOf(stopped);
    // Whether the chip answered before it stopped or not, the same attempt repeated has one answer.
    const first = await sent;
    const { reply } = await answerOf<{ reply: string }>(confirm());
    if (first.ok) expect((await first.json<{ reply: string }>()).reply).toBe(reply);
    const whole = { signature: base64urlText(finish(reply)) };
    paid.push(await answerOf<Payment>(ask(customer, 'POST', `${path}/execute`, whole)));
    expect(paid.at(-1)?.state).toBe('executed');
  });

  test('E7: an order to a blocked payee is terminated, and no key moves for it', async () => {
    const account = '6222020200998877665';
    const listing = { account, listed: 'blocked', reason: '涉诈账户' };
    await answerOf(ask(officer, 'PUT', '/v1/risk/payees', listing));
    const order = await place({ payee: { ...terms.payee, account } });
    expect(order).toMatchObject({ state: 'terminated', termination: { reason: 'risk' } });
    const path = `/v1/payments/${order.id}/confirm`;
    expect(await codeOf(ask(customer, 'POST', path, payer.start(order).body))).toBe('order_state');
  });

  test('E7: a place is what the network says, and nothing where it says nothing', async () => {
    cf = { country: 'CN', latitude: '30.27130', longitude: '120.15000', city: 'Hangzhou' };
    const told = await place().finally(() => {
      cf = undefined;
    });
    const where = { country: 'CN', latitudeTenths: 303, longitudeTenths: 1202 };
    expect(told).toMatchObject({ channel: 'direct', evidence: { place: where } });
    expect((await place()).evidence).toEqual({ place: 'unknown' });
  });

  test('E8: an order is stopped, and stays so across a restart', async () => {
    const order = await place();
    await answerOf(ask(customer, 'POST', `/v1/payments/${order.id}/stop`));
    await abortAllDurableObjects();
    const path = `/v1/payments/${order.id}`;
    const stopped = await answerOf<Payment>(ask(customer, 'GET', path));
    expect(stopped).toMatchObject({ state: 'terminated', termination: { reason: 'stopped' } });
    const late = ask(customer, 'POST', `${path}/confirm`, payer.start(order).body);
    expect(await codeOf(late)).toBe('order_state');
  });

  test('E5 E6: through its session, also across a restart, and in no other way any more', async () => {
    let stored: StoredTerminal | undefined;
    const pem = await (await fetchJson('/pki/ca.crt', 'GET')).text();
    const options: TerminalOptions = {
      client: createClient({
        baseUrl: 'http://localhost',
        token: async () => tokens.get(customer) ?? '',
        fetch: (url, init) => exports.default.fetch(new Request(url, init)),
      }),
      tenant: 'beichen-bank',
      owner: customer,
      terminalId: payer.keyId,
      vault: {
        load: async () => stored,
        async save(_id, terminal) {
          stored = terminal;
        },
      },
      // Each issuing authority stands before its root.
      roots: pem
        .split(/(?<=-----END CERTIFICATE-----)/)
        .map((block) => block.trim())
        .filter((block, i) => block !== '' && i % 2 === 1),
      now: Date.now,
    };
    await registerSessionKeys(options, payer);
    const json = { ...terms, terminalId: payer.keyId };
    expect(await codeOf(ask(customer, 'POST', '/v1/payments', json))).toBe('session_required');
    const send = terminalFetch(options);
    const inside: Ask = (who, method, path, body) =>
      who === customer
        ? send(path, body ? { method, body: JSON.stringify(body) } : { method })
        : ask(who, method, path, body);
    const order = await answerOf<Payment>(inside(customer, 'POST', '/v1/payments', json));
    await abortAllDurableObjects();
    paid.push(await payer.pay(order, inside));
    expect(paid.at(-1)?.state).toBe('executed');
    expect(paid.at(-1)?.channel).toBe('online');
    const bySm2 = await openTerminalSession({ ...options, suites: ['sm2'] });
    const listed = await bySm2.send({ method: 'GET', path: '/v1/payments?limit=1' });
    expect(JSON.parse(listed.body).items[0].id).toBe(order.id);
  });

  test('E8: the statement has what was executed, and nothing else', async () => {
    const day = (ms: number) => new Date(ms).toISOString().slice(0, 10);
    const period = `from=${day(Date.now() - 86_400_000)}&to=${day(Date.now() + 86_400_000)}`;
    const csv = await ask(customer, 'GET', `/v1/payment-statement?${period}&format=csv`);
    const rows = (await csv.text()).trimEnd().split('\r\n').slice(1);
    expect(rows.map((row) => row.slice(1, 37)).sort()).toEqual(paid.map(({ id }) => id).sort());
  });
});
