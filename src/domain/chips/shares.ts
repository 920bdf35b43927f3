import type { Receipt } from '../../core/usage/receipt.ts';
import type { ShareAttestation } from '../../core/usage/share-use.ts';
import { assertKeyName, check, isBytes, isRequestId } from './keys.ts';

/** A server share of a two-party SM2 key: what the chips hold of a person's key. */
export interface ShareRecord {
  readonly tenant: string;
  readonly keyId: string;
  /** The joint public key, SubjectPublicKeyInfo in DER. */
  readonly publicKey: Uint8Array;
  readonly state: 'active' | 'frozen' | 'revoked';
  /** Epochs of the shares that answer now: one, or two while a refresh is not yet committed. */
  readonly shareEpochs: readonly number[];
  readonly replicas: readonly string[];
  readonly createdAtMs: number;
}

export interface ShareReply {
  /** Goes to the client as it is. */
  readonly reply: Uint8Array;
  readonly receipt: Receipt;
}

interface OfShare {
  readonly tenant: string;
  /** A UUID that the caller chose. */
  readonly keyId: string;
}

interface Session extends OfShare {
  /** Names one protocol run, in the form of a request id. */
  readonly sessionId: string;
}

/**
 * The cloud side of two-party SM2 keys (`gm.twoParty`). Shares live in the chips like keys: three
 * replicas, no call that returns one.
 *
 * Rounds of one protocol run meet in one chip. When it is lost in between, the next round throws
 * `share_session_lost` and the client begins again; nothing was released. All calls throw
 * CinnabarError `key_not_found`, `key_not_active`, `protocol_failed`, `chips_busy`,
 * `chips_unavailable`, `invalid_request`.
 */
export interface ShareService {
  /** @returns the server's message of key generation */
  keygenReply(
    input: Session & { readonly ctx: Uint8Array; readonly commitment: Uint8Array },
  ): Promise<Uint8Array>;
  /** Resolves when at least two chips hold the share. Repeated, it finds the share of the first. */
  keygenFinish(input: Session & { readonly opening: Uint8Array }): Promise<ShareRecord>;
  find(tenant: string, keyId: string): Promise<ShareRecord>;
  /**
   * One reply for a request id; `epoch` is that of the client's share (`gm.twoParty.inspect`).
   *
   * @throws CinnabarError `key_request_reused` when the id was used with another input,
   * `share_epoch_unknown` when the chips hold no share of that epoch
   */
  sign(
    input: OfShare & {
      readonly requestId: string;
      readonly epoch: number;
      /** What the service itself approved, to the byte; the chip computes the digest of it. */
      readonly text: Uint8Array;
      readonly ctx: Uint8Array;
      readonly message: Uint8Array;
    },
  ): Promise<ShareReply>;
  /** Counted per share epoch; after `decryptionsPerEpochMax` it is `key_limit_reached`. */
  decrypt(
    input: OfShare & {
      readonly requestId: string;
      readonly epoch: number;
      readonly ctx: Uint8Array;
      readonly message: Uint8Array;
    },
  ): Promise<ShareReply>;
  /** @returns the server's message of a refresh */
  refreshReply(
    input: Session & { readonly ctx: Uint8Array; readonly commitment: Uint8Array },
  ): Promise<Uint8Array>;
  /** Both the old and the new share answer from here on. */
  refreshFinish(input: Session & { readonly opening: Uint8Array }): Promise<ShareRecord>;
  /**
   * Erases the old share. `e` is a digest that was signed under the new epoch only, `signature`
   * the joint signature over it, DER: it proves that the client holds its new share.
   *
   * @throws CinnabarError `protocol_failed` when the proof does not hold
   */
  refreshCommit(
    input: OfShare & { readonly e: Uint8Array; readonly signature: Uint8Array },
  ): Promise<ShareRecord>;
  /** A chip's word on the public shares of the key, for judging its answers later. */
  attest(tenant: string, keyId: string): Promise<ShareAttestation>;
  setState(tenant: string, keyId: string, state: 'active' | 'frozen'): Promise<ShareRecord>;
  /** Wipes the share from every chip, for good. The tombstones are the chips' signed receipts. */
  destroy(
    tenant: string,
    keyId: string,
    requestId: string,
  ): Promise<{ readonly record: ShareRecord; readonly tombstones: readonly Receipt[] }>;
}

/** Each answer is a static Diffie-Hellman answer about the share: refresh before there are more. */
export const decryptionsPerEpochMax = 10_000;
export const shareMessageBytesMax = 4096;
/** Statements, outcomes, orders, certificate requests: texts for people, and none is this long. */
export const shareTextBytesMax = 64 * 1024;

/** @throws CinnabarError `invalid_request` */
export function assertShareCall(
  { tenant, keyId }: { readonly tenant: string; readonly keyId: string },
  requestId: string,
): void {
  assertKeyName(tenant, keyId);
  check(isRequestId(requestId), '/requestId');
}

/** @throws CinnabarError `invalid_request` */
export function assertShareBytes(...values: readonly Uint8Array[]): void {
  for (const value of values) check(isBytes(value, shareMessageBytesMax), '/message');
}

/** @throws CinnabarError `invalid_request` */
export function assertShareUse(
  epoch: number,
  text: Uint8Array | undefined,
  ctx: Uint8Array,
  message: Uint8Array,
): void {
  check(Number.isSafeInteger(epoch) && epoch >= 0, '/epoch');
  check(text === undefined || isBytes(text, shareTextBytesMax), '/text');
  assertShareBytes(ctx, message);
}
