import type { MiddlewareHandler } from 'hono';
import type { EdgeEnv } from '../context.ts';

/**
 * The content security policy of every answer, static files included.
 *
 * Scripts come from our own files; `wasm-unsafe-eval` lets them compile WebAssembly and nothing
 * else. Pictures that a page made itself are `blob:`, the icons of the API page `data:`.
 */
export const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "style-src 'self'",
  "img-src 'self' blob: data:",
  "font-src 'self'",
  "connect-src 'self'",
  "worker-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Headers of every answer. Static files get the same from the host that serves them. */
export const securityHeaders: Readonly<Record<string, string>> = {
  'content-security-policy': contentSecurityPolicy,
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(self), geolocation=(), microphone=()',
};

/**
 * Adds them, and forbids every cache to keep an answer, since each may be about somebody; only a
 * route that itself says `public` is not.
 */
export function secureHeaders(): MiddlewareHandler<EdgeEnv> {
  return async (c, next) => {
    await next();
    for (const [name, value] of Object.entries(securityHeaders)) c.res.headers.set(name, value);
    const isPublic = c.res.headers.get('cache-control')?.startsWith('public,') ?? false;
    if (!isPublic) c.res.headers.set('cache-control', 'no-store');
  };
}
