import type { Context } from 'hono';
import { CinnabarError } from '../domain/errors.ts';
import { routeRules } from './access.ts';
import type { EdgeApp, EdgeEnv } from './context.ts';
import { answerProblem } from './problem.ts';

/** As many as there are routes; every request asks for one. */
const patterns = new Map<string, string>();

/**
 * `/v1/seals/:id` as OpenAPI and `access.ts` write it: `/v1/seals/{id}`; so is `:path{.+}`.
 *
 * @param path of a route, never of a request
 */
export function patternOf(path: string): string {
  const known = patterns.get(path);
  if (known !== undefined) return known;
  const pattern = path.replace(/:(\w+)(?:\{[^}]*\})?/g, '{$1}');
  patterns.set(path, pattern);
  return pattern;
}

/** Answers for a path that no route of this method has: 405 when another method has one. */
export function answerMissing(app: EdgeApp, c: Context<EdgeEnv>): Response {
  const allowed = methodsOf(app, c.req.path);
  if (allowed.length === 0) return answerProblem(c, new CinnabarError('not_found'));
  c.header('allow', allowed.join(', '));
  return answerProblem(c, new CinnabarError('method_not_allowed'));
}

function methodsOf(app: EdgeApp, path: string): readonly string[] {
  const methods = [...new Set(app.routes.map((route) => route.method))];
  const found = methods.filter(
    (method) =>
      method !== 'ALL' &&
      app.router.match(method, path)[0].some(([[, route]]) => route.method === method),
  );
  // Hono answers HEAD wherever there is GET.
  return found.includes('GET') ? [...found, 'HEAD'] : found;
}

/**
 * A route without a rule would be open to everybody, so the service does not start with one.
 *
 * @throws Error
 */
export function assertEveryRouteHasRule(app: EdgeApp): void {
  for (const { method, path } of app.routes) {
    if (method === 'ALL') continue;
    const key = `${method} ${patternOf(path)}`;
    if (!routeRules[key]) throw new Error(`access.ts has no rule for ${key}`);
  }
}
