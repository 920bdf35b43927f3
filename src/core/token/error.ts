/** Why a token was refused: for a log of one's own, never for whoever sent the token. */
export type RefusalReason =
  | 'malformed'
  | 'too_large'
  | 'header'
  | 'profile'
  | 'key_unknown'
  | 'signature'
  | 'claims'
  | 'expired'
  | 'not_yet_valid'
  | 'issuer'
  | 'audience'
  | 'binding'
  | 'proof'
  | 'replayed'
  | 'sealed_absent'
  | 'sealed_header'
  | 'sealed_unreadable'
  | 'disclosure';

/**
 * A token that is not accepted. There is one code, whatever is wrong, so that nobody who tries
 * tokens out learns which check they failed; `reason` stays on this side.
 */
export class TokenError extends Error {
  override readonly name = 'TokenError';
  readonly code = 'token_refused';
  readonly reason: RefusalReason;

  constructor(reason: RefusalReason, options?: { cause?: unknown }) {
    super('The token is not accepted.', options);
    this.reason = reason;
  }
}

/** @throws TokenError unless `holds` */
export function assertToken(holds: boolean, reason: RefusalReason): asserts holds {
  if (!holds) throw new TokenError(reason);
}
