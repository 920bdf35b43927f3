import { Hono } from 'hono';
import {
  type BusinessSystem,
  businessSystem,
  type OpenedToken,
  type ProfileName,
  referenceBehaviourRules,
  remoteKeys,
  type SystemCurve,
  type SystemKeys,
  systemKeys,
  TokenError,
} from '../core/business.ts';
import { typeOf } from '../core/token/compact.ts';
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
import { billSystems, enrolInDemo } from './bills/enrol.ts';
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
  readonly name: string;
  readonly keys: SystemKeys;
  readonly system: BusinessSystem;
}

type Env = {
  Bindings: BusinessBindings;
  Variables: { name: string; system: BusinessSystem; holder: OpenedToken };
};

const app = new Hono<Env>();

app.get('/system', async (c) => {
  const opened = await openedOnce(c.env);
  if (c.env.ENROL === 'demo') await enrolledOnce(c.env, opened);
  return c.json({
    ...billSystems.X25519,
    actions: [...billActions],
    kid: opened.X25519.keys.key.kid,
  });
});

/** Everything below is for who brings a token for this system. */
app.use(async (c, next) => {
  const opened = await openedOnce(c.env);
  const token = tokenOf(c.req.header('authorization'));
  const { name, system } = opened[isOfGm(token) ? 'SM2' : 'X25519'];
  const url = `${c.env.PUBLIC_URL}${new URL(c.req.url).pathname}`;
  const proof = c.req.header('dpop');
  const holder = await system.open(token, { method: c.req.method, url, proof });
  c.set('name', name);
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
    system: c.var.name,
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

/** Which of the two a token asks; each accepts its own profiles only, whatever a header says. */
function isOfGm(token: string): boolean {
  try {
    return typeOf(token) === 'cin-sm+jwt';
  } catch {
    return false;
  }
}

const profilesOf: Readonly<Record<SystemCurve, readonly ProfileName[]>> = {
  X25519: ['cin-sealed-1', 'cin-sd-1'],
  SM2: ['cin-sm-1'],
};

async function open(env: BusinessBindings, curve: SystemCurve): Promise<Opened> {
  const { name } = billSystems[curve];
  const keys = await systemKeys(base64urlBytes(env.BUSINESS_KEY) ?? new Uint8Array(), curve);
  const query = curve === 'SM2' ? '?profile=cin-sm-1' : '';
  const url = `${env.TOKEN_ISSUER}/.well-known/jwks.json${query}`;
  const system = businessSystem({
    issuer: env.TOKEN_ISSUER,
    name,
    keys: remoteKeys({ url, fetch: (address) => env.CENTRE.fetch(address) }),
    openingKeys: [keys.key],
    profiles: profilesOf[curve],
    seen: durableSeenOnce(env.BEHAVIOUR),
    now: systemClock.now,
    log: durableBehaviourLog(env.BEHAVIOUR),
    rules: { ...referenceBehaviourRules, actions: billActions },
    pseudonymKey: keys.pseudonymKey,
  });
  return { name, keys, system };
}

type BothSystems = Readonly<Record<SystemCurve, Opened>>;

let opened: Promise<BothSystems> | undefined;

/** Once per isolate: the bindings of one deployment do not change. */
function openedOnce(env: BusinessBindings): Promise<BothSystems> {
  opened ??= openBoth(env);
  return opened;
}

async function openBoth(env: BusinessBindings): Promise<BothSystems> {
  const [X25519, SM2] = await Promise.all([open(env, 'X25519'), open(env, 'SM2')]);
  return { X25519, SM2 };
}

let enrolled: Promise<void> | undefined;

/** Several that come first cause one registration; one that failed is tried again. */
function enrolledOnce(env: BusinessBindings, both: BothSystems): Promise<void> {
  enrolled ??= enrolBoth(env, both);
  enrolled.catch(() => {
    enrolled = undefined;
  });
  return enrolled;
}

async function enrolBoth(env: BusinessBindings, { X25519, SM2 }: BothSystems): Promise<void> {
  const centre = { centre: env.CENTRE, issuer: env.TOKEN_ISSUER };
  await enrolInDemo({ ...centre, system: billSystems.X25519, keys: X25519.keys });
  await enrolInDemo({ ...centre, system: billSystems.SM2, keys: SM2.keys });
}

export default app satisfies ExportedHandler<BusinessBindings>;
