import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type Server } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { decodeJwt, exportJWK, generateKeyPair, SignJWT } from 'jose';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type LocalHost, startLocalHost } from '../helpers/local-host.ts';
import { documentedAddress, snippetWith } from '../helpers/snippets.ts';

const samples = 'src/console/public/samples';
const run = promisify(execFile);
const timeoutMs = 120_000;

let state: string;
let takenPort: Server;
let port: number;
let host: LocalHost;
let collector: Collector;

beforeAll(async () => {
  state = await mkdtemp(join(tmpdir(), 'cinnabar-host-'));
  takenPort = await listen(0);
  collector = await startCollector();
  host = await startLocalHost(state, portOf(takenPort), { OTLP_URL: collector.url });
  port = Number(new URL(host.url).port);
}, timeoutMs);

afterAll(async () => {
  await host?.stop();
  takenPort?.close();
  collector?.close();
  await rm(state, { recursive: true, force: true });
}, timeoutMs);

interface Collector {
  readonly url: string;
  /** Of the spans so far: the Worker, and the trace that the span belongs to. */
  readonly spans: { service: string; name: string; traceId: string }[];
  close(): void;
}

/** Takes what an OpenTelemetry collector would. */
async function startCollector(): Promise<Collector> {
  const spans: Collector['spans'] = [];
  const server = createHttpServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const { resourceSpans } = JSON.parse(Buffer.concat(chunks).toString());
    for (const { resource, scopeSpans } of resourceSpans) {
      const service = resource.attributes[0].value.stringValue;
      for (const scope of scopeSpans) {
        for (const { name, traceId } of scope.spans) spans.push({ service, name, traceId });
      }
    }
    response.end('{}');
  });
  await new Promise<void>((settle) => server.listen(0, '127.0.0.1', settle));
  return { url: `http://127.0.0.1:${portOf(server)}`, spans, close: () => server.close() };
}

/** Whether a Worker had a part in a request that came to the edge. */
function sharesTrace(worker: string): boolean {
  const of = (name: string) => collector.spans.filter(({ service }) => service === name);
  const atEdge = new Set(of('cinnabar-edge').map(({ traceId }) => traceId));
  return of(worker).some(({ traceId }) => atEdge.has(traceId));
}

const sweepsSeen = () => collector.spans.filter(({ name }) => name === 'host sweep').length;

function listen(wanted: number): Promise<Server> {
  return new Promise((settle, fail) => {
    const server = createServer();
    server.once('error', fail);
    server.listen({ port: wanted, host: '127.0.0.1' }, () => settle(server));
  });
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return address.port;
}

async function tokenOf(role: string): Promise<string> {
  const { identities } = await (await fetch(`${host.url}/v1/demo/identities`)).json();
  const identity = identities.find((one: { role: string }) => one.role === role).id;
  const response = await fetch(`${host.url}/v1/demo/token`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ identity }),
  });
  return (await response.json()).token;
}

