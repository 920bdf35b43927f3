import type { Context, MiddlewareHandler } from 'hono';
import { CinnabarError } from '../../domain/errors.ts';
import { newId } from '../../domain/id.ts';
import type { IdempotencyScope, StoredAnswer } from '../../domain/ports.ts';
import { actorOf, type EdgeEnv } from '../context.ts';
import type { EdgeDeps } from '../deps.ts';
import { partsOf } from './body.ts';

const keptHeaders = ['content-type', 'location'];
const keyPattern = /^[\x21-\x7e]{1,255}$/;

/**
 * Makes a write happen once per `Idempotency-Key` of an actor.
 *
 * The answer of a success is kept and replayed. A failure is not: the next attempt runs again, with
 * the operation id of the first, by which the domain recognises what that one may have left.
 */
export function once(deps: EdgeDeps): MiddlewareHandler<EdgeEnv> {
  return async (c, next) => {
    // What only reads makes nothing that needs a name.
    if (c.req.method === 'GET' || c.req.method === 'HEAD') return next();
    c.set('operationId', newId(deps));
    const key = c.req.header('idempotency-key');
    if (!c.get('rule')?.idempotent || key === undefined) return next();
    if (!keyPattern.test(key)) {
      const fields = [{ pointer: '/header/idempotency-key', code: 'format' }];
      throw new CinnabarError('invalid_request', { fields });
    }
    const actor = actorOf(c);
    const scope: IdempotencyScope = { tenant: actor.tenant, actor: actor.id, key };
    const entry = await deps.idempotency.begin(scope, {
      fingerprintHex: await fingerprint(c),
      operationId: c.get('operationId'),
      nowMs: deps.clock.now(),
    });
    switch (entry.state) {
      case 'running':
        throw new CinnabarError('idempotency_in_progress');
      case 'mismatch':
        throw new CinnabarError('idempotency_key_reused');
      case 'answered':
        return replay(entry.answer);
      case 'started':
        c.set('operationId', entry.operationId);
        await next();
        await settle(deps, scope, entry.operationId, c.res);
    }
    return undefined;
  };
}

/**
 * Keeps a success, gives back the key of a failure.
 *
 * When the store fails here the answer still goes out: the lease of the key ends by itself, and the
 * attempt after that finds the finished operation by its id.
 */
async function settle(
  deps: EdgeDeps,
  scope: IdempotencyScope,
  operationId: string,
  response: Response,
): Promise<void> {
  try {
    if (!response.ok) return await deps.idempotency.release(scope, operationId);
    const answer = await storedAnswer(response);
    await deps.idempotency.complete(scope, operationId, answer);
  } catch (error) {
    if (!(error instanceof CinnabarError)) throw error;
  }
}

async function storedAnswer(response: Response): Promise<StoredAnswer> {
  const headers = keptHeaders.flatMap((name) => {
    const value = response.headers.get(name);
    return value === null ? [] : [[name, value] as const];
  });
  return {
    status: response.status,
    headers: Object.fromEntries(headers),
    body: await response.clone().text(),
  };
}

function replay(answer: StoredAnswer): Response {
  return new Response(answer.body, {
    status: answer.status,
    headers: { ...answer.headers, 'idempotency-replayed': 'true' },
  });
}

/**
 * Tells two requests apart by what they say, not by how they are framed: a repeated upload has
 * another multipart boundary each time.
 */
async function fingerprint(c: Context<EdgeEnv>): Promise<string> {
  const { pathname, search } = new URL(c.req.url);
  const parts = [c.req.method, pathname, search];
  const body = c.get('rule')?.body;
  if (body === 'json') {
    parts.push(await c.req.text());
  } else if (body !== undefined) {
    const described = partsOf(await c.req.formData()).map(async ([name, value]) =>
      JSON.stringify(
        typeof value === 'string'
          ? [name, 'text', value]
          : [name, 'file', await sha256Hex(await value.arrayBuffer())],
      ),
    );
    parts.push(...(await Promise.all(described)).sort());
  }
  return sha256Hex(new Uint8Array(new TextEncoder().encode(JSON.stringify(parts))));
}

async function sha256Hex(bytes: ArrayBuffer | Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
