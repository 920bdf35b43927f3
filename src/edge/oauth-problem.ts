import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { type CinnabarError, type ErrorCode, errorTitles } from '../domain/errors.ts';

/** Where the endpoints of OAuth 2.0 begin. Their errors are RFC 6749's, not RFC 9457's. */
export const oauthPath = '/v1/oauth/';

export const oauthErrors = [
  'invalid_request',
  'invalid_client',
  'invalid_grant',
  'unsupported_grant_type',
  'unsupported_token_type',
  'invalid_target',
  'invalid_dpop_proof',
  'access_denied',
  'server_error',
  'temporarily_unavailable',
] as const;
export type OauthError = (typeof oauthErrors)[number];

const words: Partial<Record<ErrorCode, OauthError>> = {
  unauthenticated: 'invalid_client',
  grant_refused: 'invalid_grant',
  business_system_not_found: 'invalid_target',
  certificate_not_active: 'access_denied',
  identity_mismatch: 'access_denied',
  token_profile_off: 'access_denied',
  internal: 'server_error',
};

/** Codes of a field that the standards have a word for; they stand where the mistake is. */
const wordsOfFields: Readonly<Record<string, OauthError>> = {
  '/body/grant_type unsupported': 'unsupported_grant_type',
  '/body/token unsupported': 'unsupported_token_type',
  '/body/audiences invalid': 'invalid_target',
  '/body/audience invalid': 'invalid_target',
  '/body/profile key_unfit': 'invalid_target',
  '/header/dpop invalid': 'invalid_dpop_proof',
};

/** An error as RFC 6749 §5.2 has it, with those of RFC 7009, 8707 and 9449; our code goes along. */
export function oauthProblem({ code, fields }: CinnabarError, ownStatus: number) {
  const [word] = fields.flatMap((field) => wordsOfFields[`${field.pointer} ${field.code}`] ?? []);
  const usual =
    ownStatus < 500 && ownStatus !== 429 ? 'invalid_request' : 'temporarily_unavailable';
  const error = word ?? words[code] ?? usual;
  const isOfServer = ownStatus >= 500 || ownStatus === 429;
  const status = isOfServer ? ownStatus : error === 'invalid_client' ? 401 : 400;
  const body = { error, error_description: errorTitles[code], code };
  return { status: status as ContentfulStatusCode, body };
}
