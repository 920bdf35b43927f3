import type { CiphertextFormat, SignatureFormat } from '../sm2/encoding.ts';

/** What a side keeps between two steps. It is used once, and erased whatever comes of that. */
export interface TwoPartyState {
  /** Erases it before its use, when a session is given up. */
  discard(): void;
}

/**
 * Two-party SM2 (docs/threat-model.md): a key of which client and server hold a share each, and
 * nobody the whole. Signatures and ciphertexts are ordinary ones for `publicKey`.
 *
 * `ctx` is up to 4096 bytes that bind protocol session, key, tenant and request; both sides pass
 * the same, and a reply made for another is refused. A share is 230 bytes, secret, with its epoch;
 * two shares work together only in the same epoch. Whatever a peer sends that is malformed, out of
 * place or not proved throws GmError `protocol_failed`; a state used again `state_used`.
 */
export interface TwoParty {
  /**
   * What is public about a share: its role and epoch, the joint public key, and the public shares of
   * this side and of the other; points of 65 bytes.
   */
  inspect(share: Uint8Array): {
    role: 'client' | 'server';
    epoch: number;
    publicKey: Uint8Array;
    own: Uint8Array;
    other: Uint8Array;
  };
  readonly keygen: {
    clientStart(ctx: Uint8Array): { state: TwoPartyState; commitment: Uint8Array };
    serverReply(
      ctx: Uint8Array,
      commitment: Uint8Array,
    ): { state: TwoPartyState; message: Uint8Array };
    clientFinish(
      state: TwoPartyState,
      message: Uint8Array,
    ): { share: Uint8Array; publicKey: Uint8Array; opening: Uint8Array };
    serverFinish(
      state: TwoPartyState,
      opening: Uint8Array,
    ): { share: Uint8Array; publicKey: Uint8Array };
  };
  readonly sign: {
    /** `e` is `sm2.digest` of the text; the message has 163 bytes. */
    clientStart(
      clientShare: Uint8Array,
      e: Uint8Array,
      ctx: Uint8Array,
    ): { state: TwoPartyState; message: Uint8Array };
    /** `e` is the digest that the server itself has approved; 65 bytes. It keeps nothing. */
    serverReply(
      serverShare: Uint8Array,
      e: Uint8Array,
      ctx: Uint8Array,
      message: Uint8Array,
    ): Uint8Array;
    /**
     * `onRefused` gets the nonces u and v (64 bytes) of a run whose reply is refused, for
     * `isAnswer`: no signature came of them, and none will.
     */
    clientFinish(
      state: TwoPartyState,
      reply: Uint8Array,
      options?: { format?: SignatureFormat; onRefused?: (nonces: Uint8Array) => void },
    ): Uint8Array;
    /**
     * Whether a reply answers a message: the client's own check, repeated by whoever is given its
     * nonces. `peer` is the server's public share (65 bytes), which must be known for sure.
     */
    isAnswer(run: SignRun): boolean;
  };
  readonly decrypt: {
    /** @throws GmError `decryption_failed` for a malformed ciphertext */
    clientStart(
      clientShare: Uint8Array,
      ciphertext: Uint8Array,
      ctx: Uint8Array,
      options?: { format?: CiphertextFormat },
    ): { state: TwoPartyState; message: Uint8Array };
    serverReply(serverShare: Uint8Array, ctx: Uint8Array, message: Uint8Array): Uint8Array;
    /** @throws GmError `decryption_failed` when the reply is honest but the ciphertext is not */
    clientFinish(state: TwoPartyState, reply: Uint8Array): Uint8Array;
  };
  /**
   * Moves both shares to the next epoch under the same public key. The messages must stay between
   * the two sides: with them and an old share one could compute the new one.
   *
   * The messages carry no proof: one that was changed on the way gives shares that do not fit, so
   * both sides keep the old share until a signature with the new ones has been made.
   */
  readonly refresh: {
    clientStart(
      clientShare: Uint8Array,
      ctx: Uint8Array,
    ): { state: TwoPartyState; commitment: Uint8Array };
    serverReply(
      serverShare: Uint8Array,
      ctx: Uint8Array,
      commitment: Uint8Array,
    ): { state: TwoPartyState; message: Uint8Array };
    clientFinish(
      state: TwoPartyState,
      message: Uint8Array,
    ): { share: Uint8Array; opening: Uint8Array };
    serverFinish(state: TwoPartyState, opening: Uint8Array): { share: Uint8Array };
  };
}

/** A run of a signature as it is judged afterwards: nothing in it is secret any more. */
export interface SignRun {
  readonly publicKey: Uint8Array;
  readonly peer: Uint8Array;
  readonly epoch: number;
  readonly ctx: Uint8Array;
  readonly message: Uint8Array;
  /** u and v, which the caller has compared with the message. */
  readonly nonces: Uint8Array;
  readonly reply: Uint8Array;
}
