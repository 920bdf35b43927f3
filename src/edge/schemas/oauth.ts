import { z } from '@hono/zod-openapi';
import { oauthErrors } from '../oauth-problem.ts';

/** One that is sent without a value counts as not sent (RFC 6749 §3.2). */
const parameter = (max: number) => z.string().max(max).optional();

/** RFC 8693 §2.1 and RFC 8707 §2: these may come several times. */
const several = (max: number) =>
  z
    .union([z.string().max(max), z.array(z.string().max(max)).max(8)])
    .optional()
    .openapi({ description: 'May come several times.' });

const client = {
  client_id: parameter(130).openapi({
    description: 'A business system as `institution.system`; with the secret, or in `Basic`.',
    example: 'beichen-bank.bills',
  }),
  client_secret: parameter(100),
};

const targets = {
  audience: several(64).openapi({ description: 'Business systems by name (RFC 8693).' }),
  resource: several(300).openapi({
    description: 'Business systems by address, `{issuer}/v1/business-systems/{name}` (RFC 8707).',
  }),
};

export const oauthTokenRequestSchema = z
  .object({
    grant_type: z.string().max(100),
    refresh_token: parameter(200),
    subject_token: parameter(8192),
    subject_token_type: parameter(100),
    requested_token_type: parameter(100),
    ...targets,
    ...client,
  })
  .openapi('OauthTokenRequest');

export const oauthTokenSchema = z
  .object({
    access_token: z.string(),
    token_type: z.enum(['Bearer', 'DPoP']),
    expires_in: z.int().openapi({ description: 'In seconds.' }),
    refresh_token: z.string().optional(),
    issued_token_type: z.string().optional(),
  })
  .openapi('OauthToken');

export const oauthIntrospectionRequestSchema = z
  .object({ token: z.string().min(1).max(8192), token_type_hint: parameter(100), ...client })
  .openapi('OauthIntrospectionRequest');

export const oauthIntrospectionSchema = z
  .looseObject({ active: z.boolean() })
  .openapi('OauthIntrospection');

export const oauthRevocationRequestSchema = z
  .object({ token: z.string().min(1).max(8192), token_type_hint: parameter(100), ...client })
  .openapi('OauthRevocationRequest');

export const oauthErrorSchema = z
  .object({ error: z.enum(oauthErrors), error_description: z.string(), code: z.string() })
  .openapi('OauthError');
