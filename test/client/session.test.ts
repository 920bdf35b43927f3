import { beforeAll, describe, expect, test } from 'vitest';
import {
  openTerminalSession,
  registerSessionKeys,
  renewDueKeys,
  SessionUntrusted,
  type StoredTerminal,
  sessionKeysEnd,
  type TerminalOptions,
  terminalFetch,
} from '../../src/client/certificates.ts';
import { createClient } from '../../src/client/index.ts';
import { sessionSuites } from '../../src/core/session/suite.ts';
import { manifestHash, manifestText } from '../../src/core/software/manifest.ts';
import type { Payment } from '../../src/edge/schemas/payments.ts';
import { base64urlText } from '../../src/lib/base64url.ts';
import { memorySessions } from '../../src/platform/memory/terminal-sessions.ts';
import { freshId } from '../contract/fresh.ts';
import { startEdge } from '../helpers/edge.ts';
import { type Ask, answerOf, payerOver } from '../helpers/payer.ts';
import { terms } from '../helpers/payments.ts';

const owner = 'customer-chen';
const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;

/** A service whose open sessions can be lost, as they are when it is started anew. */
async function restartable() {
  let sessions = memorySessions();
  const edge = await startEdge(() => ({
    sessions: {
      keep: (...args) => sessions.keep(...args),
      receive: (...args) => sessions.receive(...args),
      close: (...args) => sessions.close(...args),
      closeTerminal: (...args) => sessions.closeTerminal(...args),
    },
  }));
  const restart = () => {
    sessions = memorySessions();
  };
  return { edge, restart };
}

let service: Awaited<ReturnType<typeof restartable>>;
let payer: Awaited<ReturnType<typeof payerOver>>;
let options: TerminalOptions;
let stored: StoredTerminal | undefined;
const keep = async (_id: string, terminal: StoredTerminal) => {
  stored = terminal;
};
/** What went over the wire, to be sent again. */
let wire: { path: string; init: RequestInit; answer: string }[] = [];

const ask: Ask = (who, method, path, json) =>
  service.edge.call(path, json ? { as: who, method, json } : { as: who, method });

beforeAll(async () => {
  service = await restartable();
  const { edge } = service;
  const client = createClient({
    baseUrl: 'http://localhost',
    token: () => edge.tokenOf(owner),
    fetch: async (url, init = {}) => {
      const answer = await edge.app.request(String(url), init);
      wire.push({ path: new URL(String(url)).pathname, init, answer: await answer.clone().text() });
      return answer;
    },
    wait: async () => undefined,
  });
  payer = await payerOver(ask, owner, freshId);
  // Each issuing authority stands before its root.
  const authorities = await (await edge.call('/pki/ca.crt')).text();
  const roots = authorities
    .split(/(?<=-----END CERTIFICATE-----)/)
    .map((pem) => pem.trim())
    .filter((pem, i) => pem !== '' && i % 2 === 1);
  // The authorities are not of this hour.
  edge.clock.advance(60 * minuteMs);
  options = {
    client,
    tenant: 'beichen-bank',
    owner,
    terminalId: payer.keyId,
    vault: { load: async () => stored, save: keep },
    roots,
    now: edge.clock.now,
  };
  await registerSessionKeys(options, payer);
});

const inside = (more: Partial<TerminalOptions> = {}) =>
  createClient({ fetch: terminalFetch({ ...options, ...more }), wait: async () => undefined });

const place = (asked: Ask) =>
  answerOf<Payment>(
    asked(owner, 'POST', '/v1/payments', {
      ...terms,
      terminalId: payer.keyId,
    }),
  );

/** `Ask` through a session instead of in the open. */
function asking(more: Partial<TerminalOptions> = {}): Ask {
  const send = terminalFetch({ ...options, ...more });
  return async (who, method, path, json) =>
    who === owner
      ? send(path, json ? { method, body: JSON.stringify(json) } : { method })
      : ask(who, method, path, json);
}

