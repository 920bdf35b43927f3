import { utf8ToBytes } from '@noble/hashes/utils.js';
import { verifySessionCertificate } from '../core/session/certificate.ts';
import {
  type InnerAnswer,
  type InnerRequest,
  messageAd,
  sessionBinding,
  terminalKeysText,
} from '../core/session/messages.ts';
import {
  loadSessionSuite,
  SessionError,
  type SessionKeyPair,
  type SessionKeys,
  type SessionSuite,
  type SessionSuiteName,
  sessionSuites,
} from '../core/session/suite.ts';
import { base64urlBytes, base64urlText } from '../lib/base64url.ts';
import { decodePem } from '../lib/pem.ts';
import { ApiError, type Client, createClient } from './api.ts';
import { locked } from './locked.ts';
import {
  areKeysDue,
  type StoredKeySet,
  type StoredTerminal,
  type TerminalVault,
} from './session-keys.ts';
import type { TerminalKeySet } from './types.ts';

export interface TerminalOptions {
  /** Outside of sessions. */
  readonly client: Client;
  readonly tenant: string;
  /** The person, as the access token names them. */
  readonly owner: string;
  readonly terminalId: string;
  readonly vault: TerminalVault;
  /** Root certificates, PEM, from a place that the terminal trusts: the pin of the service. */
  readonly roots: readonly string[];
  /** What to offer; both when left out. */
  readonly suites?: readonly SessionSuiteName[];
  /** SHA-256 of the manifest of the software that runs here now, hex; empty for none. */
  readonly software?: () => Promise<string>;
  readonly now: () => number;
}

/** The service is not who it should be, or somebody changed what was sent. */
export class SessionUntrusted extends ApiError {
  constructor(detail: string, options: { readonly cause?: unknown } = {}) {
    super('session_untrusted', { detail, ...options });
    this.name = 'SessionUntrusted';
  }
}

/** Signs with both halves of the personal key; a `KeySession` does. */
export interface TerminalSigner {
  sign(
    bytes: Uint8Array,
    purpose: {
      readonly purpose: 'terminal_keys' | 'biometric_consent';
      readonly request: string;
    },
  ): Promise<Uint8Array>;
}

/** Makes session keys here and has them made the terminal's, for its person's signature (E5). */
export async function registerSessionKeys(
  options: TerminalOptions,
  person: TerminalSigner,
): Promise<void> {
  const { client, tenant, terminalId, vault } = options;
  const made = await newKeys(options);
  const text = utf8ToBytes(terminalKeysText({ tenant, terminalId }, publicKeysOf(made)));
  const purpose = { purpose: 'terminal_keys', request: base64urlText(text) } as const;
  const signature = base64urlText(await person.sign(text, purpose));
  const certified = await client.sessions.register(terminalId, { keys: textsOf(made), signature });
  await vault.save(terminalId, { current: storedSet(made, certified) });
}

/** An open session: what it carries nobody on the way reads or changes. */
export interface TerminalSession {
  readonly id: string;
  readonly suite: SessionSuiteName;
  readonly endsAtMs: number;
  /** Sends one request, under the next number. @throws ApiError, SessionUntrusted */
  send(request: InnerRequest, signal?: AbortSignal): Promise<InnerAnswer>;
  close(): Promise<void>;
}

/**
 * Opens a session (E6). The service's certificate is verified against the roots before a byte of the
 * handshake leaves.
 *
 * @throws SessionUntrusted, ApiError
 */
export async function openTerminalSession(options: TerminalOptions): Promise<TerminalSession> {
  const stored = await storedTerminal(options);
  if (!stored.next) return sessionUnder(options, stored.current);
  try {
    const session = await sessionUnder(options, stored.next);
    // The first message puts the next keys in force; only then the present ones may go.
    await session.send({ method: 'GET', path: '/v1/terminals?limit=1' });
    await options.vault.save(options.terminalId, { current: stored.next });
    return session;
  } catch (error) {
    const isNotInForce = error instanceof ApiError && error.code === 'session_refused';
    if (!isNotInForce) throw error;
    await options.vault.save(options.terminalId, { current: stored.current });
    return sessionUnder(options, stored.current);
  }
}