async function call(role: string, path: string, body?: unknown): Promise<Response> {
  const isForm = body instanceof FormData;
  const headers = { authorization: `Bearer ${await tokenOf(role)}` };
  return fetch(`${host.url}${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: body && !isForm ? { ...headers, 'content-type': 'application/json' } : headers,
    ...(body === undefined ? {} : { body: isForm ? body : JSON.stringify(body) }),
  });
}

async function created(path: string, body: unknown): Promise<Record<string, unknown>> {
  const response = await call('teller', path, body);
  expect([path, response.status, response.ok || (await response.text())]).toEqual([
    path,
    201,
    true,
  ]);
  return response.json();
}

async function form(fields: Record<string, string>, imprint?: string): Promise<FormData> {
  const body = new FormData();
  for (const [name, value] of Object.entries(fields)) body.set(name, value);
  if (imprint) body.set('imprint', new Blob([await readFile(join(samples, imprint))]), imprint);
  return body;
}

/** Every process: the number of its group, and its command line. */
async function processes(): Promise<{ group: string; command: string }[]> {
  const { stdout } = await run('ps', ['-eo', 'pgid=,args='], { maxBuffer: 16 * 1024 * 1024 });
  return stdout.split('\n').map((line) => {
    const [group = '', ...command] = line.trim().split(/\s+/);
    return { group, command: command.join(' ') };
  });
}

/** Stops the host over these stores and answers what is left of its processes. */
async function remainsAfterStop(
  running: LocalHost,
  folder: string,
  signal: NodeJS.Signals,
): Promise<string[]> {
  const isIts = ({ command }: { command: string }) => command.includes(folder);
  const groups = new Set((await processes()).filter(isIts).map(({ group }) => group));
  // The host itself, and the group of the Workers.
  expect(groups.size).toBe(2);
  expect(await running.stop(signal)).toBe(0);
  // The host was started in the group of this test, which goes on.
  groups.delete(String(await groupOf(process.pid)));
  const remains = (await processes()).filter((one) => isIts(one) || groups.has(one.group));
  return remains.map(({ command }) => command);
}

async function groupOf(pid: number): Promise<number> {
  const { stdout } = await run('ps', ['-o', 'pgid=', '-p', String(pid)]);
  return Number(stdout);
}

function isListening(address: string): Promise<boolean> {
  return fetch(`http://${address}:${port}/healthz`, { signal: AbortSignal.timeout(2000) }).then(
    () => true,
    () => false,
  );
}

