import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openPart } from '../../src/core/token/sealing.ts';
import { clientAs, keyPerson } from '../helpers/key-people.ts';
import { type LocalHost, startLocalHost } from '../helpers/local-host.ts';
import { foundIn, type NamedSecrets, scanFolder } from '../helpers/secret-scan.ts';
import { openingPair } from '../helpers/tokens.ts';

// The whole service in its processes, and somebody who means no good to it.

/** Marks that are in nothing but what this file sends. */
const marked = {
  姓名: 'MARKED-NAME-7c1e',
  登录密码: 'MARKED-PASSWORD-Qy7!fLmz2',
  身份证号: '330102198706134176',
  住址: 'MARKED-ADDRESS-文三路 9173 号',
};

let state: string;
let host: LocalHost;

beforeAll(async () => {
  state = await mkdtemp(join(tmpdir(), 'cinnabar-hostile-'));
  host = await startLocalHost(state, 8977);
});

afterAll(async () => {
  await host?.stop();
  await rm(state, { recursive: true, force: true });
});

async function tokenOf(identity: string): Promise<string> {
  return (await clientAs(host.url, 'teller-zhou').demo.token(identity)).token;
}

async function post(path: string, token: string | undefined, body: object) {
  const headers: Record<string, string> = { 'content-type': 'application/json' };
  if (token) headers.authorization = `Bearer ${token}`;
  const answer = await fetch(`${host.url}${path}`, {
    method: 'POST',
    headers,
    body: JSON.stringify(body),
  });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}

/** Sends a body of so many bytes without saying how many, and gives the status it was cut with. */
function chunked(path: string, token: string, type: string, bytes: number): Promise<number> {
  const url = new URL(path, host.url);
  return new Promise((settle) => {
    let isAnswered = false;
    const sent = request(url, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': type },
    });
    sent.on('response', (answer) => {
      isAnswered = true;
      answer.resume();
      settle(answer.statusCode ?? 0);
      sent.destroy();
    });
    // Whoever is refused in mid-sentence may find the line cut: that is no status.
    sent.on('error', () => settle(0));
    const chunk = Buffer.alloc(64 * 1024, 0x20);
    let left = bytes;
    const more = () => {
      while (left > 0 && !isAnswered) {
        left -= chunk.length;
        if (!sent.write(chunk)) return void sent.once('drain', more);
      }
      sent.end();
    };
    more();
  });
}

test('M3: a body over its limit is refused, said or unsaid, small over or by 100 MB', async () => {
  const token = await tokenOf('teller-zhou');
  const json = 'application/json';
  const limit = 64 * 1024;
  const padded = (bytes: number) => {
    const account = { number: '1', name: 'n', contact: 'c' };
    return JSON.stringify(account).padEnd(bytes);
  };
  const status = async (bytes: number) => {
    const headers = { 'content-type': json, authorization: `Bearer ${token}` };
    const body = padded(bytes);
    const answer = await fetch(`${host.url}/v1/seals/accounts`, { method: 'POST', headers, body });
    await answer.arrayBuffer();
    return answer.status;
  };
  expect([201, 409]).toContain(await status(limit - 1));
  expect([201, 409]).toContain(await status(limit));
  expect(await status(limit + 1)).toBe(413);
  expect(await status(10 * 1024 * 1024)).toBe(413);
  // Refused, or cut off while it still talks; never taken.
  expect([413, 0]).toContain(await chunked('/v1/seals/accounts', token, json, 100 * 1024 * 1024));
  const form = 'multipart/form-data; boundary=x';
  expect([413, 400, 0]).toContain(await chunked('/v1/seals', token, form, 100 * 1024 * 1024));
  expect((await fetch(`${host.url}/readyz`)).status).toBe(200);
});

