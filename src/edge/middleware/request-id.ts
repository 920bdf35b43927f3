import type { MiddlewareHandler } from 'hono';
import { newId } from '../../domain/id.ts';
import type { EdgeEnv } from '../context.ts';
import type { EdgeDeps } from '../deps.ts';

/** Names the request. The name is always ours: one that a caller chose could mislead the log. */
export function nameRequest(deps: EdgeDeps): MiddlewareHandler<EdgeEnv> {
  return async (c, next) => {
    const requestId = newId(deps);
    c.set('requestId', requestId);
    c.header('x-request-id', requestId);
    await next();
  };
}
