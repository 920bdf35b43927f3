import type { KeyPolicy, KeyRecord, KeyUse, Protection } from './keys.ts';

/** What is born with a key and stays with it, in every chip that holds it. */
export interface KeyKind extends KeyName {
  readonly algorithm: HeldAlgorithm;
  readonly uses: readonly KeyUse[];
  readonly policy: KeyPolicy;
}

/** Names one key: the guard of it, and the key in every chip. */
export interface KeyName {
  readonly tenant: string;
  readonly keyId: string;
}

/** A chip about itself, signed with its identity key. */
export interface Attestation extends Incarnation {
  readonly chip: string;
  readonly protection: Protection;
  /** Which program runs it: `ChipDeps.build`. */
  readonly build: string;
  readonly publicKeyHex: string;
  /** Next position in its log. */
  readonly sequence: number;
  readonly logHashHex: string;
  readonly keys: number;
  readonly queue: number;
  /** Known answers were computed right just now. */
  readonly selfTest: boolean;
  readonly challengeHex: string;
  readonly signatureHex: string;
}

/** What a chip stores beside the algorithms of callers. */
export type HeldAlgorithm = KeyRecord['algorithm'] | 'sm2-share' | 'wrapping';

/** Which start of which storage of a chip answers. */
export interface Incarnation {
  /** Random, made with the storage: another one means that the storage was lost. Hex. */
  readonly storageEpoch: string;
  /** Starts on this storage. A lower one than seen before means an old copy. */
  readonly bootCount: number;
  /** Random, made with this start: two of them with one count means two hosts. Hex. */
  readonly bootNonce: string;
}
