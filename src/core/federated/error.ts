/** What can go wrong in `cinnabar/federation`. Codes are stable. */
export type FederationErrorCode =
  /** An argument of the wrong type, length or range. */
  | 'argument_invalid'
  /** Rows, columns or labels that training or scoring cannot use. */
  | 'data_invalid'
  /** A bundle or a party's part of it that is not in a known form, or whose hash does not fit. */
  | 'model_invalid'
  /** A message of the protocol that is malformed or belongs to another request, model or step. */
  | 'message_invalid'
  /** This request was answered before, or this person is asked for too often (rules R1, R5). */
  | 'answer_repeated'
  /** The list of contributors breaks a rule (R3), or nodes speak of different lists. */
  | 'contributors_invalid'
  /** Fewer nodes reported than the scheme needs. */
  | 'reports_missing'
  /** Two nodes report different sums of one piece: one of them is wrong. */
  | 'reports_disagree'
  /** Training did not get better, or the numbers left the range in which they are exact. */
  | 'training_failed'
  /** The module failed inside, which is a bug of ours. */
  | 'core_failed';

/** The one error class of `cinnabar/federation`. Its message holds no feature, score or share. */
export class FederationError extends Error {
  readonly code: FederationErrorCode;

  constructor(code: FederationErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'FederationError';
    this.code = code;
  }
}
