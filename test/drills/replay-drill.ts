import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { exportJWK, generateKeyPair } from 'jose';
import {
  openTerminalSession,
  registerSessionKeys,
  type StoredTerminal,
  type TerminalOptions,
} from '../../src/client/certificates.ts';
import { createClient } from '../../src/client/index.ts';
import { makeProof } from '../../src/core/token/dpop.ts';
import type { PublicJwk } from '../../src/core/token/jwk.ts';
import { freshId } from '../contract/fresh.ts';
import { type Ask, answerOf, payerOver } from '../helpers/payer.ts';
import { terms } from '../helpers/payments.ts';
import { softAuthenticator } from '../helpers/soft-authenticator.ts';
import type { Drill } from './drill.ts';
import { serviceForDrills } from './service-in-workerd.ts';

/** Where certificates, proofs and passkeys believe the service to be. */
const origin = 'http://localhost:8787';
const institution = 'beichen-bank';
const customer = 'customer-chen';
const forgets = 'the service forgets when it starts';

/** A request as it went over the wire, and what came back the first time. */
interface Sent {
  readonly name: string;
  readonly path: string;
  readonly init: RequestInit;
  readonly first: string;
}

/** Calls a service that moves to another port when it is started again. */
function lineTo(urlNow: () => string) {
  const tokens = new Map<string, string>();
  const send: typeof fetch = (input, init) => {
    const { pathname, search } = new URL(String(input), origin);
    const headers = new Headers(init?.headers);
    headers.set('connection', 'close');
    return fetch(`${urlNow()}${pathname}${search}`, { ...init, headers });
  };
  const post = (path: string, json?: object, headers: Record<string, string> = {}) =>
    send(path, {
      method: 'POST',
      headers: { ...(json ? { 'content-type': 'application/json' } : {}), ...headers },
      ...(json ? { body: JSON.stringify(json) } : {}),
    });
  async function bearer(who: string) {
    if (!tokens.has(who)) {
      const issued = post('/v1/demo/token', { identity: who });
      tokens.set(who, (await answerOf<{ token: string }>(issued)).token);
    }
    return { authorization: `Bearer ${tokens.get(who)}` };
  }
  const ask: Ask = async (who, method, path, json) =>
    send(path, {
      method,
      headers: { ...(json ? { 'content-type': 'application/json' } : {}), ...(await bearer(who)) },
      ...(json ? { body: JSON.stringify(json) } : {}),
    });
  /** Sends something for the first time, which must succeed, and keeps it. */
  async function first(name: string, path: string, init: RequestInit): Promise<Sent> {
    const answer = await send(path, init);
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${name}: ${answer.status} ${text}`);
    return { name, path, init, first: text };
  }
  return { send, post, bearer, ask, first };
}

type Line = ReturnType<typeof lineTo>;

const posted = (json: object, headers: Record<string, string> = {}): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json', ...headers },
  body: JSON.stringify(json),
});

async function keyedWrite(line: Line): Promise<Sent> {
  const headers = { ...(await line.bearer('teller-zhou')), 'idempotency-key': freshId() };
  const account = { number: freshId().slice(0, 20), name: 'Replay', contact: '0571' };
  return line.first(
    'a write under its idempotency key',
    '/v1/seals/accounts',
    posted(account, headers),
  );
}

/** From an authenticator whose counter stays 0, as those of phones do. */
async function assertion(line: Line): Promise<Sent> {
  const passkeys = '/v1/auth/passkeys';
  const device = await softAuthenticator({ id: 'localhost', origin });
  interface Started {
    readonly id: string;
    readonly options: { readonly challenge: string };
  }
  const own = { origin, ...(await line.bearer(customer)) };
  const started = await answerOf<Started>(
    line.post(`${passkeys}/registration/options`, undefined, own),
  );
  const response = await device.create(started.options.challenge);
  await answerOf(
    line.post(`${passkeys}/registration`, { id: started.id, label: 'phone', response }, own),
  );
  const asked = await answerOf<Started>(
    line.post(`${passkeys}/authentication/options`, { institution }, { origin }),
  );
  const request = {
    grantType: 'urn:cinnabar:grant:passkey',
    institution,
    challengeId: asked.id,
    response: await device.get(asked.options.challenge),
    audiences: ['cinnabar'],
  };
  return line.first('a passkey assertion', '/v1/tokens', posted(request, { origin }));
}

async function refresh(line: Line, { first }: Sent): Promise<Sent> {
  const { refreshToken } = JSON.parse(first) as { refreshToken: string };
  return line.first(
    'a refresh token',
    '/v1/tokens',
    posted({ grantType: 'refresh_token', refreshToken }),
  );
}

async function proofOfKey(line: Line): Promise<Sent> {
  const pair = await generateKeyPair('ES256', { extractable: true });
  const publicJwk = (await exportJWK(pair.publicKey)) as PublicJwk;
  const prove = (method: string, more: object = {}) =>
    makeProof({
      key: pair.privateKey,
      publicJwk,
      method,
      url: `${origin}/v1/tokens`,
      jti: freshId(),
      nowMs: Date.now(),
      ...more,
    });
  const request = { grantType: 'urn:cinnabar:grant:session', audiences: ['cinnabar'] };
  const headers = { ...(await line.bearer(customer)), dpop: await prove('POST') };
  const granted = line.post('/v1/tokens', request, headers);
  const { accessToken } = await answerOf<{ accessToken: string }>(granted);
  const show = async (more: object) => ({
    authorization: `DPoP ${accessToken}`,
    dpop: await prove('GET', { accessToken, ...more }),
  });
  const challenged = await line.send('/v1/tokens', { headers: await show({}) });
  const nonce = challenged.headers.get('dpop-nonce') ?? '';
  return line.first('a proof of a key', '/v1/tokens', { headers: await show({ nonce }) });
}

/** An order placed within a session of a terminal, by its number in it. */
async function sessionMessage(line: Line): Promise<Sent> {
  const payer = await payerOver(line.ask, customer, freshId);
  let stored: StoredTerminal | undefined;
  let kept: Sent | undefined;
  const record: typeof fetch = async (input, init) => {
    const answer = await line.send(input, init);
    const path = new URL(String(input), origin).pathname;
    if (path.endsWith('/requests') && init) {
      const text = await answer.clone().text();
      kept = { name: 'a message of a session', path, init, first: text };
    }
    return answer;
  };
  const token = (await line.bearer(customer)).authorization.slice('Bearer '.length);
  const pem = await (await line.send('/pki/ca.crt')).text();
  const blocks = pem.split(/(?<=-----END CERTIFICATE-----)/).map((block) => block.trim());
  const options: TerminalOptions = {
    client: createClient({ baseUrl: origin, token: async () => token, fetch: record }),
    tenant: institution,
    owner: customer,
    terminalId: payer.keyId,
    vault: {
      load: async () => stored,
      async save(_id, terminal) {
        stored = terminal;
      },
    },
    // Each issuing authority stands before its root.
    roots: blocks.filter((block, i) => block !== '' && i % 2 === 1),
    now: Date.now,
  };
  await registerSessionKeys(options, payer);
  const session = await openTerminalSession(options);
  const body = JSON.stringify({ ...terms, terminalId: payer.keyId });
  await session.send({ method: 'POST', path: '/v1/payments', body });
  if (!kept) throw new Error('the session sent nothing');
  return kept;
}

/** How often each had an effect again: an answer that is good and not the first one. */
async function secondEffects(line: Line, sent: readonly Sent[], tries: number): Promise<string[]> {
  const found: string[] = [];
  for (const { name, path, init, first } of sent) {
    let count = 0;
    for (let i = 0; i < tries; i += 8) {
      const storm = Array.from({ length: Math.min(8, tries - i) }, () => line.send(path, init));
      for (const answer of await Promise.all(storm)) {
        if ((await answer.text()) !== first && answer.ok) count += 1;
      }
    }
    if (count > 0) found.push(`${name}: ${count} of ${tries} had an effect again`);
  }
  return found;
}

/** What a terminal needs to be equipped for is left out where the others find what is planted. */
async function sentOnce(line: Line, isBrief: boolean): Promise<readonly Sent[]> {
  const write = await keyedWrite(line);
  if (isBrief) return [write];
  const signedIn = await assertion(line);
  return [
    write,
    signedIn,
    await refresh(line, signedIn),
    await proofOfKey(line),
    await sessionMessage(line),
  ];
}

/** T2: what was sent once is sent again, before and after the service was killed and started. */
export const replays: Drill = {
  id: 'T2',
  name: 'replays-across-a-restart',
  target: 'no second effect of any, before and after a kill of the service',
  plants: [forgets],
  async run({ isLong, plant }) {
    const { service, state: folder, empty } = await serviceForDrills();
    const state = join(folder, 'replays');
    await cp(empty, state, { recursive: true });
    const requestsPerMinute = 1_000_000_000;
    let host = await service.start(0, { state, requestsPerMinute });
    try {
      const line = lineTo(() => host.url);
      const sent = await sentOnce(line, plant !== undefined);
      const tries = isLong ? 500 : 16;
      const before = await secondEffects(line, sent, tries);
      await host.kill();
      if (plant) {
        await rm(state, { recursive: true });
        await cp(empty, state, { recursive: true });
      }
      host = await service.start(0, { state, requestsPerMinute });
      const after = await secondEffects(line, sent, tries);
      const names = sent.map(({ name }) => name).join(', ');
      return {
        measured: `${names}: ${tries} times each before and after a kill, ${before.length + after.length} with a second effect`,
        faults: [...before, ...after.map((fault) => `${fault}, after the kill`)],
      };
    } finally {
      await host.kill();
      await rm(state, { recursive: true, force: true });
    }
  },
};