async function sessionUnder(
  options: TerminalOptions,
  keys: StoredKeySet,
): Promise<TerminalSession> {
  const { client, tenant, owner, terminalId } = options;
  const software = (await options.software?.()) ?? '';
  const beganMs = options.now();
  const service = await client.sessions.service();
  const offered = (options.suites ?? sessionSuites).filter((name) => keys[name]);
  const chosen = service.suites.find(({ suite }) => offered.includes(suite));
  const own = chosen && keys[chosen.suite];
  if (!chosen || !own) throw new SessionUntrusted('no suite is offered by both sides');
  const suite = await loadSessionSuite(chosen.suite);
  const serviceNowMs = Date.parse(service.now);
  const peer = await trustedKey(options, chosen);
  const terms = {
    terminalId,
    offered,
    suite: chosen.suite,
    terminalCertificate: own.certificateHash,
    serviceCertificate: chosen.certificateHash,
    software,
  };
  const atMs = serviceNowMs + (options.now() - beganMs);
  const binding = sessionBinding({ tenant, owner, ...terms, atMs });
  const pair = suite.keyPairOf(bytesOf(own.privateKey));
  const started = suite.initiate({ own: pair, peer, binding });
  const { id, answer, endsAt } = await client.sessions.open({
    ...terms,
    at: new Date(atMs).toISOString(),
    message: base64urlText(started.message),
  });
  const agreed = trusting(() => started.finish(bytesOf(answer), id));
  pair.privateKey.fill(0);
  return runningSession(client, suite, agreed, { id, endsAtMs: Date.parse(endsAt) });
}

/** The service's key, if its certificate is what the terminal's roots vouch for. */
async function trustedKey(
  { roots, now }: TerminalOptions,
  offered: Awaited<ReturnType<Client['sessions']['service']>>['suites'][number],
): Promise<Uint8Array> {
  const verdict = await verifySessionCertificate(offered.chain.map(bytesOf), {
    role: 'service',
    suite: offered.suite,
    roots: roots.map((pem) => decodePem('CERTIFICATE', pem)),
    atMs: now(),
  });
  if (!verdict.ok) throw new SessionUntrusted(`the service's certificate: ${verdict.code}`);
  return verdict.publicKey;
}

function runningSession(
  client: Client,
  suite: SessionSuite,
  keys: SessionKeys,
  { id, endsAtMs }: { readonly id: string; readonly endsAtMs: number },
): TerminalSession {
  let next = 0;
  return {
    id,
    suite: suite.name,
    endsAtMs,
    async send(request, signal) {
      const number = next++;
      const plaintext = utf8ToBytes(JSON.stringify(request));
      const ad = messageAd(id, number, 'request');
      const body = base64urlText(suite.encrypt(keys.sending, number, ad, plaintext));
      const sent = await client.sessions.send(id, { number, body }, signal ? { signal } : {});
      const opened = trusting(() =>
        suite.decrypt(keys.receiving, number, messageAd(id, number, 'answer'), bytesOf(sent.body)),
      );
      // Encrypted by the service itself, which writes this form.
      return JSON.parse(new TextDecoder().decode(opened)) as InnerAnswer;
    },
    async close() {
      keys.sending.fill(0);
      keys.receiving.fill(0);
      await client.sessions.close(id);
    },
  };
}

/** Another session is opened when the present one has less than this left. */
const spareMs = 30_000;

/**
 * `fetch`, inside sessions of a terminal: a client made with it pays, signs and renews without
 * anybody on the way being able to read, change or repeat it. A session that ended is replaced
 * without being seen, and keys that will end are renewed (E5, E6).
 */
export function terminalFetch(options: TerminalOptions): typeof fetch {
  let opening: Promise<TerminalSession> | undefined;

  function session(): Promise<TerminalSession> {
    opening ??= locked(`terminal-${options.terminalId}`, () => openedAndRenewed(options)).catch(
      (error) => {
        opening = undefined;
        throw error;
      },
    );
    return opening;
  }

  async function send(request: InnerRequest, signal: AbortSignal | undefined) {
    const current = await session();
    if (current.endsAtMs - options.now() < spareMs) opening = undefined;
    try {
      return await (await session()).send(request, signal);
    } catch (error) {
      // The service was started anew. Writes carry their idempotency key, so they may go again.
      if (!(error instanceof ApiError) || error.code !== 'session_not_found') throw error;
      opening = undefined;
      return (await session()).send(request, signal);
    }
  }

  return async (input, init = {}) => {
    const { status, headers, body } = await send(innerOf(input, init), init.signal ?? undefined);
    return new Response(status === 204 ? null : body, { status, headers });
  };
}

