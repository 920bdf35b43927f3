/**
 * A key that signs documents, and the certificate that says whose it is.
 *
 * The private key is elsewhere: in a chip, or in two parts. What it signs with follows from the
 * certificate's key: SM2 with SM3 and the default identity (GB/T 32918.2), or ECDSA on P-256 with
 * SHA-256.
 */
export interface DocumentSigner {
  /** In DER. */
  readonly certificate: Uint8Array;
  /** The certificates of its issuers in DER, lowest first. They travel with the signature. */
  readonly chain: readonly Uint8Array[];
  /** A signature in DER over `message`. */
  sign(message: Uint8Array): Promise<Uint8Array>;
}

/** A key that opens envelopes. Only the method that fits the certificate's key is called. */
export interface DocumentOpener {
  /** In DER. */
  readonly certificate: Uint8Array;
  /** The plaintext of an SM2 ciphertext (GB/T 35276 §7.2, in DER). Rejects when it is not one. */
  decryptSm2(ciphertext: Uint8Array): Promise<Uint8Array>;
  /** The x coordinate shared with an uncompressed point of P-256 (SEC 1 §3.3.1), 32 bytes. */
  agreeP256(point: Uint8Array): Promise<Uint8Array>;
}
