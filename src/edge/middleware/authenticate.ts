import type { Context, MiddlewareHandler } from 'hono';
import { CinnabarError } from '../../domain/errors.ts';
import type { EdgeEnv } from '../context.ts';
import type { EdgeDeps, PresentedToken } from '../deps.ts';

const authorization = /^(Bearer|DPoP) ([A-Za-z0-9._~+/=-]{1,8192})$/i;

type Request = Pick<Context<EdgeEnv>, 'req'>;

/** The token of the request; empty when there is none. */
export function bearerOf(c: Request): string {
  return authorization.exec(c.req.header('authorization') ?? '')?.[2] ?? '';
}

function presentedOf(c: Request, origin: string): PresentedToken {
  const [, scheme = ''] = authorization.exec(c.req.header('authorization') ?? '') ?? [];
  return {
    scheme: scheme.toLowerCase() === 'dpop' ? 'dpop' : 'bearer',
    method: c.req.method,
    url: `${origin}${new URL(c.req.url).pathname}`,
    proof: c.req.header('dpop'),
  };
}

/** Finds out who asks. A missing or bad token leaves the request without an actor. */
export function identify(
  deps: Pick<EdgeDeps, 'authenticator' | 'nonces' | 'issuer'>,
): MiddlewareHandler<EdgeEnv> {
  return async (c, next) => {
    const rule = c.get('rule');
    const token = rule && !rule.tokenElsewhere ? bearerOf(c) : '';
    if (token !== '') {
      const presented = presentedOf(c, deps.issuer);
      if (presented.scheme === 'dpop') c.header('dpop-nonce', (await deps.nonces.accepted())[0]);
      try {
        c.set('actor', await deps.authenticator.authenticate(token, presented));
      } catch (error) {
        const isRefusal = error instanceof CinnabarError && error.code === 'unauthenticated';
        if (!isRefusal) throw error;
      }
    }
    await next();
  };
}

/**
 * Lets through who has one of the roles that the rule of the route names, and where the route is of
 * the service itself, only people of the institution that runs it.
 */
export function authorise({
  serviceInstitution,
}: Pick<EdgeDeps, 'serviceInstitution'>): MiddlewareHandler<EdgeEnv> {
  return async (c, next) => {
    const rule = c.get('rule');
    if (rule && rule.roles !== 'anyone') {
      const actor = c.get('actor');
      if (!actor) throw new CinnabarError('unauthenticated');
      const allowed = rule.roles;
      const isOurs = !rule.ofService || actor.tenant === serviceInstitution;
      if (!isOurs || !actor.roles.some((role) => allowed.includes(role))) {
        throw new CinnabarError('forbidden');
      }
    }
    await next();
  };
}
