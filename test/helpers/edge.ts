import { demoLedger } from '../../src/domain/ledger/demo.ts';
import { defaultPolicy } from '../../src/domain/seals/policy.ts';
import { ownVerifier } from '../../src/domain/tokens/verifier.ts';
import { createApp } from '../../src/edge/app.ts';
import { actorOfIdentity, demoIdentities } from '../../src/edge/demo-identities.ts';
import type { EdgeDeps, LogLine } from '../../src/edge/deps.ts';
import { demoTokens, withOwnTokens } from '../../src/edge/middleware/access-token.ts';
import { memoryPlatform } from '../../src/platform/memory/platform.ts';
import { memoryFederation } from './federation.ts';
import { gridEngine } from './grid-engine.ts';
import { seededRandom, tickingClock } from './time-and-chance.ts';

type FormValue = string | Uint8Array;

export interface Call {
  readonly method?: string;
  /** Id of a demo identity; `null` sends no token. */
  readonly as?: string | null;
  readonly json?: unknown;
  readonly form?: Readonly<Record<string, FormValue | readonly FormValue[] | undefined>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array<ArrayBuffer>;
}

/** The service over the memory platform, called without a socket. */
export async function startEdge(
  change: (deps: EdgeDeps) => Partial<EdgeDeps> = () => ({}),
  vendors: readonly string[] = ['grid'],
) {
  const clock = tickingClock();
  const random = seededRandom(7);
  const log: LogLine[] = [];
  const platform = memoryPlatform({
    clock,
    random,
    engine: await gridEngine(vendors),
    policy: defaultPolicy,
    requestsPerMinute: 10_000,
  });
  const tokens = demoTokens(random.bytes(32), { clock, random });
  const demo = demoLedger(platform.ledger);
  const base: EdgeDeps = {
    ...platform,
    ledger: demo.ledger,
    demoLedger: demo,
    ...tokens,
    authenticator: withOwnTokens(ownVerifier(platform), tokens.authenticator, platform),
    // No other Worker is reached from here; the journeys in workerd have the real one.
    business: { fetch: () => Promise.reject(new TypeError('nobody there')) },
    log: (line) => log.push(line),
  };
  const federation = await memoryFederation();
  const deps: EdgeDeps = { ...base, federation, ...change(base) };
  const app = createApp(deps);

  async function tokenOf(identityId: string): Promise<string> {
    const identity = demoIdentities.find(({ id }) => id === identityId);
    if (!identity) throw new Error(`no demo identity ${identityId}`);
    return (await tokens.demo.issue(actorOfIdentity(identity))).token;
  }

  async function call(path: string, options: Call = {}): Promise<Response> {
    const { as = 'teller-zhou', json, form, body } = options;
    const headers = new Headers(options.headers);
    if (as !== null) headers.set('authorization', `Bearer ${await tokenOf(as)}`);
    if (json !== undefined) headers.set('content-type', 'application/json');
    const encoded = form && (await encodedForm(form));
    if (encoded) for (const [name, value] of encoded.headers) headers.set(name, value);
    const content = json === undefined ? (encoded?.bytes ?? body) : JSON.stringify(json);
    return app.request(`http://localhost${path}`, {
      method: options.method ?? (content === undefined ? 'GET' : 'POST'),
      headers,
      ...(content === undefined ? {} : { body: content }),
    });
  }

  /** Messages about work that are due; each is given out once. */
  const queue = () => platform.workQueue.takeDue();
  return { app, call, clock, deps, log, orphans: platform.orphans, queue, tokenOf };
}

export type Edge = Awaited<ReturnType<typeof startEdge>>;

/** With its length, as browsers send it. */
async function encodedForm(fields: NonNullable<Call['form']>) {
  const encoded = new Response(formOf(fields));
  const bytes = await encoded.arrayBuffer();
  const headers = new Map([
    ['content-type', encoded.headers.get('content-type') ?? ''],
    ['content-length', String(bytes.byteLength)],
  ]);
  return { bytes, headers };
}

function formOf(fields: NonNullable<Call['form']>): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) {
    for (const each of value === undefined ? [] : [value].flat()) {
      if (typeof each === 'string') form.append(name, each);
      else form.append(name, new File([each.slice()], `${name}.png`));
    }
  }
  return form;
}

/** The body of an answer whose form the test is about to check. */
export async function bodyOf(response: Response): Promise<Record<string, unknown>> {
  return (await response.json()) as Record<string, unknown>;
}

export const account = { number: '6222-0001', name: '杭州明远贸易有限公司', contact: '0571-5550' };
export const cardDates = { startDate: '2026-01-01', endDate: '2030-12-31' };

async function createdId(response: Response): Promise<string> {
  const body = await bodyOf(response);
  if (response.status !== 201 || typeof body.id !== 'string') {
    throw new Error(`not created: ${response.status} ${JSON.stringify(body)}`);
  }
  return body.id;
}

/** An account with a card and one enrolled seal. */
export async function enrolled(edge: Edge, imprint: Uint8Array, dates = cardDates) {
  const accountId = await createdId(await edge.call('/v1/seals/accounts', { json: account }));
  const cardId = await createdId(
    await edge.call('/v1/seals/cards', { form: { accountId, number: 'YJK-1', ...dates } }),
  );
  const sealId = await createdId(
    await edge.call('/v1/seals', { form: { cardId, serial: 'S-1', shape: 'round', imprint } }),
  );
  return { accountId, cardId, sealId };
}

export function verificationForm(sealId: string, imprint: Uint8Array) {
  return { sealId, currency: 'CNY', amountMinor: '1250000', imprint };
}
