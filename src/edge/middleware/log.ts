import type { MiddlewareHandler } from 'hono';
import { CinnabarError } from '../../domain/errors.ts';
import type { EdgeEnv } from '../context.ts';
import type { EdgeDeps } from '../deps.ts';
import type { Metrics } from '../metrics.ts';

const causesMax = 4;
const stackLinesMax = 8;
const unmatched = 'none';
/** Callers may invent methods; log and counters know these. */
const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/** Writes one line per request and counts it, whatever happens inside. */
export function observe(deps: EdgeDeps, metrics: Metrics): MiddlewareHandler<EdgeEnv> {
  return async (c, next) => {
    const startedAtMs = deps.clock.now();
    await next();
    const { status } = c.res;
    const route = c.get('route') ?? unmatched;
    const ms = deps.clock.now() - startedAtMs;
    const code = c.get('errorCode');
    const actor = c.get('actor');
    const method = methods.has(c.req.method) ? c.req.method : 'other';
    metrics.count({ method, route, status, ms });
    deps.log({
      event: status >= 500 ? 'failure' : 'request',
      requestId: c.get('requestId'),
      method,
      route,
      status,
      ms,
      ...(code === undefined ? {} : { code }),
      ...(actor === undefined ? {} : { actor: actor.id, tenant: actor.tenant }),
      ...(status >= 500 && c.error ? { causes: causesOf(c.error) } : {}),
    });
  };
}

/** Names and places only: the message of a foreign error may repeat what it choked on. */
function causesOf(error: unknown): { name: string; stack: string }[] {
  const causes: { name: string; stack: string }[] = [];
  let next = error;
  while (next instanceof Error && causes.length < causesMax) {
    causes.unshift({
      name: next instanceof CinnabarError ? `${next.name} ${next.code}` : next.name,
      stack: placesOf(next.stack ?? ''),
    });
    next = next.cause;
  }
  return causes;
}

function placesOf(stack: string): string {
  const places = stack.split('\n').filter((line) => /^\s+at /.test(line));
  return places
    .slice(0, stackLinesMax)
    .map((line) => line.trim())
    .join('\n');
}
