import { type ErrorCode, errorTitles } from '../domain/errors.ts';

/** Where the remote-signing standard's API begins. Its errors are its own, not RFC 9457's. */
export const cscPath = '/csc/v2/';

/** Statuses with which a route of the standard answers, and the error of each. */
export const cscErrors = {
  400: 'invalid_request',
  401: 'invalid_token',
  403: 'access_denied',
  500: 'server_error',
  503: 'temporarily_unavailable',
} as const;

/** The status among those of the standard that is nearest to ours. */
function cscStatus(status: number): keyof typeof cscErrors {
  if (status === 401 || status === 403 || status === 500) return status;
  return status < 500 && status !== 429 ? 400 : 503;
}

/**
 * An error as the Cloud Signature Consortium's API has it: a word and a sentence. Our own code goes
 * along, because the standard has one word for very different mistakes.
 */
export function cscProblem(code: ErrorCode, ownStatus: number) {
  const status = cscStatus(ownStatus);
  const body = { error: cscErrors[status], error_description: errorTitles[code], code };
  return { status, body };
}
