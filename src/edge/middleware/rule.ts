import type { MiddlewareHandler } from 'hono';
import { matchedRoutes } from 'hono/route';
import { routeRules } from '../access.ts';
import type { EdgeEnv } from '../context.ts';
import { patternOf } from '../routing.ts';

/** Looks up the rule of the route that will answer. Without one nothing but 404 or 405 follows. */
export function lookUpRule(): MiddlewareHandler<EdgeEnv> {
  return async (c, next) => {
    const matched = matchedRoutes(c).findLast((route) => route.method !== 'ALL');
    if (matched) {
      const route = patternOf(matched.path);
      const rule = routeRules[`${matched.method} ${route}`];
      c.set('route', route);
      if (rule) c.set('rule', rule);
    }
    await next();
  };
}