test('M5: methods that no browser sends, and requests that are none', async () => {
  const { hostname, port } = new URL(host.url);
  const raw = (text: string) =>
    new Promise<string>((settle) => {
      const socket = connect(Number(port), hostname);
      let answer = '';
      socket.on('data', (data) => {
        answer += data.toString();
        socket.end();
      });
      socket.on('close', () => settle(answer));
      socket.on('error', () => settle(answer));
      socket.write(text);
      socket.end();
    });
  const lines = [
    'TRACE /v1/seals HTTP/1.1\r\nhost: localhost\r\n\r\n',
    'CONNECT localhost:1 HTTP/1.1\r\nhost: localhost\r\n\r\n',
    'GET /v1/seals HTTP/1.1\r\nhost: localhost\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
    'POST /v1/seals/accounts HTTP/1.1\r\nhost: localhost\r\ncontent-length: -1\r\n\r\n',
    `GET /${'a'.repeat(100_000)} HTTP/1.1\r\nhost: localhost\r\n\r\n`,
    `GET /v1/seals HTTP/1.1\r\nhost: localhost\r\nx: ${'a'.repeat(1_000_000)}\r\n\r\n`,
    '\u0000\u0001\u0002\r\n\r\n',
  ];
  for (const line of lines) {
    const answer = await raw(line);
    expect(answer, line.slice(0, 60)).not.toMatch(/^HTTP\/1\.1 2/);
  }
  expect((await fetch(`${host.url}/readyz`)).status).toBe(200);
});

/** A business system that proved its key: then tokens are sealed to it. Gives its secret. */
async function provenSystem(): Promise<string> {
  const { jwk, key } = await openingPair();
  const release = { labels: ['NAME', 'ID_DOC', 'ADDRESS'], purpose: 'drill' };
  const administrator = await tokenOf('administrator-lin');
  const system = { id: 'drill', title: 'drill', key: jwk, release };
  const { body } = await post('/v1/business-systems', administrator, system);
  const iss = JSON.parse(
    await (await fetch(`${host.url}/.well-known/oauth-authorization-server`)).text(),
  ).issuer;
  const binding = { iss, sub: 'registration', jti: 'registration', aud: 'drill' };
  const { challenge } = await openPart([String(body.challenge)], [key], binding);
  const proof = { challenge };
  return String((await post('/v1/business-systems/drill/proof', administrator, proof)).body.secret);
}

test('S1: no secret is in a store, a log, an output or a built file', async () => {
  const person = await keyPerson(host.url, 'customer-chen');
  const systemSecret = await provenSystem();
  const granted = await post('/v1/tokens', await tokenOf('customer-chen'), {
    grantType: 'urn:cinnabar:grant:session',
    audiences: ['drill'],
    identity: marked,
  });
  expect(granted.status).toBe(200);
  const unlocked = await person.terminal.protection.open(person.stored.current);
  if (unlocked.protection !== 'pin') throw new Error('the drill uses a PIN');
  const configured = await configuredSecrets();
  const secrets: NamedSecrets = {
    ...configured,
    ...marked,
    'a secret of a business system': systemSecret,
    'an access token': String(granted.body.accessToken),
    'a refresh token': String(granted.body.refreshToken),
    "a PIN's stretched form": unlocked.stretched,
    "a PIN's pepper": unlocked.pepper,
  };
  await host.stop();
  const isConfiguration = (path: string) => path.endsWith('secrets.env');
  const stores = await scanFolder(state, secrets, isConfiguration);
  expect(stores.files).toBeGreaterThan(10);
  expect(stores.hits).toEqual([]);
  expect((await scanFolder('dist', secrets)).hits).toEqual([]);
  expect(foundIn(Buffer.from(host.output()), secrets)).toEqual([]);
  // The scan itself: planted in another form, a secret is found.
  const [name = '', secret = ''] = Object.entries(configured)[0] ?? [];
  const planted = join(state, 'planted.log');
  await writeFile(planted, `x ${Buffer.from(secret).toString('hex')} y`);
  expect((await scanFolder(state, secrets, isConfiguration)).hits).toEqual([`${planted}: ${name}`]);
});

async function configuredSecrets(): Promise<Record<string, Buffer>> {
  const lines = (await readFile(join(state, 'secrets.env'), 'utf8')).trim().split('\n');
  const pairs = lines.map((line) => line.split('='));
  return Object.fromEntries(
    pairs
      // The roster holds public keys only; what nobody filled in is no secret.
      .filter(([name, value]) => name !== 'FEDERATION_ROSTER' && value)
      .map(([name = '', value = '']) => [name, Buffer.from(value, 'base64url')]),
  );
}
