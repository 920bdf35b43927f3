import type { CiphertextFormat, SignatureFormat } from './encoding.ts';

/** A private key (32 bytes, a number in [1, n - 2]) and its public key (65 bytes, 04 || x || y). */
export interface Sm2KeyPair {
  readonly privateKey: Uint8Array;
  readonly publicKey: Uint8Array;
}

/** A public key with a cached table: five times faster to verify with. From `prepare`. */
export interface PreparedKey {
  /** 04 || x || y. */
  readonly publicKey: Uint8Array;
}

/** A private key kept open: signing is a tenth faster. From `openPrivateKey`. */
export interface PrivateKey {
  /** 04 || x || y. */
  readonly publicKey: Uint8Array;
  /** Erases the key; any later use throws `state_used`. */
  close(): void;
}

/** 32 bytes, or a key that was opened. */
export type PrivateKeyInput = Uint8Array | PrivateKey;
/** 65 bytes (04 || x || y), 33 bytes (compressed), or a key that was prepared. */
export type PublicKeyInput = Uint8Array | PreparedKey;

export interface SignatureOptions {
  /** The signer's identity, at most 8191 bytes, text as UTF-8; `1234567812345678` if not given. */
  readonly id?: Uint8Array | string;
  /** `der` if not given. */
  readonly format?: SignatureFormat;
}

export interface VerificationItem extends SignatureOptions {
  readonly publicKey: PublicKeyInput;
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
}

export interface KeyExchangeInput {
  readonly privateKey: Uint8Array;
  readonly publicKey: Uint8Array;
  readonly ephemeral: Sm2KeyPair;
  readonly peerPublicKey: Uint8Array;
  readonly peerEphemeral: Uint8Array;
  readonly id?: Uint8Array | string;
  readonly peerId?: Uint8Array | string;
  /** Bytes of shared key wanted, 1 to 65536. */
  readonly length: number;
}

/** GB/T 32918.3, with the optional confirmation. */
export interface Sm2KeyExchange {
  /** A fresh pair for one exchange; its public key is sent to the peer. */
  ephemeral(): Sm2KeyPair;
  /** The side that began. Compare S1 with the SB received, then send SA. */
  initiator(input: KeyExchangeInput): { key: Uint8Array; S1: Uint8Array; SA: Uint8Array };
  /** The other side. Send SB, then compare S2 with the SA received. */
  responder(input: KeyExchangeInput): { key: Uint8Array; SB: Uint8Array; S2: Uint8Array };
}

/**
 * SM2 (GB/T 32918). Secrets are handled in constant time. A malformed key throws GmError
 * `key_invalid`, an argument of the wrong kind `argument_invalid`.
 */
export interface Sm2 {
  generateKeyPair(): Sm2KeyPair;
  publicKey(privateKey: PrivateKeyInput): Uint8Array;
  /** A point of 65 or 33 bytes as 04 || x || y. */
  decodePoint(point: Uint8Array): Uint8Array;
  /** A point of 65 or 33 bytes in 33 bytes, prefix 02 or 03. */
  compressPoint(point: Uint8Array): Uint8Array;
  /** Keeps a private key open for repeated use, until `close`. */
  openPrivateKey(privateKey: Uint8Array): PrivateKey;
  /** Makes a table for a public key. The last sixteen tables used are kept, others made again. */
  prepare(publicKey: Uint8Array): PreparedKey;
  sign(privateKey: PrivateKeyInput, message: Uint8Array, options?: SignatureOptions): Uint8Array;
  /** False for anything but a valid signature in the named format. */
  verify(
    publicKey: PublicKeyInput,
    message: Uint8Array,
    signature: Uint8Array,
    options?: SignatureOptions,
  ): boolean;
  /** e = SM3(Z || M), 32 bytes: what signDigest and verifyDigest take. */
  digest(
    publicKey: PublicKeyInput,
    message: Uint8Array,
    options?: Pick<SignatureOptions, 'id'>,
  ): Uint8Array;
  signDigest(
    privateKey: PrivateKeyInput,
    e: Uint8Array,
    options?: Pick<SignatureOptions, 'format'>,
  ): Uint8Array;
  verifyDigest(
    publicKey: PublicKeyInput,
    e: Uint8Array,
    signature: Uint8Array,
    options?: Pick<SignatureOptions, 'format'>,
  ): boolean;
  /** Each item's verdict, in order. Keys that appear often get a table. */
  verifyMany(items: readonly VerificationItem[]): boolean[];
  /** Encrypts at least one byte. */
  encrypt(
    publicKey: PublicKeyInput,
    plaintext: Uint8Array,
    options?: { format?: CiphertextFormat },
  ): Uint8Array;
  /** @throws GmError `decryption_failed` whatever is wrong with the ciphertext */
  decrypt(
    privateKey: PrivateKeyInput,
    ciphertext: Uint8Array,
    options?: { format?: CiphertextFormat },
  ): Uint8Array;
  readonly keyExchange: Sm2KeyExchange;
}
