import { z } from '@hono/zod-openapi';
import { type ErrorCode, errorTitles } from '../../domain/errors.ts';
import { type RouteRule, routeRules } from '../access.ts';
import { retryAfterSeconds, statusOf } from '../problem.ts';
import { problemSchema } from '../schemas/problem.ts';

/** What the OpenAPI document says of a route: taken from its rule, so that the two cannot differ. */
export function about(
  key: string,
  text: {
    readonly tag: string;
    readonly operationId: string;
    readonly summary: string;
    readonly description?: string;
  },
) {
  const { tag, operationId, summary, description } = text;
  const rule = ruleOf(key);
  const who =
    rule.roles === 'anyone' ? 'No token needed.' : `Roles: ${[...rule.roles].sort().join(', ')}.`;
  return {
    tags: [tag],
    operationId,
    summary,
    description: description === undefined ? who : `${description}\n\n${who}`,
    security: rule.roles === 'anyone' ? [] : [{ bearer: [] }],
  };
}

/**
 * The problems that a route can answer with: those that follow from its rule, and `codes`.
 *
 * The empty type keeps them out of what a handler may return: handlers answer, or throw.
 */
export function problems(key: string, ...codes: readonly ErrorCode[]): Record<never, never> {
  const byStatus = new Map<number, Set<ErrorCode>>();
  for (const code of [...commonCodes(key), ...codes]) {
    const status = statusOf[code];
    byStatus.set(status, (byStatus.get(status) ?? new Set()).add(code));
  }
  const statuses = [...byStatus].sort(([a], [b]) => a - b);
  return Object.fromEntries(
    statuses.map(([status, set]) => [status, problemResponse([...set].sort())]),
  );
}

export function json<T extends z.ZodType>(schema: T, description: string) {
  return { description, content: { 'application/json': { schema } } };
}

export function jsonBody<T extends z.ZodType>(schema: T) {
  return { required: true, content: { 'application/json': { schema } } };
}

export function formBody<T extends z.ZodType>(schema: T) {
  return { required: true, content: { 'multipart/form-data': { schema } } };
}

/** A created thing, and where it is. */
export function created<T extends z.ZodType>(schema: T, description: string) {
  return {
    ...json(schema, description),
    headers: z.object({
      location: z.string().openapi({ description: 'Its address, relative to the service.' }),
      'idempotency-replayed': z
        .literal('true')
        .optional()
        .openapi({ description: 'Present when this is the kept answer of an earlier request.' }),
    }),
  };
}

/** An answer that is no JSON. */
export function binary(mediaType: string, description: string) {
  const schema = z.string().openapi({ format: 'binary' });
  return { description, content: { [mediaType]: { schema } } };
}

export const picturePng = {
  description: 'The picture: black ink on white, one bit a pixel, 300 dpi.',
  content: { 'image/png': { schema: z.string().openapi({ format: 'binary' }) } },
};

const retryAfterHeader = {
  'retry-after': {
    description: 'Seconds after which to ask again.',
    schema: { type: 'integer' as const },
  },
};

function problemResponse(codes: readonly ErrorCode[]) {
  const examples = codes.map((code) => [code, { $ref: `#/components/examples/${code}` }]);
  const mayRetry = codes.some((code) => retryAfterSeconds[code] !== undefined);
  return {
    ...(mayRetry ? { headers: retryAfterHeader } : {}),
    description: codes.map((code) => `\`${code}\`: ${errorTitles[code]}`).join('\n\n'),
    content: {
      'application/problem+json': {
        schema: problemSchema,
        examples: Object.fromEntries(examples),
      },
    },
  };
}

/** Asks nothing of anything, and is answered however busy the rest is. */
const livenessKey = 'GET /healthz';

function commonCodes(key: string): readonly ErrorCode[] {
  const rule = ruleOf(key);
  const codes: ErrorCode[] = ['internal'];
  if (/ \/(?:v1\/|readyz|metrics|pki\/(?:crl|ocsp))/.test(key)) codes.push('rate_limited');
  if (key.includes('{')) codes.push('invalid_request');
  if (rule.roles !== 'anyone') codes.push('unauthenticated', 'forbidden', 'storage_unavailable');
  if (key !== livenessKey) codes.push('service_busy');
  if (rule.body) {
    codes.push('invalid_request', 'payload_too_large', 'unsupported_media_type', 'body_too_slow');
  }
  if (rule.idempotent) {
    codes.push('idempotency_in_progress', 'idempotency_key_reused', 'audit_unavailable');
  }
  return codes;
}

function ruleOf(key: string): RouteRule {
  const rule = routeRules[key];
  if (!rule) throw new Error(`access.ts has no rule for ${key}`);
  return rule;
}
