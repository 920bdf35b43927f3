import { createRoute } from '@hono/zod-openapi';
import { CinnabarError } from '../../domain/errors.ts';
import type { InnerAnswer, TerminalPublicKeys } from '../../domain/terminals/ports.ts';
import { currentServiceKeys } from '../../domain/terminals/service-keys.ts';
import { closeSession, openSession, receiveInSession } from '../../domain/terminals/sessions.ts';
import { registerTerminalKeys, renewTerminalKeys } from '../../domain/terminals/terminal-keys.ts';
import type { CertifiedKey, KeySet } from '../../domain/terminals/types.ts';
import { base64urlText } from '../../lib/base64url.ts';
import { instantText } from '../../lib/time.ts';
import {
  actorOf,
  bindingsOf,
  callerOf,
  type EdgeApp,
  type EdgeContext,
  type EdgeEnv,
} from '../context.ts';
import type { EdgeDeps } from '../deps.ts';
import { idParamsSchema } from '../schemas/common.ts';
import {
  innerRequestSchema,
  newSessionSchema,
  renewedKeysSchema,
  sessionAnswerSchema,
  sessionRequestSchema,
  sessionSchema,
  sessionServiceSchema,
  type TerminalKeySetView,
  terminalKeySetSchema,
  terminalKeysSchema,
} from '../schemas/sessions.ts';
import { about, json, jsonBody, problems } from './contract.ts';
import { present } from './input.ts';
import { bytesOf } from './personal-keys.ts';

const tag = 'Payments';
const sessions = '/v1/sessions';
const keys = '/v1/terminals/{id}/keys';
const params = idParamsSchema;

const serviceRoute = createRoute({
  method: 'get',
  path: '/v1/session-service',
  ...about('GET /v1/session-service', {
    tag,
    operationId: 'getSessionService',
    summary: "The service's certified session keys, and its time",
    description: 'A terminal verifies the certificates against the roots that it knows.',
  }),
  responses: {
    200: json(sessionServiceSchema, 'The keys.'),
    ...problems('GET /v1/session-service', 'chips_unavailable', 'chips_busy'),
  },
});

const registerRoute = createRoute({
  method: 'put',
  path: keys,
  ...about(`PUT ${keys}`, {
    tag,
    operationId: 'registerTerminalKeys',
    summary: 'Make keys the session keys of an own terminal',
    description:
      'From then on the terminal pays through its sessions only. Done again, the keys are replaced and its sessions end.',
  }),
  request: { params, body: jsonBody(terminalKeysSchema) },
  responses: {
    200: json(terminalKeySetSchema, 'The keys with their certificates.'),
    ...problems(
      `PUT ${keys}`,
      'personal_key_not_found',
      'personal_key_state',
      'signature_invalid',
      'terminal_not_found',
      'rows_contended',
      'audit_unavailable',
      'chips_unavailable',
      'chips_busy',
    ),
  },
});

const renewRoute = createRoute({
  method: 'post',
  path: `${keys}/renew`,
  ...about(`POST ${keys}/renew`, {
    tag,
    operationId: 'renewTerminalKeys',
    summary: 'Certify the next session keys of the terminal whose session this is',
    description:
      'Only inside a session. The next keys are in force with the first message of a session under them; until then the present ones are.',
  }),
  request: { params, body: jsonBody(renewedKeysSchema) },
  responses: {
    200: json(terminalKeySetSchema, 'The next keys with their certificates.'),
    ...problems(
      `POST ${keys}/renew`,
      'session_required',
      'terminal_not_found',
      'rows_contended',
      'audit_unavailable',
      'chips_unavailable',
      'chips_busy',
    ),
  },
});

const openRoute = createRoute({
  method: 'post',
  path: sessions,
  ...about(`POST ${sessions}`, {
    tag,
    operationId: 'openSession',
    summary: 'Open a mutually authenticated session with a terminal',
  }),
  request: { body: jsonBody(newSessionSchema) },
  responses: {
    200: json(sessionSchema, 'The session.'),
    ...problems(
      `POST ${sessions}`,
      'terminal_not_found',
      'session_refused',
      'session_clock',
      'terminal_keys_expired',
      'software_refused',
      'audit_unavailable',
      'chips_unavailable',
      'chips_busy',
    ),
  },
});

const requestRoute = createRoute({
  method: 'post',
  path: `${sessions}/{id}/requests`,
  ...about(`POST ${sessions}/{id}/requests`, {
    tag,
    operationId: 'sendInSession',
    summary: 'Carry an encrypted request to payments, terminals or personal keys',
    description:
      'Whatever the request inside comes to, also a problem, is the encrypted answer. What is refused out here did not belong to the session, and nothing was done.',
  }),
  request: { params, body: jsonBody(sessionRequestSchema) },
  responses: {
    200: json(sessionAnswerSchema, 'The encrypted answer.'),
    ...problems(`POST ${sessions}/{id}/requests`, 'session_not_found', 'session_message_refused'),
  },
});

