import type { OpenAPIHono } from '@hono/zod-openapi';
import type { Context } from 'hono';
import type { Actor, Caller } from '../domain/actor.ts';
import { CinnabarError, type ErrorCode } from '../domain/errors.ts';
import type { Place } from '../domain/risk/types.ts';
import type { RouteRule } from './access.ts';

/** What the middleware leaves for those behind it. */
export interface EdgeEnv {
  Bindings: {
    /** Not from outside: only a session gives it to the request that it carries. */
    readonly terminalId?: string;
    /** Where the request came from, if the network in front of the Worker says so. */
    readonly place?: Place;
  };
  Variables: {
    requestId: string;
    /** The pattern of the matched route, and its rule; both absent when nothing matched. */
    route?: string;
    rule?: RouteRule;
    /** Set when the request carries a valid token. */
    actor?: Actor;
    /** The id of what a write creates: the same for each attempt under one idempotency key. */
    operationId: string;
    errorCode?: ErrorCode;
  };
}

export type EdgeApp = OpenAPIHono<EdgeEnv>;
export type EdgeContext = Context<EdgeEnv>;

/** The actor. Routes that call this have roles in `access.ts`, so it is there. */
export function actorOf(c: EdgeContext): Actor {
  const actor = c.get('actor');
  if (!actor) throw new CinnabarError('unauthenticated');
  return actor;
}

/** Where the app is called without bindings there are none, whatever the type says. */
export const bindingsOf = (c: EdgeContext): EdgeEnv['Bindings'] =>
  (c.env as EdgeEnv['Bindings'] | undefined) ?? {};

export function callerOf(c: EdgeContext): Caller {
  const { terminalId } = bindingsOf(c);
  const caller = { actor: actorOf(c), requestId: c.get('requestId') };
  return terminalId === undefined ? caller : { ...caller, terminalId };
}