describe('the local host', { timeout: timeoutMs }, () => {
  test('a port that is taken is left alone, and the next free one is used', () => {
    expect(port).toBeGreaterThan(portOf(takenPort));
    expect(host.output()).toContain(`(port ${portOf(takenPort)} is taken)`);
  });

  test('on another port it calls itself by that port, and so does the sample business system', async () => {
    const metadata = await fetch(`${host.url}/.well-known/oauth-authorization-server`);
    expect((await metadata.json()).issuer).toBe(host.url);
    const granted = await call('customer', '/v1/tokens', {
      grantType: 'urn:cinnabar:grant:session',
      audiences: ['bills'],
      identity: { name: '陈思远' },
    });
    const { accessToken } = await granted.json();
    expect(decodeJwt(accessToken).iss).toBe(host.url);
    const opened = await fetch(`${host.url}/v1/business/requests`, {
      method: 'POST',
      headers: { authorization: `Bearer ${accessToken}`, 'content-type': 'application/json' },
      body: JSON.stringify({ id: crypto.randomUUID(), session: 'session-1', action: 'bill.list' }),
    });
    expect([opened.status, opened.ok || (await opened.text())]).toEqual([200, true]);
  });

  test('with OTLP_URL the spans of one request come from edge and chips, in one trace', async () => {
    await vi.waitFor(() => expect(sharesTrace('cinnabar-chips')).toBe(true), { timeout: 20_000 });
  });

  test('and from the nodes and the decision service, when the federation is asked', async () => {
    expect((await call('risk_officer', '/v1/federation/parties')).status).toBe(200);
    const parties = ['bank', 'operator', 'registry'].map((name) => `cinnabar-node-${name}`);
    await vi.waitFor(
      () =>
        expect([...parties, 'cinnabar-decision'].filter((one) => !sharesTrace(one))).toEqual([]),
      { timeout: 20_000 },
    );
  });

  test('the hourly sweep has run, and only the host can ask for it', async () => {
    await vi.waitFor(() => expect(sweepsSeen()).toBe(1), { timeout: 20_000 });
    const key = /^HOST_KEY=(.+)$/m.exec(await readFile(join(state, 'host.env'), 'utf8'))?.[1];
    expect((await stat(join(state, 'host.env'))).mode & 0o777).toBe(0o600);
    const ask = async (method: string, authorization?: string) => {
      const headers = authorization ? { authorization } : undefined;
      const path = `${host.url}/v1/host/sweep`;
      return (await fetch(path, { method, ...(headers ? { headers } : {}) })).status;
    };
    const unknown = await fetch(`${host.url}/v1/nothing/here`, { method: 'POST' });
    for (const wrong of [undefined, 'Bearer ', `Bearer ${key}x`, `bearer ${key}`]) {
      expect([wrong, await ask('POST', wrong)]).toEqual([wrong, unknown.status]);
    }
    expect(await ask('GET', `Bearer ${key}`)).not.toBe(204);
    expect(await ask('POST', `Bearer ${key}`)).toBe(204);
  });

  test('on a first start it says what has been done and when', () => {
    for (const line of ['database migrated', 'chips up', 'service ready']) {
      expect(host.output()).toMatch(new RegExp(`✓ ${line} \\(\\d+\\.\\d s\\)`));
    }
  });

  test('it lists its options when asked, and when one is wrong', async () => {
    const asked = await run(process.execPath, ['src/hosts/local.mjs', '--help']);
    expect(asked.stdout).toContain('--state FOLDER');
    const wrong = run(process.execPath, ['src/hosts/local.mjs', '--prot', '1']);
    await expect(wrong).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^Unknown option '--prot'[\s\S]*--port N/),
    });
  });

  test('it posts signed audit records, in order, until they are taken', async () => {
    const taken: { type: string; data: { index: number } }[] = [];
    let refusals = 1;
    let secret = '';
    // The lines that docs/operations.md shows to a receiver.
    const shown = await snippetWith('docs/operations.md', 'ts', 'standardwebhooks');
    const code = shown.replace(/^import .*$/m, '').replace('const message =', 'return');
    const verified = new Function('Webhook', 'secret', 'body', 'headers', code);
    const receiver = createHttpServer(async (request, response) => {
      let body = '';
      for await (const chunk of request) body += chunk;
      const message = verified(Webhook, secret, body, request.headers);
      refusals -= 1;
      response.writeHead(refusals < 0 ? 204 : 503).end();
      if (refusals < 0) taken.push(message as (typeof taken)[number]);
    });
    await new Promise<void>((settle) => receiver.listen(0, '127.0.0.1', settle));
    const url = `http://127.0.0.1:${portOf(receiver)}/`;
    const made = await call('administrator', '/v1/webhooks', { url, actions: ['webhook.*'] });
    expect(made.status).toBe(200);
    ({ secret } = await made.json());
    await vi.waitFor(() => expect(refusals).toBe(0), { timeout: 20_000, interval: 100 });
    await vi.waitFor(() => expect(taken.map(({ type }) => type)).toEqual(['webhook.create']), {
      timeout: 30_000,
      interval: 100,
    });
    receiver.close();
  });

  test('it answers on the loopback address and on no other', async () => {
    expect(await isListening('127.0.0.1')).toBe(true);
    const others = Object.values(networkInterfaces())
      .flatMap((addresses) => addresses ?? [])
      .filter(({ internal, family }) => !internal && family === 'IPv4');
    for (const { address } of others) expect(await isListening(address), address).toBe(false);
  });

  test('its secrets are readable by this user only, and different for each state', async () => {
    const path = join(state, 'secrets.env');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    const lines = (await readFile(path, 'utf8')).trimEnd().split('\n');
    // The roster of the federation is made from the others, and public; settings may be empty.
    const secrets = lines.filter((line) => !/^FEDERATION_ROSTER=|=$/.test(line));
    expect(secrets.every((line) => /^[A-Z0-9_]+=[\w-]{43}$/.test(line))).toBe(true);
    const names = secrets.map((line) => line.split('=')[0]);
    expect(names).toEqual(expect.arrayContaining(['DEMO_TOKEN_SECRET', 'CHIP_STORAGE_KEY']));
    expect(new Set(secrets.map((line) => line.split('=')[1])).size).toBe(secrets.length);
  });

  test('the command it prints gets a token', async () => {
    const [, command] = /A token +(.+)/.exec(host.output()) ?? [];
    const { stdout } = await run('sh', ['-c', command ?? 'false']);
    expect(JSON.parse(stdout)).toMatchObject({ tokenType: 'Bearer' });
  });

  test('the curl lines of README.md and the random keys of docs/operations.md are as shown', async () => {
    const shown = await snippetWith('README.md', 'sh', 'curl');
    const { stdout } = await run('sh', ['-c', shown.replaceAll(documentedAddress, host.url)]);
    expect(JSON.parse(stdout)).toMatchObject({ items: expect.any(Array) });
    const random = await snippetWith('docs/operations.md', 'sh', 'randomBytes');
    const folder = await mkdtemp(join(tmpdir(), 'cinnabar-secrets-'));
    await run('sh', ['-c', random], { env: { ...process.env, S: folder } });
    const written = await readFile(join(folder, 'chips.env'), 'utf8');
    expect(written).toMatch(/^CHIP_STORAGE_KEY=[\w-]{43}\n$/);
    await rm(folder, { recursive: true });
  });

  test('it serves the console and the API page', async () => {
    for (const path of ['/', '/docs', '/docs/swagger-ui-bundle.js', '/docs/swagger-ui.css']) {
      const response = await fetch(`${host.url}${path}`);
      expect([path, response.status]).toEqual([path, 200]);
      expect(response.headers.get('content-security-policy'), path).toContain("default-src 'none'");
    }
  });

  test('a second host over the same stores is refused in a sentence', async () => {
    const second = startLocalHost(state, port + 1);
    await expect(second).rejects.toThrow(`Cinnabar runs already, at ${host.url}`);
  });

  test.each([
    ['file', undefined],
    ['key', 'DEMO_TOKEN_SECRET=left\n'],
  ])('stores whose chip %s is gone are refused, not given a new one', async (_, secrets) => {
    const folder = await mkdtemp(join(tmpdir(), 'cinnabar-host-'));
    await mkdir(join(folder, 'stores'));
    const path = join(folder, 'secrets.env');
    if (secrets) await writeFile(path, secrets);
    await expect(startLocalHost(folder, port + 1)).rejects.toThrow('CHIP_STORAGE_KEY is gone');
    expect(await readFile(path, 'utf8').catch(() => undefined)).toBe(secrets);
    await rm(folder, { recursive: true });
  });

  test('what was enrolled and verified is there after a restart (B2, B3, B4)', async () => {
    const account = await created('/v1/seals/accounts', {
      number: '6222000000000001',
      name: 'Restart Trading Ltd',
      contact: '13800000000',
    });
    const card = await created(
      '/v1/seals/cards',
      await form({
        accountId: String(account.id),
        number: 'C-1',
        startDate: '2020-01-01',
        endDate: '2099-12-31',
      }),
    );
    const seal = await created(
      '/v1/seals',
      await form(
        { cardId: String(card.id), serial: 'S-1', shape: 'round', remark: '' },
        'r01-reserved.jpg',
      ),
    );
    const verification = await created(
      '/v1/seal-verifications',
      await form({ sealId: String(seal.id), currency: 'CNY', amountMinor: '100000' }, 'r01-g0.jpg'),
    );
    const picture = await (await call('teller', `/v1/seals/${seal.id}/picture`)).arrayBuffer();
    const audit = await (await call('auditor', '/v1/audit?limit=100')).json();

    expect(await remainsAfterStop(host, state, 'SIGHUP')).toEqual([]);
    expect(await isListening('127.0.0.1')).toBe(false);
    host = await startLocalHost(state, port);
    expect(host.output()).not.toContain('✓');

    const seals = await (await call('teller', '/v1/seals')).json();
    expect(seals.items).toEqual([seal]);
    const path = `/v1/seal-verifications/${verification.id}`;
    expect(await (await call('teller', path)).json()).toEqual(verification);
    // Its template comes from R2 and opens with a key that only the chip has.
    const again = await call('teller', `/v1/seals/${seal.id}/picture`);
    expect(await again.arrayBuffer()).toEqual(picture);
    const after = await (await call('auditor', '/v1/audit?limit=100')).json();
    expect(after.items).toEqual(expect.arrayContaining(audit.items));
  });

  test('it names the people that one can be', () => {
    expect(host.output()).toMatch(/People +teller-zhou [a-z -]+\n +[a-z -]*auditor-tang/);
  });

  test('stopped, it leaves no process and no port behind', async () => {
    expect(await remainsAfterStop(host, state, 'SIGTERM')).toEqual([]);
    (await listen(port)).close();
  });
});

