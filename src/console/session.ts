import { computed, signal } from '@preact/signals';
// The whole door would bring what only some pages need into the first load.
import { ApiError, createClient } from '../client/api.ts';
import type { DemoIdentity, Role, TokenAnswer } from '../client/index.ts';
import { remember, remembered } from './storage.ts';

const renewBeforeMs = 30_000;

export type SessionState =
  | { kind: 'starting' }
  | { kind: 'ready'; identities: DemoIdentity[]; identity: DemoIdentity }
  | { kind: 'no-demo' }
  | { kind: 'failed'; error: ApiError };

export const session = signal<SessionState>({ kind: 'starting' });
export const identity = computed(() =>
  session.value.kind === 'ready' ? session.value.identity : undefined,
);

/** The demo routes and the state of the service need no token. */
export const openClient = createClient();

let held: { identity: string; token: string; expiresAtMs: number } | undefined;
/** Of somebody who came in with a passkey. Nowhere but here: a reload asks for the passkey again. */
let refresh: { identity: string; token: string } | undefined;
let pending: { identity: string; token: Promise<string> } | undefined;

async function fetchToken(id: string): Promise<string> {
  if (refresh?.identity === id) {
    return keepToken(id, await openClient.passkeys.staySignedIn(refresh.token).catch(signedOut));
  }
  const answer = await openClient.demo.token(id);
  held = { identity: id, token: answer.token, expiresAtMs: Date.parse(answer.expiresAt) };
  return answer.token;
}

/** The sign-in is over: it ended, or was withdrawn. */
function signedOut(cause: unknown): never {
  if (cause instanceof ApiError && cause.status === 400) {
    refresh = undefined;
    void startSession();
  }
  throw cause;
}

function keepToken(id: string, answer: TokenAnswer): string {
  const { accessToken: token, refreshToken = '', expiresAt } = answer;
  held = { identity: id, token, expiresAtMs: Date.parse(expiresAt) };
  refresh = { identity: id, token: refreshToken };
  return token;
}

/**
 * The token of the current identity, renewed before it ends or when the service refused it. The
 * person does not see it happen, and requests that start together share one renewal.
 */
async function currentToken(refused: boolean): Promise<string> {
  const id = identity.value?.id;
  if (id === undefined) throw new ApiError('unauthenticated', { status: 401 });
  const usable = held?.identity === id && held.expiresAtMs - Date.now() > renewBeforeMs;
  if (held && usable && !refused) return held.token;
  if (pending?.identity !== id) {
    const token = fetchToken(id).finally(() => {
      pending = undefined;
    });
    pending = { identity: id, token };
  }
  return pending.token;
}

export const client = createClient({ token: currentToken });

/** The bearer token of the current identity, for calls that no client makes. */
export const sessionToken = () => currentToken(false);

const may = {
  readSeals: ['teller', 'reviewer', 'administrator', 'auditor'],
  writeSeals: ['teller', 'administrator'],
  approveSeals: ['administrator', 'reviewer'],
  readPolicies: ['teller', 'reviewer', 'administrator', 'auditor', 'risk_officer'],
  proposePolicies: ['administrator'],
  approvePolicies: ['administrator', 'risk_officer'],
  apply: ['customer', 'teller', 'administrator', 'developer'],
  readModel: ['risk_officer', 'administrator', 'auditor', 'developer'],
  readRules: ['risk_officer', 'administrator', 'auditor'],
  readAudit: ['auditor', 'administrator'],
  measureCore: ['developer'],
  operateChips: ['operator', 'administrator'],
  readCertificates: [
    'teller',
    'reviewer',
    'administrator',
    'customer',
    'developer',
    'risk_officer',
    'auditor',
  ],
  pay: ['customer', 'teller', 'administrator', 'developer'],
  watchPayments: ['risk_officer', 'administrator'],
  governKeys: ['administrator'],
  readReports: ['auditor', 'administrator'],
  exportRecords: ['auditor', 'administrator', 'risk_officer'],
  readUses: ['auditor', 'administrator', 'risk_officer'],
  applyCertificates: ['customer', 'teller', 'administrator', 'developer'],
  identifyApplicants: ['teller', 'reviewer', 'administrator'],
  approveCertificates: ['administrator', 'risk_officer'],
  overrideTiers: ['reviewer', 'administrator', 'risk_officer'],
  manageCertificates: ['administrator'],
  registerSystems: ['administrator', 'developer'],
  changeSystems: ['administrator'],
  rotateKeys: ['administrator', 'operator'],
  readWebhooks: ['administrator', 'developer', 'auditor'],
  changeWebhooks: ['administrator'],
  testWebhooks: ['administrator', 'developer'],
} satisfies Record<string, readonly Role[]>;

/** What the console shows; the service decides again on every request. */
export function allows(right: keyof typeof may): boolean {
  const role = identity.value?.role;
  const allowed: readonly Role[] = may[right];
  return role !== undefined && allowed.includes(role);
}

export async function startSession(): Promise<void> {
  session.value = { kind: 'starting' };
  try {
    const { identities } = await openClient.demo.identities();
    const wanted = remembered('identity');
    const first =
      identities.find((item) => item.id === wanted) ??
      identities.find((item) => item.role === 'teller') ??
      identities[0];
    session.value = first ? { kind: 'ready', identities, identity: first } : { kind: 'no-demo' };
    // Under way while the page's scripts are; whoever needs it asks again if it fails.
    if (first) currentToken(false).catch(() => undefined);
  } catch (cause) {
    const error = cause instanceof ApiError ? cause : new ApiError('unexpected_answer', { cause });
    session.value = error.status === 404 ? { kind: 'no-demo' } : { kind: 'failed', error };
  }
}

/**
 * Goes on as whoever the passkey belongs to. The service decides who that is; what is read from the
 * token here is only for showing.
 *
 * @throws ApiError
 */
export async function signIn(institution: string): Promise<void> {
  const { askPasskey } = await import('./person/passkey.ts');
  const { gesture } = await askPasskey(await openClient.passkeys.startSignIn(institution));
  const answer = await openClient.passkeys.signIn(institution, gesture);
  const { identityOf } = await import('./person/identity.ts');
  const identities = session.value.kind === 'ready' ? session.value.identities : [];
  const who = identityOf(answer.accessToken, identities);
  session.value = { kind: 'ready', identities, identity: who };
  keepToken(who.id, answer);
}

export function becomeIdentity(next: DemoIdentity): void {
  if (session.value.kind !== 'ready') return;
  refresh = undefined;
  held = undefined;
  session.value = { ...session.value, identity: next };
  remember('identity', next.id);
}
