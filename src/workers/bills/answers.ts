import type { Context } from 'hono';
import { CinnabarError, errorTitles } from '../../domain/errors.ts';
import { statusOf } from '../../edge/problem.ts';
import { type BillRequest, billActions } from './handle.ts';

const authorization = /^(?:Bearer|DPoP) ([A-Za-z0-9._~+/=-]{1,8192})$/i;

/** The token of a request; empty when there is none. */
export function tokenOf(header: string | undefined): string {
  return authorization.exec(header ?? '')?.[1] ?? '';
}

const idPattern = /^[A-Za-z0-9_-]{8,64}$/;
const billPattern = /^[a-z0-9-]{1,32}$/;
const charactersMax = 4_096;

/** @throws CinnabarError `invalid_request` */
export function parseBillRequest(text: string): BillRequest {
  const { id, session, action, bill, confirmed } = objectOf(text);
  const known = billActions.find((one) => one === action);
  const isRequest =
    typeof id === 'string' &&
    idPattern.test(id) &&
    typeof session === 'string' &&
    idPattern.test(session) &&
    known !== undefined &&
    (bill === undefined || (typeof bill === 'string' && billPattern.test(bill))) &&
    (confirmed === undefined || typeof confirmed === 'boolean');
  if (!isRequest) throw malformed();
  return { id, session, action: known, bill, confirmed };
}

function objectOf(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = text.length <= charactersMax ? JSON.parse(text) : undefined;
    if (typeof value === 'object' && value !== null) return { ...value };
  } catch {
    // Not JSON: answered like any other wrong form.
  }
  throw malformed();
}

function malformed(): CinnabarError {
  return new CinnabarError('invalid_request', { fields: [{ pointer: '/body', code: 'invalid' }] });
}

/** `application/problem+json` (RFC 9457), in the words of the service that this system stands beside. */
export function problemAnswer(c: Context, thrown: unknown): Response {
  const error = thrown instanceof CinnabarError ? thrown : new CinnabarError('internal');
  const status = statusOf[error.code];
  const problem = {
    type: `urn:cinnabar:problem:${error.code}`,
    title: errorTitles[error.code],
    status,
    code: error.code,
    requestId: c.req.header('x-request-id') ?? '',
    ...(error.fields.length === 0 ? {} : { errors: error.fields }),
  };
  return c.body(JSON.stringify(problem), status, { 'content-type': 'application/problem+json' });
}
