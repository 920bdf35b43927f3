/** What can go wrong in `cinnabar/gm`. Codes are stable; a signature that is not valid is a value. */
export type GmErrorCode =
  /** An argument of the wrong type or length, an unknown option, or one outside its limits. */
  | 'argument_invalid'
  /** A private key out of range, or a public key that is no point of the curve. */
  | 'key_invalid'
  /** Bytes that are not of the named format (PEM, PKCS#8, SPKI, SEC1, enveloped key). */
  | 'format_invalid'
  /** A ciphertext that does not decrypt: malformed, cut or changed, whatever the reason inside. */
  | 'decryption_failed'
  /** A message of the other party that is malformed, out of place, or whose proof does not hold. */
  | 'protocol_failed'
  /** A state of a protocol that was used before, or that belongs to another step. */
  | 'state_used'
  /** The host gave no usable randomness. */
  | 'random_failed'
  /** The module failed inside, which is a bug of ours. */
  | 'core_failed';

/** The one error class of `cinnabar/gm`. Its message never holds key material or caller's bytes. */
export class GmError extends Error {
  readonly code: GmErrorCode;

  constructor(code: GmErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'GmError';
    this.code = code;
  }
}