function innerOf(input: RequestInfo | URL, init: RequestInit): InnerRequest {
  const { body, method = 'GET' } = init;
  if (body !== undefined && body !== null && typeof body !== 'string') {
    throw new TypeError('a session carries JSON only');
  }
  const { pathname, search } = new URL(String(input), 'https://terminal.invalid');
  const key = new Headers(init.headers).get('idempotency-key');
  return {
    method,
    path: `${pathname}${search}`,
    ...(key === null ? {} : { idempotencyKey: key }),
    ...(typeof body === 'string' ? { body } : {}),
  };
}

/**
 * Renews the keys of a terminal when that is due, inside a session and without its person (E5): for
 * whoever opens the terminal's software without paying. Keys whose time is over stay as they are.
 *
 * @returns whether they were renewed
 * @throws ApiError, SessionUntrusted
 */
export async function renewDueKeys(options: TerminalOptions): Promise<boolean> {
  const stored = await options.vault.load(options.terminalId);
  if (!stored || !areKeysDue(stored, options.now())) return false;
  const session = await locked(`terminal-${options.terminalId}`, () => openedAndRenewed(options));
  await session.close();
  return true;
}

async function openedAndRenewed(options: TerminalOptions): Promise<TerminalSession> {
  const session = await openTerminalSession(options);
  if (!areKeysDue(await storedTerminal(options), options.now())) return session;
  await renewSessionKeys(options, session);
  const renewed = await openTerminalSession(options);
  await session.close();
  return renewed;
}

/** Makes the next keys here and has them certified inside the session, without the person (E5). */
export async function renewSessionKeys(
  options: TerminalOptions,
  session: TerminalSession,
): Promise<void> {
  const { terminalId, vault } = options;
  const { current } = await storedTerminal(options);
  const made = await newKeys(options);
  const inside = createClient({
    fetch: async (input, init = {}) => {
      const { status, headers, body } = await session.send(innerOf(input, init));
      return new Response(body, { status, headers });
    },
  });
  const certified = await inside.sessions.renew(terminalId, { keys: textsOf(made) });
  await vault.save(terminalId, { current, next: storedSet(made, certified) });
}

type MadeKeys = readonly (readonly [SessionSuiteName, SessionKeyPair])[];

function newKeys({ suites = sessionSuites }: TerminalOptions): Promise<MadeKeys> {
  return Promise.all(
    suites.map(async (name) => [name, (await loadSessionSuite(name)).keyPair()] as const),
  );
}

const publicKeysOf = (made: MadeKeys) =>
  Object.fromEntries(made.map(([suite, { publicKey }]) => [suite, publicKey]));

const textsOf = (made: MadeKeys) =>
  Object.fromEntries(made.map(([suite, { publicKey }]) => [suite, base64urlText(publicKey)]));

function storedSet(made: MadeKeys, certified: TerminalKeySet): StoredKeySet {
  const entries = made.flatMap(([suite, { privateKey }]) => {
    const key = certified[suite];
    if (!key) return [];
    const { certificateHash, notAfter } = key;
    return [[suite, { privateKey: base64urlText(privateKey), certificateHash, notAfter }] as const];
  });
  return Object.fromEntries(entries);
}

async function storedTerminal({ vault, terminalId }: TerminalOptions): Promise<StoredTerminal> {
  const stored = await vault.load(terminalId);
  if (!stored) throw new ApiError('terminal_not_here');
  return stored;
}

function trusting<T>(open: () => T): T {
  try {
    return open();
  } catch (cause) {
    if (!(cause instanceof SessionError)) throw cause;
    throw new SessionUntrusted('the service did not prove its key', { cause });
  }
}

const bytesOf = (text: string) => base64urlBytes(text) ?? new Uint8Array(0);
