import { Hono } from 'hono';
import {
  type BusinessSystem,
  businessSystem,
  type OpenedToken,
  referenceBehaviourRules,
  remoteKeys,
  type SystemKeys,
  systemKeys,
  TokenError,
} from '../core/business.ts';
import { CinnabarError } from '../domain/errors.ts';
import { base64urlBytes } from '../lib/base64url.ts';
import {
  type BehaviourDesk,
  durableBehaviourLog,
  durableSeenOnce,
} from '../platform/durable/behaviour-desk.ts';
import { systemClock } from '../platform/system.ts';
import { parseBillRequest, problemAnswer, tokenOf } from './bills/answers.ts';
import type { BillBook } from './bills/bills.ts';
import { billSystem, enrolInDemo } from './bills/enrol.ts';
import { billActions, handleBill, masked } from './bills/handle.ts';

export { BehaviourDesk } from '../platform/durable/behaviour-desk.ts';
export { BillBook } from './bills/bills.ts';

/** The bindings of business.toml. */
export interface BusinessBindings {
  /** The authentication centre: its published keys, and in demo mode the registration. */
  readonly CENTRE: Fetcher;
  readonly TOKEN_ISSUER: string;
  /** Where terminals reach this system; proofs of possession name it. */
  readonly PUBLIC_URL: string;
  readonly ENROL?: string;
  /** 32 bytes in base64url: the one secret of this system. */
  readonly BUSINESS_KEY: string;
  readonly BEHAVIOUR: DurableObjectNamespace<BehaviourDesk>;
  readonly BILLS: DurableObjectNamespace<BillBook>;
}

interface Opened {
  readonly keys: SystemKeys;
  readonly system: BusinessSystem;
}

type Env = {
  Bindings: BusinessBindings;
  Variables: { system: BusinessSystem; holder: OpenedToken };
};

const app = new Hono<Env>();

app.get('/system', async (c) => {
  const { keys } = await openedOnce(c.env);
  if (c.env.ENROL === 'demo') await enrolledOnce(c.env, keys);
  return c.json({ ...billSystem, actions: [...billActions], kid: keys.key.kid });
});

/** Everything below is for who brings a token for this system. */
app.use(async (c, next) => {
  const { system } = await openedOnce(c.env);
  const url = `${c.env.PUBLIC_URL}${new URL(c.req.url).pathname}`;
  const proof = c.req.header('dpop');
  const holder = await system.open(tokenOf(c.req.header('authorization')), {
    method: c.req.method,
    url,
    proof,
  });
  c.set('system', system);
  c.set('holder', holder);
  await next();
});

app.post('/requests', async (c) => {
  const request = parseBillRequest(await c.req.text());
  const { system, holder } = c.var;
  const book = c.env.BILLS.getByName(holder.subject);
  const answer = await handleBill({ system, holder, book, now: systemClock.now }, request);
  return c.json({ action: request.action, ...answer });
});

/** What this system reads in the token, recognisable for its holder and of no use to others. */
app.get('/view', (c) => {
  const { claims, facts, subject } = c.var.holder;
  return c.json({
    system: billSystem.name,
    subject,
    expiresAt: new Date(claims.exp * 1000).toISOString(),
    facts: facts.map(({ name, label, value }) => ({ name, label, masked: masked(value) })),
  });
});

app.get('/insights', async (c) => c.json(await c.var.system.keyData(c.var.holder)));
app.get('/events', async (c) => c.json(await c.var.system.export(c.var.holder)));
app.delete('/events', async (c) => c.json({ erased: await c.var.system.erase(c.var.holder) }));

app.notFound((c) => problemAnswer(c, new CinnabarError('not_found')));
app.onError((error, c) => {
  const isRefused = error instanceof TokenError;
  return problemAnswer(c, isRefused ? new CinnabarError('business_token_refused') : error);
});

async function open(env: BusinessBindings): Promise<Opened> {
  const keys = await systemKeys(base64urlBytes(env.BUSINESS_KEY) ?? new Uint8Array());
  const url = `${env.TOKEN_ISSUER}/.well-known/jwks.json`;
  const system = businessSystem({
    issuer: env.TOKEN_ISSUER,
    name: billSystem.name,
    keys: remoteKeys({ url, fetch: (address) => env.CENTRE.fetch(address) }),
    openingKeys: [keys.key],
    profiles: ['cin-sealed-1', 'cin-sd-1'],
    seen: durableSeenOnce(env.BEHAVIOUR),
    now: systemClock.now,
    log: durableBehaviourLog(env.BEHAVIOUR),
    rules: { ...referenceBehaviourRules, actions: billActions },
    pseudonymKey: keys.pseudonymKey,
  });
  return { keys, system };
}

let opened: Promise<Opened> | undefined;

/** Once per isolate: the bindings of one deployment do not change. */
function openedOnce(env: BusinessBindings): Promise<Opened> {
  opened ??= open(env);
  return opened;
}

let enrolled: Promise<void> | undefined;

/** Several that come first cause one registration; one that failed is tried again. */
function enrolledOnce(env: BusinessBindings, keys: SystemKeys): Promise<void> {
  enrolled ??= enrolInDemo({ centre: env.CENTRE, issuer: env.TOKEN_ISSUER, keys });
  enrolled.catch(() => {
    enrolled = undefined;
  });
  return enrolled;
}

export default app satisfies ExportedHandler<BusinessBindings>;