const closeRoute = createRoute({
  method: 'delete',
  path: `${sessions}/{id}`,
  ...about(`DELETE ${sessions}/{id}`, {
    tag,
    operationId: 'closeSession',
    summary: 'End a session; its keys are erased',
  }),
  request: { params },
  responses: {
    204: { description: 'There is no such session any more.' },
    ...problems(`DELETE ${sessions}/{id}`),
  },
});

export function addSessionRoutes(app: EdgeApp, deps: EdgeDeps): void {
  app.openapi(serviceRoute, async (c) => {
    const current = await currentServiceKeys(deps, actorOf(c).tenant);
    const suites = current.map((key) => ({ suite: key.suite, ...keyView(key) }));
    return c.json({ now: instantText(deps.clock.now()), suites }, 200);
  });

  app.openapi(registerRoute, async (c) => {
    const { id: terminalId } = c.req.valid('param');
    const body = c.req.valid('json');
    const signature = bytesOf(body.signature, 'signature');
    const request = { terminalId, keys: publicKeysOf(body.keys), signature };
    return c.json(keySetView(await registerTerminalKeys(deps, callerOf(c), request)), 200);
  });

  app.openapi(renewRoute, async (c) => {
    const { id: terminalId } = c.req.valid('param');
    const request = { terminalId, keys: publicKeysOf(c.req.valid('json').keys) };
    return c.json(keySetView(await renewTerminalKeys(deps, callerOf(c), request)), 200);
  });

  app.openapi(openRoute, async (c) => {
    const { at, message, ...terms } = c.req.valid('json');
    const request = { ...terms, atMs: Date.parse(at), message: bytesOf(message, 'message') };
    const { id, answer, endsAtMs } = await openSession(deps, callerOf(c), request);
    const endsAt = instantText(endsAtMs);
    return c.json({ id, answer: base64urlText(answer), endsAt }, 200);
  });

  app.openapi(requestRoute, async (c) => {
    const { number, body } = c.req.valid('json');
    const message = { id: c.req.valid('param').id, number, ciphertext: bytesOf(body, 'body') };
    const exchange = await receiveInSession(deps, callerOf(c), message);
    const { terminalId, plaintext } = exchange;
    const inner = await answerInside(app, c, { ...bindingsOf(c), terminalId }, plaintext);
    const answer = exchange.answer(new TextEncoder().encode(JSON.stringify(inner)));
    return c.json({ body: base64urlText(answer) }, 200);
  });

  app.openapi(closeRoute, async (c) => {
    await closeSession(deps, callerOf(c), c.req.valid('param').id);
    return c.body(null, 204);
  });
}

const keptHeaders = ['content-type', 'location', 'retry-after', 'x-request-id'];

/** Lets the service answer the request inside, as the person whose session it is. */
async function answerInside(
  app: EdgeApp,
  c: EdgeContext,
  bindings: EdgeEnv['Bindings'],
  plaintext: Uint8Array,
): Promise<InnerAnswer> {
  const inner = innerRequestSchema.safeParse(jsonIn(plaintext));
  if (!inner.success) throw malformedInside();
  const { method, path, body, idempotencyKey } = inner.data;
  const url = new URL(path, c.req.url);
  // The path that was looked at is the one that is served: no way up, no other place.
  if (`${url.pathname}${url.search}` !== path) throw malformedInside();
  const headers = new Headers({ authorization: c.req.header('authorization') ?? '' });
  // Where the page is, which passkeys are bound to, and where it asks from.
  for (const name of ['origin', 'cf-connecting-ip']) {
    const value = c.req.header(name);
    if (value !== undefined) headers.set(name, value);
  }
  if (idempotencyKey !== undefined) headers.set('idempotency-key', idempotencyKey);
  if (body !== undefined) headers.set('content-type', 'application/json');
  const init = body === undefined ? { method, headers } : { method, headers, body };
  const answer = await app.fetch(new Request(url, init), bindings);
  const kept = keptHeaders.flatMap((name) => {
    const value = answer.headers.get(name);
    return value === null ? [] : [[name, value] as const];
  });
  return {
    status: answer.status,
    headers: Object.fromEntries(kept),
    body: await answer.text(),
  };
}

function malformedInside(): CinnabarError {
  const fields = [{ pointer: '/body/body', code: 'malformed' }];
  return new CinnabarError('invalid_request', { fields });
}

function jsonIn(plaintext: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(plaintext));
  } catch {
    return undefined;
  }
}

function publicKeysOf({
  x25519,
  sm2,
}: {
  readonly x25519?: string | undefined;
  readonly sm2?: string | undefined;
}): TerminalPublicKeys {
  return {
    ...(x25519 === undefined ? {} : { x25519: bytesOf(x25519, 'keys/x25519') }),
    ...(sm2 === undefined ? {} : { sm2: bytesOf(sm2, 'keys/sm2') }),
  };
}

function keyView({ publicKey, chain, certificateHash, notAfterMs }: CertifiedKey) {
  return { publicKey, chain: [...chain], certificateHash, notAfter: instantText(notAfterMs) };
}

function keySetView({ x25519, sm2 }: KeySet): TerminalKeySetView {
  return present({ x25519: x25519 && keyView(x25519), sm2: sm2 && keyView(sm2) });
}
