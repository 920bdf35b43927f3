// The whole service in workerd, with every Worker that a deployment has, over stores in RAM: the
// time of one certificate from application to delivery, call by call, and appends to the ledger.
// Wall time, without the proxy of `wrangler dev`. Prints one JSON document.
import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { readD1Migrations } from '@cloudflare/vitest-pool-workers';
import { Miniflare } from 'miniflare';
import { makeSm2Request } from '../src/client/certificate-request.ts';
import { workerConfigs } from '../src/hosts/workers.mjs';
import { quantile } from '../src/lib/measure.ts';
import { auxiliaryWorkers } from '../test/helpers/auxiliary-workers.ts';

// wrangler calls its own [secrets] table experimental once per configuration read.
process.env.WRANGLER_LOG ??= 'error';
// This file runs as a bundle in wasm-build/out.
const root = fileURLToPath(new URL('../..', import.meta.url));
const rounds = Number(process.argv[2] ?? 10);
const batch = 500;
const batches = 6;

// It reads files beside itself, so it stays outside of the bundle.
const { federationRoster, federationSecretNames }: typeof import('../src/hosts/federation.mjs') =
  await import(`${root}src/hosts/federation.mjs`);

const secretOf = (name: string) => createHash('sha256').update(`bench ${name}`).digest('base64url');
const federationKeys = Object.fromEntries(
  federationSecretNames.map((name) => [name, secretOf(name)]),
);
const secrets = {
  ...federationKeys,
  ...Object.fromEntries(
    ['CHIP_STORAGE_KEY', 'WITNESS_STORAGE_KEY', 'BUSINESS_KEY', 'DEMO_TOKEN_SECRET'].map((name) => [
      name,
      secretOf(name),
    ]),
  ),
  FEDERATION_ROSTER: federationRoster(federationKeys),
};

/** Appends a batch from inside, as the edge does: one call each, all at once. */
const appender = `export default {
  async fetch(request, env) {
    const { first, count } = await request.json();
    const log = env.LEDGER.getByName(env.LEDGER_ORIGIN);
    const hash = 'ab'.repeat(32);
    const append = (_, i) => log.call('append', { v: 1, type: 'thawed', subject: 'cert/b' + (first + i),
      prev: null, at: '2026-03-02T03:00:01.000Z', certSha256: hash }, { requestId: 'r1' });
    const replies = await Promise.all(Array.from({ length: count }, append));
    return Response.json({ written: replies.filter(({ ok }) => ok).length });
  },
};`;

async function startService(): Promise<Miniflare> {
  // No Worker here runs under another name than its own.
  const workers = await auxiliaryWorkers(root, 'src/workers/anchor.toml', workerConfigs, secrets);
  const [edge, ...others] = workers as unknown as Record<string, unknown>[];
  const bindings = { ...(edge?.bindings as object), CINNABAR_MODE: 'demo' };
  const { LEDGER_ORIGIN } = bindings as { LEDGER_ORIGIN?: string };
  const service = new Miniflare({
    // The Workers' log lines would stand between the figures.
    handleRuntimeStdio: (stdout: Readable, stderr: Readable) => {
      stdout.resume();
      stderr.resume();
    },
    workers: [
      { ...edge, bindings, assets: undefined },
      ...others,
      {
        name: 'appender',
        modules: true,
        script: appender,
        compatibilityDate: '2026-04-26',
        bindings: { LEDGER_ORIGIN },
        durableObjects: { LEDGER: { className: 'LedgerLog', scriptName: 'cinnabar-edge' } },
      },
    ],
  } as never);
  const database = await service.getD1Database('DB', 'cinnabar-edge');
  for (const { queries } of await readD1Migrations(`${root}src/platform/d1/migrations`)) {
    await database.batch(queries.map((query) => database.prepare(query)));
  }
  return service;
}

const service = await startService();
const tokens = new Map<string, string>();

async function call(as: string | undefined, path: string, body: object | null = {}) {
  const token = as === undefined ? undefined : tokens.get(as);
  const response = await service.dispatchFetch(`http://localhost${path}`, {
    method: body === null ? 'GET' : 'POST',
    headers: {
      'content-type': 'application/json',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    ...(body === null ? {} : { body: JSON.stringify(body) }),
  });
  const answer = await response.json();
  if (!response.ok) throw new Error(`${path}: ${response.status} ${JSON.stringify(answer)}`);
  return answer as Record<string, string> & { certificates: string[] };
}

const steps = [
  'apply',
  'identify',
  'approve and issue',
  'thaw, set and deliver',
  'bundle',
] as const;

/** Milliseconds of each step of one certificate. */
async function issueOne(): Promise<number[]> {
  const { request } = await makeSm2Request('a password of no meaning');
  const limits = [{ channel: 'online', currency: 'CNY', single: '100', daily: '900', count: 4 }];
  const application = {
    kind: 'person',
    algorithm: 'sm2',
    subject: { commonName: '陈思远', country: 'CN' },
    request,
    requested: { role: 'maker', permissions: ['view', 'make'], limits },
  };
  const times: number[] = [];
  async function timed<T>(act: () => Promise<T>): Promise<T> {
    const start = performance.now();
    const result = await act();
    times.push(performance.now() - start);
    return result;
  }
  const base = '/v1/certificates';
  const { id } = await timed(() => call('customer-chen', `${base}/applications`, application));
  const one = `${base}/applications/${id}`;
  const finding = { passed: true, reference: 'RA-1' };
  await timed(() => call('reviewer-he', `${one}/identity`, finding));
  const { certificates } = await timed(() => call('administrator-lin', `${one}/approve`));
  const serial = certificates[0];
  const thawed = await timed(() => call('administrator-lin', `${base}/${serial}/thaw`));
  if (thawed.delivery !== 'delivered') throw new Error('the certificate was not delivered');
  await timed(() => call('customer-chen', `${base}/${serial}/bundle`, null));
  return times;
}

async function appendsPerSecond(): Promise<number> {
  const worker = await service.getWorker('appender');
  const rates: number[] = [];
  for (let at = 0; at < batches; at++) {
    const start = performance.now();
    const body = JSON.stringify({ first: at * batch, count: batch });
    const response = await worker.fetch('http://appender', { method: 'POST', body });
    const { written } = (await response.json()) as { written: number };
    if (written !== batch) throw new Error(`${written} of ${batch} were written`);
    rates.push((batch / (performance.now() - start)) * 1000);
  }
  return Math.round(
    quantile(
      rates.toSorted((a, b) => a - b),
      0.5,
    ),
  );
}

try {
  for (const as of ['customer-chen', 'reviewer-he', 'administrator-lin']) {
    const { token } = await call(undefined, '/v1/demo/token', { identity: as });
    tokens.set(as, token ?? '');
  }
  // The first one makes the authorities and their keys.
  const [first = []] = [await issueOne()];
  const all: number[][] = [];
  for (let round = 0; round < rounds; round++) all.push(await issueOne());
  const medianOf = (values: readonly number[]) =>
    Math.round(
      quantile(
        values.toSorted((a, b) => a - b),
        0.5,
      ),
    );
  const total = (times: readonly number[]) => times.reduce((sum, ms) => sum + ms, 0);
  console.log(
    JSON.stringify({
      issues: rounds,
      steps: steps.map((step, at) => ({ step, millis: medianOf(all.map((one) => one[at] ?? 0)) })),
      totalMillis: medianOf(all.map(total)),
      firstMillis: Math.round(total(first)),
      appendBatch: batch,
      appendsPerSecond: await appendsPerSecond(),
    }),
  );
} finally {
  await service.dispose();
}