describe('a service on a machine of one’s own', { timeout: timeoutMs }, () => {
  const issuer = 'https://login.bank.example';
  let folder: string;
  let service: LocalHost | undefined;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'cinnabar-service-'));
  });
  afterAll(async () => {
    await service?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const start = () => startLocalHost(folder, port + 2, {}, ['--service']);

  test('begins with a file to fill in, and says what is still wrong with it', async () => {
    await expect(start()).rejects.toThrow('Fill in the rest');
    const file = join(folder, 'service.env');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    await expect(start()).rejects.toThrow(
      /PUBLIC_ORIGIN must be an origin[\s\S]*TOKEN_KEYS must be a JWK set/,
    );
    await expect(startLocalHost(folder, port + 2)).rejects.toThrow('is of a service');
  });

  test('has no demo, keeps the keys of its ledger, and takes tokens of its issuer only', async () => {
    const { publicKey, privateKey } = await generateKeyPair('ES256');
    const keys = JSON.stringify({ keys: [await exportJWK(publicKey)] });
    const file = join(folder, 'service.env');
    const settings = {
      PUBLIC_ORIGIN: 'https://seals.bank.example',
      TOKEN_ISSUER: issuer,
      TOKEN_KEYS: `'${keys}'`,
      SERVICE_INSTITUTION: 'county-bank',
      LEDGER_ORIGIN: 'ledger.bank.example/2026',
    };
    let text = `${await readFile(file, 'utf8')}OTLP_URL=${collector.url}\n`;
    const sweptBefore = sweepsSeen();
    for (const [name, value] of Object.entries(settings)) {
      text = text.replace(`${name}=\n`, `${name}=${value}\n`);
    }
    await writeFile(file, text);
    service = await start();
    const { url } = service;
    const get = async (path: string, token?: string) => {
      const headers = token ? { authorization: `Bearer ${token}` } : {};
      return (await fetch(`${url}${path}`, { headers })).status;
    };
    const claims = { tenant: 'county-bank', branch: '0102', roles: ['operator'], name: '马' };
    const tokenOfIssuer = (iss: string) =>
      new SignJWT({ ...claims, jti: crypto.randomUUID() })
        .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt' })
        .setIssuer(iss)
        .setAudience('cinnabar')
        .setSubject('operator-1')
        .setIssuedAt()
        .setExpirationTime('5m')
        .sign(privateKey);
    const token = await tokenOfIssuer(issuer);

    expect(await get('/v1/chips', token)).toBe(200);
    expect(await get('/v1/chips', await tokenOfIssuer('https://other.example'))).toBe(401);
    expect(await get('/v1/chips')).toBe(401);
    for (const path of ['/v1/demo/identities', '/v1/demo/applicants', '/v1/business/system']) {
      expect([path, await get(path, token)]).toEqual([path, 404]);
    }
    const halt = await fetch(`${url}/v1/chips/software-1/halt`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
    });
    expect(halt.status).toBe(404);
    const issuerOfTokens = await fetch(`${url}/.well-known/oauth-authorization-server`);
    expect((await issuerOfTokens.json()).issuer).toBe(settings.PUBLIC_ORIGIN);
    const pinned = /^LEDGER_TRUST='(.*)'$/m.exec(await readFile(file, 'utf8'))?.[1] ?? '';
    expect(await (await fetch(`${url}/ledger/trust`)).json()).toEqual(JSON.parse(pinned));
    await vi.waitFor(() => expect(sweepsSeen()).toBe(sweptBefore + 1), { timeout: 20_000 });
    expect(await remainsAfterStop(service, folder, 'SIGTERM')).toEqual([]);
  });
});