describe('a terminal and its sessions', () => {
  test.each(sessionSuites)('E6: an order goes through a session by %s, unread', async (suite) => {
    wire = [];
    const order = await place(asking({ suites: [suite] }));
    expect(order.payee.account).toBe(terms.payee.account);
    const sent = JSON.stringify(wire);
    expect(wire.map(({ path }) => path).slice(0, 2)).toEqual([
      '/v1/session-service',
      '/v1/sessions',
    ]);
    expect(sent).not.toContain(terms.payee.account);
    expect(sent).not.toContain(order.id);
    const list = await inside({ suites: [suite] }).payments.list();
    expect(list.items.map(({ id }) => id)).toContain(order.id);
  });

  test('E6: with session keys, an access token alone places, confirms and executes nothing', async () => {
    await expect(place(ask)).rejects.toThrow('session_required');
    const order = await place(asking());
    const decided = ask('risk-officer-xu', 'POST', `/v1/risk/orders/${order.id}/decision`, {
      decision: 'allow',
    });
    const cleared = await answerOf<Payment>(decided);
    const path = `/v1/payments/${order.id}`;
    const { body, finish } = payer.start(cleared);
    await expect(answerOf(ask(owner, 'POST', `${path}/confirm`, body))).rejects.toThrow(
      'session_required',
    );
    const tunnel = asking();
    const { reply } = await answerOf<{ reply: string }>(
      tunnel(owner, 'POST', `${path}/confirm`, body),
    );
    const whole = { signature: base64urlText(finish(reply)) };
    await expect(answerOf(ask(owner, 'POST', `${path}/execute`, whole))).rejects.toThrow(
      'session_required',
    );
    const done = await answerOf<Payment>(tunnel(owner, 'POST', `${path}/execute`, whole));
    expect(done.state).toBe('executed');
  });

  const codeOf = async (answer: Response) => (await answer.json()).code;
  const again = ({ path, init }: (typeof wire)[number]) =>
    service.edge.app.request(`http://localhost${path}`, init);

  test('E6: what was sent is refused when it is sent again, before and after a restart', async () => {
    wire = [];
    await place(asking());
    const [, opened, request] = wire;
    if (!opened || !request) throw new Error('nothing was sent');
    expect(await codeOf(await again(opened))).toBe('session_refused');
    expect(await codeOf(await again(request))).toBe('session_message_refused');
    const changed = JSON.parse(String(request.init.body));
    const init = { ...request.init, body: JSON.stringify({ ...changed, number: 5 }) };
    expect(await codeOf(await again({ ...request, init }))).toBe('session_message_refused');
    service.restart();
    expect(await codeOf(await again(request))).toBe('session_not_found');
  });

  test('E6: a message of another session, or by another person, opens nothing', async () => {
    wire = [];
    const [one, two] = [await openTerminalSession(options), await openTerminalSession(options)];
    await one.send({ method: 'GET', path: '/v1/payments' });
    const sent = wire.find(({ path }) => path.endsWith('/requests'));
    if (!sent) throw new Error('nothing was sent');
    const elsewhere = { ...sent, path: `/v1/sessions/${two.id}/requests` };
    expect(await codeOf(await again(elsewhere))).toBe('session_message_refused');
    const json = JSON.parse(String(sent.init.body));
    const theirs = await service.edge.call(sent.path, { as: 'administrator-lin', json });
    expect(await codeOf(theirs)).toBe('session_not_found');
  });

  test('E6: what is asked inside is a path of payments, and leads nowhere else', async () => {
    const session = await openTerminalSession(options);
    for (const path of [
      '/v1/payments/../demo/identities',
      '/v1/payments/%2e%2e/demo/identities',
      '/v1/payments/../sessions',
      '/v1/payments#x',
      '/v1/audit',
    ]) {
      const asked = session.send({ method: 'GET', path });
      await expect(asked, path).rejects.toMatchObject({ code: 'invalid_request' });
    }
    expect((await session.send({ method: 'GET', path: '/v1/payments?limit=1' })).status).toBe(200);
  });

  test('E6: a service that was started anew costs a handshake, and nothing happens twice', async () => {
    const client = inside();
    await client.payments.list();
    service.restart();
    expect((await client.payments.list()).items.length).toBeGreaterThan(0);
  });

  test('E6: sessions end by the service clock, which may jump ten minutes either way', async () => {
    const { clock } = service.edge;
    const session = await openTerminalSession(options);
    const list = { method: 'GET', path: '/v1/payments' } as const;
    clock.advance(-10 * minuteMs);
    expect((await session.send(list)).status).toBe(200);
    clock.advance(26 * minuteMs);
    await expect(session.send(list)).rejects.toMatchObject({ code: 'session_not_found' });
    clock.advance(-10 * minuteMs);
    await expect(session.send(list)).rejects.toMatchObject({ code: 'session_not_found' });
  });

  test('E6: a first message of ten minutes ago, or of ten minutes ahead, opens nothing', async () => {
    const { clock } = service.edge;
    for (const minutes of [-10, 10]) {
      const { client } = options;
      const held = { ...client.sessions, open: client.sessions.open };
      const late: typeof held.open = (body) => {
        clock.advance(minutes * minuteMs);
        return client.sessions.open(body);
      };
      const sessions = { ...held, open: late };
      const opening = openTerminalSession({ ...options, client: { ...client, sessions } });
      await expect(opening).rejects.toMatchObject({ code: 'session_clock' });
    }
  });

  test('E6: a terminal whose own clock is ten minutes off opens sessions all the same', async () => {
    for (const minutes of [-10, 10]) {
      const now = () => service.edge.clock.now() + minutes * minuteMs;
      const session = await openTerminalSession({ ...options, now });
      expect((await session.send({ method: 'GET', path: '/v1/payments' })).status).toBe(200);
    }
  });

  test('E6: a service that the roots do not vouch for gets no first message', async () => {
    wire = [];
    const [sm2 = '', p256 = ''] = options.roots;
    const strangers = { ...options, roots: [p256], suites: ['sm2'] as const };
    await expect(openTerminalSession(strangers)).rejects.toThrow(SessionUntrusted);
    await expect(
      openTerminalSession({ ...options, roots: [sm2], suites: ['x25519'] }),
    ).rejects.toThrow('chain_untrusted');
    // A terminal's own certificate, shown as the service's.
    const { client } = options;
    const own = await client.sessions.service();
    const x25519 = own.suites.find(({ suite }) => suite === 'x25519');
    const posing = { ...own, suites: [{ ...x25519, suite: 'sm2' as const }] } as typeof own;
    const sessions = { ...client.sessions, service: async () => posing };
    await expect(
      openTerminalSession({ ...options, client: { ...client, sessions } }),
    ).rejects.toThrow('wrong_key');
    expect(wire.filter(({ path }) => path === '/v1/sessions')).toEqual([]);
  });

  test('E6: somebody who hides the better suite from the terminal gets no session', async () => {
    const { client } = options;
    const sessions = {
      ...client.sessions,
      service: async () => {
        const all = await client.sessions.service();
        return { ...all, suites: all.suites.filter(({ suite }) => suite === 'sm2') };
      },
    };
    const misled = openTerminalSession({ ...options, client: { ...client, sessions } });
    await expect(misled).rejects.toMatchObject({ code: 'session_refused' });
  });

  test('E6: only payments, terminals and personal keys are reached through a session', async () => {
    const session = await openTerminalSession(options);
    for (const path of ['/v1/audit', '/v1/sessions', '/v1/paymentsx', '//v1/payments']) {
      await expect(session.send({ method: 'GET', path })).rejects.toMatchObject({
        code: 'invalid_request',
      });
    }
  });

  test('E5: keys renew themselves inside a session, and an interrupted renewal costs nothing', async () => {
    const { clock } = service.edge;
    const before = stored?.current.x25519?.certificateHash;
    clock.advance(8 * dayMs);
    await inside().payments.list();
    expect(stored?.next).toBeUndefined();
    expect(stored?.current.x25519?.certificateHash).not.toBe(before);
    // The answer of the renewal is lost: the terminal still has the present keys, and goes on.
    clock.advance(8 * dayMs);
    const present = stored;
    const { vault } = options;
    const forgetful = { load: vault.load, save: async () => undefined };
    await inside({ vault: forgetful }).payments.list();
    expect(stored).toBe(present);
    await inside().payments.list();
    expect(stored?.current).not.toEqual(present?.current);
  });

  test('E5: opening the software is enough to renew keys, once they are due and as long as they live', async () => {
    const { clock } = service.edge;
    const hash = () => stored?.current.x25519?.certificateHash;
    wire = [];
    clock.advance(6 * dayMs);
    const before = hash();
    expect(await renewDueKeys(options)).toBe(false);
    expect(wire).toEqual([]);
    clock.advance(2 * dayMs);
    expect(await renewDueKeys(options)).toBe(true);
    expect(hash()).not.toBe(before);
    expect(sessionKeysEnd(stored?.current ?? {}) - clock.now()).toBeGreaterThan(13 * dayMs);
    expect(await renewDueKeys(options)).toBe(false);
    wire = [];
    const late = { ...options, now: () => clock.now() + 15 * dayMs };
    expect(await renewDueKeys(late)).toBe(false);
    expect(wire).toEqual([]);
  });

  test('E5: keys whose time is over open nothing, and the person registers others', async () => {
    service.edge.clock.advance(15 * dayMs);
    await expect(openTerminalSession(options)).rejects.toMatchObject({
      code: 'terminal_keys_expired',
    });
    const old = await options.vault.load(options.terminalId);
    expect(sessionKeysEnd(old?.current ?? {})).toBeLessThan(service.edge.clock.now());
    await registerSessionKeys(options, payer);
    const kept = await options.vault.load(options.terminalId);
    expect(sessionKeysEnd(kept?.current ?? {})).toBeGreaterThan(service.edge.clock.now());
    await inside().payments.list();
  });

  test('E6: keys are not made a terminal’s without the person, nor for another terminal', async () => {
    const keys = { x25519: base64urlText(new Uint8Array(32).fill(9)) };
    const path = `/v1/terminals/${payer.keyId}/keys`;
    const put = (signature: string) =>
      service.edge.call(path, { as: owner, method: 'PUT', json: { keys, signature } });
    expect(await codeOf(await put(base64urlText(new Uint8Array(70))))).toBe('signature_invalid');
    const text = JSON.stringify({ v: 1, kind: 'cinnabar terminal keys', keys: {} });
    const request = base64urlText(new TextEncoder().encode(text));
    await expect(
      payer.sign(new TextEncoder().encode(text), { purpose: 'terminal_keys', request }),
    ).rejects.toThrow('malformed');
  });

  test('E5: once software is released, sessions are opened by released software only', async () => {
    const manifestOf = (version: string) =>
      manifestText({ version, files: { '/pay.js': manifestHash(version) } });
    const [first, second] = [manifestOf('1'), manifestOf('2')];
    const operator = (path: string, json: object) =>
      service.edge.call(path, { as: 'operator-ma', json });
    for (const manifest of [first, second]) await operator('/v1/software', { manifest });
    const refused = { code: 'software_refused' };
    await expect(openTerminalSession(options)).rejects.toMatchObject(refused);
    const unknown = { ...options, software: async () => manifestHash(manifestOf('3')) };
    await expect(openTerminalSession(unknown)).rejects.toMatchObject(refused);
    const old = { ...options, software: async () => manifestHash(first) };
    expect((await openTerminalSession(old)).suite).toBe('x25519');
    options = { ...options, software: async () => manifestHash(second) };
    const newer = await openTerminalSession(options);
    // Until its first message it has only said so.
    expect((await openTerminalSession(old)).suite).toBe('x25519');
    expect((await newer.send({ method: 'GET', path: '/v1/payments' })).status).toBe(200);
    await expect(openTerminalSession(old)).rejects.toMatchObject(refused);
    await registerSessionKeys(options, payer);
    await expect(openTerminalSession(old)).rejects.toMatchObject(refused);
    await operator(`/v1/software/${manifestHash(first)}/revoke`, { reason: '有缺陷' });
    await expect(openTerminalSession(old)).rejects.toMatchObject(refused);
    expect((await openTerminalSession(options)).suite).toBe('x25519');
  });

  test('E6: a revoked terminal has no sessions, and stays revoked', async () => {
    const session = await openTerminalSession(options);
    await answerOf(ask(owner, 'POST', `/v1/terminals/${payer.keyId}/revoke`));
    await expect(session.send({ method: 'GET', path: '/v1/payments' })).rejects.toMatchObject({
      code: 'session_not_found',
    });
    await expect(openTerminalSession(options)).rejects.toMatchObject({
      code: 'terminal_not_found',
    });
  });
});
