import type { Context } from 'hono';
import { HTTPException } from 'hono/http-exception';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { CinnabarError, type ErrorCode, errorTitles } from '../domain/errors.ts';
import type { EdgeEnv } from './context.ts';
import { cscPath, cscProblem } from './csc-problem.ts';
import { oauthPath, oauthProblem } from './oauth-problem.ts';
import type { Problem } from './schemas/problem.ts';

/** The only place where a code meets an HTTP status. */
export const statusOf: Readonly<Record<ErrorCode, ContentfulStatusCode>> = {
  invalid_request: 400,
  unauthenticated: 401,
  forbidden: 403,
  activation_refused: 403,
  own_work: 403,
  not_found: 404,
  account_not_found: 404,
  card_not_found: 404,
  seal_not_found: 404,
  verification_not_found: 404,
  vendor_not_found: 404,
  key_not_found: 404,
  policy_change_not_found: 404,
  job_not_found: 404,
  seal_change_not_found: 404,
  ledger_entry_not_found: 404,
  review_not_found: 404,
  federation_request_not_found: 404,
  chip_not_found: 404,
  backup_not_found: 404,
  restore_not_found: 404,
  method_not_allowed: 405,
  account_number_taken: 409,
  card_number_taken: 409,
  seal_serial_taken: 409,
  seal_changed: 409,
  seal_not_active: 409,
  seal_imprints_full: 409,
  card_changed: 409,
  job_state: 409,
  replacement_invalid: 409,
  policy_changed: 409,
  review_settled: 409,
  review_taken: 409,
  undo_too_late: 409,
  work_contended: 409,
  seal_card_inactive: 409,
  combination_incomplete: 409,
  key_not_active: 409,
  key_id_taken: 409,
  key_limit_reached: 409,
  ledger_conflict: 409,
  ledger_proof_invalid: 409,
  federation_request_used: 409,
  training_run_over: 409,
  share_session_lost: 409,
  chip_exists: 409,
  chip_active: 409,
  chip_not_empty: 409,
  chip_holds_keys: 409,
  chips_too_few: 409,
  share_unreadable: 422,
  backup_key_missing: 409,
  backup_invalid: 422,
  backup_outdated: 409,
  backup_incomplete: 409,
  backup_unchecked: 409,
  protection_unavailable: 409,
  shares_too_few: 409,
  share_epoch_unknown: 409,
  idempotency_in_progress: 409,
  payload_too_large: 413,
  body_too_slow: 408,
  unsupported_media_type: 415,
  picture_unsupported: 422,
  picture_too_large: 422,
  picture_corrupt: 422,
  imprint_not_found: 422,
  federation_consent_invalid: 422,
  federation_refused: 422,
  decision_unusable: 422,
  override_refused: 422,
  personal_key_not_found: 404,
  institution_not_found: 404,
  institution_key_not_found: 404,
  grant_not_found: 404,
  grant_change_not_found: 404,
  operation_not_found: 404,
  personal_key_state: 409,
  personal_keys_too_many: 409,
  personal_key_busy: 409,
  grant_change_outdated: 409,
  grants_too_many: 409,
  operation_state: 409,
  operation_refused: 403,
  order_not_found: 404,
  terminal_not_found: 404,
  session_not_found: 404,
  software_not_found: 404,
  software_refused: 403,
  session_refused: 403,
  session_message_refused: 403,
  session_required: 403,
  session_clock: 409,
  terminal_keys_expired: 409,
  order_state: 409,
  order_expired: 409,
  order_over_limit: 403,
  second_person_needed: 403,
  payee_changed: 403,
  seal_verification_refused: 409,
  biometric_not_offered: 404,
  biometric_not_found: 404,
  biometric_sample_unusable: 422,
  biometric_demanded: 403,
  biometrics_unavailable: 503,
  webhook_not_found: 404,
  webhook_address_refused: 422,
  webhooks_too_many: 409,
  certificate_not_active: 403,
  pin_wrong: 403,
  pin_locked: 423,
  personal_key_locked: 423,
  signature_invalid: 422,
  document_key_unfit: 409,
  document_absent: 409,
  electronic_seal_expired: 409,
  document_malformed: 422,
  envelope_not_addressed: 422,
  envelope_unreadable: 422,
  idempotency_key_reused: 422,
  key_request_reused: 422,
  key_use_refused: 422,
  decryption_failed: 422,
  protocol_failed: 422,
  rate_limited: 429,
  queue_full: 429,
  chips_busy: 429,
  application_not_found: 404,
  certificate_not_found: 404,
  same_person: 403,
  application_state: 409,
  application_changed: 409,
  identity_check_absent: 409,
  key_in_use: 409,
  requested_end_passed: 409,
  officers_required: 409,
  key_renewed: 409,
  certificate_state: 409,
  certificate_changed: 409,
  authority_not_found: 404,
  authority_in_use: 409,
  authority_changed: 409,
  authority_revoked: 409,
  revocation_list_full: 503,
  thaw_refused: 409,
  certificate_lint_failed: 500,
  internal: 500,
  template_unreadable: 500,
  federation_inconsistent: 502,
  federation_unavailable: 503,
  rows_contended: 503,
  passkey_refused: 403,
  passkey_not_found: 404,
  identity_mismatch: 403,
  token_profile_off: 422,
  grant_refused: 400,
  token_not_found: 404,
  proof_nonce_required: 401,
  business_token_refused: 401,
  business_not_permitted: 403,
  business_bill_unknown: 404,
  business_bill_paid: 409,
  business_confirmation: 409,
  business_fact_absent: 422,
  business_unavailable: 503,
  business_system_not_found: 404,
  issuer_key_not_found: 404,
  passkeys_too_many: 409,
  business_system_state: 409,
  issuer_key_state: 409,
  business_key_refused: 422,
  audit_unavailable: 503,
  chips_unavailable: 503,
  ledger_unavailable: 503,
  ledger_untrusted: 503,
  storage_unavailable: 503,
  service_busy: 503,
};

