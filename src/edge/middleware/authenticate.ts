import type { Context, MiddlewareHandler } from 'hono';
import { CinnabarError } from '../../domain/errors.ts';
import type { EdgeEnv } from '../context.ts';
import type { Authenticator } from '../deps.ts';

const bearer = /^Bearer ([A-Za-z0-9._~+/=-]{1,8192})$/i;

/** The token of the request; empty when there is none. */
export function bearerOf(c: Pick<Context<EdgeEnv>, 'req'>): string {
  return bearer.exec(c.req.header('authorization') ?? '')?.[1] ?? '';
}

/** Finds out who asks. A missing or bad token leaves the request without an actor. */
export function identify(authenticator: Authenticator): MiddlewareHandler<EdgeEnv> {
  return async (c, next) => {
    const token = bearerOf(c);
    if (token !== '' && c.get('rule')) {
      try {
        c.set('actor', await authenticator.authenticate(token));
      } catch (error) {
        const isRefusal = error instanceof CinnabarError && error.code === 'unauthenticated';
        if (!isRefusal) throw error;
      }
    }
    await next();
  };
}

/** Lets through who has one of the roles that the rule of the route names. */
export function authorise(): MiddlewareHandler<EdgeEnv> {
  return async (c, next) => {
    const rule = c.get('rule');
    if (rule && rule.roles !== 'anyone') {
      const actor = c.get('actor');
      if (!actor) throw new CinnabarError('unauthenticated');
      const allowed = rule.roles;
      if (!actor.roles.some((role) => allowed.includes(role))) throw new CinnabarError('forbidden');
    }
    await next();
  };
}