/** After how long a repetition may do better. Other problems do not go away by waiting. */
export const retryAfterSeconds: Partial<Record<ErrorCode, number>> = {
  idempotency_in_progress: 1,
  rate_limited: 60,
  queue_full: 60,
  chips_busy: 1,
  service_busy: 2,
  personal_key_busy: 2,
  personal_key_locked: 3600,
  rows_contended: 1,
  federation_unavailable: 60,
  audit_unavailable: 2,
  business_unavailable: 5,
  biometrics_unavailable: 5,
  chips_unavailable: 2,
  ledger_unavailable: 2,
  storage_unavailable: 2,
};

/**
 * Answers with an error as `application/problem+json` (RFC 9457).
 *
 * Only what a `CinnabarError` says by itself crosses the wire; anything else is `internal`, with
 * the request id and no more.
 */
export function answerProblem(c: Context<EdgeEnv>, thrown: unknown): Response {
  const error = asCinnabarError(thrown);
  const status = statusOf[error.code];
  const problem: Problem = {
    type: `urn:cinnabar:problem:${error.code}`,
    title: errorTitles[error.code],
    status,
    code: error.code,
    requestId: c.get('requestId'),
    ...(error.detail === undefined ? {} : { detail: error.detail }),
    ...(error.fields.length === 0 ? {} : { errors: [...error.fields] }),
  };
  c.set('errorCode', error.code);
  const seconds = retryAfterSeconds[error.code];
  if (seconds !== undefined) c.header('retry-after', String(seconds));
  if (status === 401) c.header('www-authenticate', challengeFor(c, error.code));
  if (c.get('rule') && c.req.path.startsWith(oauthPath)) {
    const standard = oauthProblem(error, status);
    if (standard.status === 401) c.header('www-authenticate', 'Basic realm="cinnabar"');
    c.header('cache-control', 'no-store');
    return c.json(standard.body, standard.status);
  }
  if (c.req.path.startsWith(cscPath)) {
    const standard = cscProblem(error.code, status);
    return c.json(standard.body, standard.status);
  }
  return c.body(JSON.stringify(problem), status, { 'content-type': 'application/problem+json' });
}

/** How to come back with a better token (RFC 6750 §3, RFC 9449 §7.1). */
function challengeFor(c: Context<EdgeEnv>, code: ErrorCode): string {
  if (code === 'proof_nonce_required') return 'DPoP error="use_dpop_nonce", algs="ES256"';
  const isProof = /^DPoP /i.test(c.req.header('authorization') ?? '');
  return isProof ? 'DPoP error="invalid_token", algs="ES256"' : 'Bearer realm="cinnabar"';
}

function asCinnabarError(thrown: unknown): CinnabarError {
  if (thrown instanceof CinnabarError) return thrown;
  // A multipart type whose boundary the router does not read.
  if (thrown instanceof HTTPException && thrown.status === 415) {
    return new CinnabarError('unsupported_media_type');
  }
  return new CinnabarError('internal', { cause: thrown });
}
