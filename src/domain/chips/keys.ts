import type { Grant, GrantsChange, Officers } from '../../core/grant-list.ts';
import type { Receipt } from '../../core/usage/receipt.ts';
import { CinnabarError } from '../errors.ts';

/**
 * Tenant of the keys that belong to the service itself: root and issuing CA, ledger, token issuer.
 * No institution can have this name.
 */
export const serviceTenant = '-service';

/**
 * `rsa3072-recovery` is a class of its own: its only scheme applies the private RSA operation to
 * data itself, and no other key ever does that (docs/literal-profile.md).
 */
export const keyAlgorithms = ['sm2', 'p256', 'ed25519', 'rsa3072', 'rsa3072-recovery'] as const;
export type KeyAlgorithm = (typeof keyAlgorithms)[number];

export const keyUses = ['sign', 'decrypt'] as const;
export type KeyUse = (typeof keyUses)[number];

/**
 * `new`: made, not yet held by enough chips; `active`; `frozen`: kept, not used; `revoked`: wiped
 * from every chip that answers, for good.
 */
export const keyStates = ['new', 'active', 'frozen', 'revoked'] as const;
export type KeyState = (typeof keyStates)[number];

/**
 * What protects the private key. `software`: the platform's isolation, and encryption at rest;
 * `hsm-wrapped`: at rest under a key that never leaves a hardware token, in a process's memory
 * while used; `hsm`: made and used inside the token.
 */
export const protections = ['software', 'hsm-wrapped', 'hsm'] as const;
export type Protection = (typeof protections)[number];

export const signSchemes = [
  'sm2-sm3',
  'ecdsa-p256-sha256',
  'ed25519',
  'rsa-pss-sha256',
  'rsa-pkcs1-sha256',
  'rsa-recovery',
] as const;
export type SignScheme = (typeof signSchemes)[number];

export const decryptSchemes = ['sm2', 'rsa-oaep-256', 'ecdh-p256'] as const;
export type DecryptScheme = (typeof decryptSchemes)[number];

/** What every use of a key must satisfy, checked where the key is. */
export interface KeyPolicy {
  /**
   * Demands a statement signed by a person on the grant list whose `grantsHash` this is, for each
   * use (`activation.ts`). 64 hex digits.
   */
  readonly grantsHashHex?: string;
  /** Who may change the grant list, and who these are. */
  readonly officers?: Officers;
  /** Uses over the life of the key; further ones are `key_limit_reached`. */
  readonly usesMax?: number;
  /** Least protection; a chip that offers less never gets the key. */
  readonly protection?: Protection;
}

export interface KeyRecord {
  readonly tenant: string;
  readonly id: string;
  readonly algorithm: KeyAlgorithm;
  readonly uses: readonly KeyUse[];
  /** Whom the key acts for, as the caller named it. */
  readonly owner: string | null;
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKey: Uint8Array;
  readonly state: KeyState;
  readonly protection: Protection;
  /** Chips that proved to hold it. */
  readonly replicas: readonly string[];
  /** Rises whenever the set of replicas or the policy changes. */
  readonly epoch: number;
  readonly createdAtMs: number;
  readonly policy: KeyPolicy;
}

export interface CreateKey {
  readonly tenant: string;
  /** A UUID that the caller chose: a repeated call finds the key of the first. */
  readonly id: string;
  readonly algorithm: KeyAlgorithm;
  readonly uses: readonly KeyUse[];
  readonly owner?: string;
  readonly policy?: KeyPolicy;
}

/** One use of a key. The same request id with the same input gives the stored result again. */
export interface KeyUseRequest {
  readonly tenant: string;
  readonly keyId: string;
  readonly requestId: string;
  /** Demanded by keys whose policy names a grant list. */
  readonly activation?: Activation;
  /**
   * Gives what was stored for the request id and moves no key. Where nothing was, it is
   * `activation_refused`, and the request id is spent.
   */
  readonly storedOnly?: boolean;
}

export type SignRequest = KeyUseRequest & {
  readonly scheme: SignScheme;
  /** Of ECDSA and SM2 signatures: `der` (the default) or `raw`, r || s. */
  readonly format?: 'der' | 'raw';
} & (
    | { readonly message: Uint8Array; readonly digest?: undefined }
    /** SM2 only: e = SM3(Z || M), 32 bytes (GB/T 32918.2 §6.1). */
    | { readonly digest: Uint8Array; readonly message?: undefined }
  );

export type DecryptRequest = KeyUseRequest &
  (
    | {
        readonly scheme: 'sm2';
        readonly ciphertext: Uint8Array;
        /** C1 C3 C2 as DER (the default) or raw. */
        readonly format?: 'der' | 'raw';
      }
    | { readonly scheme: 'rsa-oaep-256'; readonly ciphertext: Uint8Array }
    /** The result is the x-coordinate of the shared point (SP 800-56A §5.7.1.2), 32 bytes. */
    | { readonly scheme: 'ecdh-p256'; readonly peerPublicKey: Uint8Array }
  );

/** A change of the grant list of a key, or of its officers, approved by the officers of before. */
export interface ChangeGrants extends GrantsChange {
  /** SM2 signatures over `grantsChangeBytes`, by different officers. */
  readonly approvals: readonly { readonly publicKeyHex: string; readonly signature: Uint8Array }[];
}

/**
 * The keys in the chips. There is no call that returns a private key.
 *
 * All calls throw CinnabarError `key_not_found`, `key_not_active`, `chips_busy` (come back later),
 * `chips_unavailable`, and `invalid_request` for an input out of range.
 */
export interface KeyService {
  /**
   * Makes a key, once for an id. Resolves only when at least two chips proved that they hold it;
   * until then nobody learns the public key, so no key that was ever named can be lost with one
   * chip.
   *
   * @throws CinnabarError `key_id_taken` when the id belongs to a key of another kind
   */
  create(input: CreateKey): Promise<KeyRecord>;
  find(tenant: string, id: string): Promise<KeyRecord>;
  /**
   * @throws CinnabarError `key_use_refused` for a scheme that the key is not for;
   * `activation_refused`; `key_limit_reached`; `key_request_reused` when the request id was used
   * with another input
   */
  sign(input: SignRequest): Promise<{ readonly signature: Uint8Array; readonly receipt: Receipt }>;
  /** @throws CinnabarError as `sign`, and `decryption_failed` whatever is wrong inside */
  decrypt(
    input: DecryptRequest,
  ): Promise<{ readonly plaintext: Uint8Array; readonly receipt: Receipt }>;
  /** `revoked` is final. */
  setState(tenant: string, id: string, state: 'active' | 'frozen' | 'revoked'): Promise<KeyRecord>;
  /** @throws CinnabarError `activation_refused` when too few officers approved exactly this */
  changeGrants(input: ChangeGrants): Promise<KeyRecord>;
}

/** Most bytes of a message or ciphertext; more is hashed by the caller or encrypted in an envelope. */
export const messageBytesMax = 2_000_000;
const requestIdPattern = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/;
const keyIdPattern = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const tenantPattern = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;
const ownerCharactersMax = 128;
const officersMax = 16;

export function isTenant(value: unknown): value is string {
  return typeof value === 'string' && tenantPattern.test(value);
}

export function isKeyTenant(value: unknown): value is string {
  return value === serviceTenant || isTenant(value);
}

export function isKeyId(value: unknown): value is string {
  return typeof value === 'string' && keyIdPattern.test(value);
}

export function isRequestId(value: unknown): value is string {
  return typeof value === 'string' && requestIdPattern.test(value);
}

/** @throws CinnabarError `invalid_request` */
export function assertCreateKey(input: CreateKey): void {
  const { tenant, id, algorithm, uses, owner, policy = {} } = input;
  check(isKeyTenant(tenant), '/tenant');
  check(isKeyId(id), '/id');
  check(keyAlgorithms.includes(algorithm), '/algorithm');
  check(uses.length > 0 && uses.every((use) => keyUses.includes(use)), '/uses');
  const onlySigns = algorithm === 'ed25519' || algorithm === 'rsa3072-recovery';
  check(!onlySigns || !uses.includes('decrypt'), '/uses');
  check(owner === undefined || owner.length <= ownerCharactersMax, '/owner');
  assertPolicy(policy);
}

function assertPolicy({ grantsHashHex, officers, usesMax, protection }: KeyPolicy): void {
  check(grantsHashHex === undefined || isHex(grantsHashHex, 64), '/policy/grantsHashHex');
  check(usesMax === undefined || isWhole(usesMax, 1), '/policy/usesMax');
  check(protection === undefined || protections.includes(protection), '/policy/protection');
  check(officers === undefined || areOfficers(officers), '/policy/officers');
}

/** Whether these are different people, and enough of them to decide. */
export function areOfficers({ publicKeysHex, threshold }: Officers): boolean {
  return (
    Array.isArray(publicKeysHex) &&
    publicKeysHex.length <= officersMax &&
    new Set(publicKeysHex).size === publicKeysHex.length &&
    publicKeysHex.every((key) => isHex(key, 130)) &&
    isWhole(threshold, 1) &&
    threshold <= publicKeysHex.length
  );
}

/** @throws CinnabarError `invalid_request` */
export function assertSignRequest(input: SignRequest): void {
  assertUse(input);
  const { scheme, format, message, digest } = input;
  check(signSchemes.includes(scheme), '/scheme');
  check(format === undefined || format === 'der' || format === 'raw', '/format');
  check((message === undefined) !== (digest === undefined), '/message');
  check(message === undefined || isBytes(message, messageBytesMax), '/message');
  check(digest === undefined || (scheme === 'sm2-sm3' && digest.length === 32), '/digest');
}

/** @throws CinnabarError `invalid_request` */
export function assertDecryptRequest(input: DecryptRequest): void {
  assertUse(input);
  check(decryptSchemes.includes(input.scheme), '/scheme');
  if (input.scheme === 'ecdh-p256') {
    check(isBytes(input.peerPublicKey, 65) && input.peerPublicKey.length === 65, '/peerPublicKey');
  } else {
    check(isBytes(input.ciphertext, messageBytesMax), '/ciphertext');
  }
}

/** @throws CinnabarError `invalid_request` */
export function assertChangeGrants({
  tenant,
  keyId,
  grantsHashHex,
  officers,
  termsHashHex,
  approvals,
}: ChangeGrants): void {
  assertKeyName(tenant, keyId);
  check(isHex(grantsHashHex, 64), '/grantsHashHex');
  check(officers === undefined || areOfficers(officers), '/officers');
  check(termsHashHex === undefined || isHex(termsHashHex, 64), '/termsHashHex');
  check(Array.isArray(approvals) && approvals.length <= officersMax, '/approvals');
}

/** @throws CinnabarError `invalid_request` */
export function assertKeyName(tenant: string, keyId: string): void {
  check(isKeyTenant(tenant), '/tenant');
  check(isKeyId(keyId), '/keyId');
}

function assertUse({ tenant, keyId, requestId }: KeyUseRequest): void {
  assertKeyName(tenant, keyId);
  check(isRequestId(requestId), '/requestId');
}

/** The algorithm that a scheme belongs to. */
export function algorithmOf(scheme: SignScheme | DecryptScheme): KeyAlgorithm {
  if (scheme === 'sm2-sm3' || scheme === 'sm2') return 'sm2';
  if (scheme === 'ecdsa-p256-sha256' || scheme === 'ecdh-p256') return 'p256';
  if (scheme === 'rsa-recovery') return 'rsa3072-recovery';
  return scheme === 'ed25519' ? 'ed25519' : 'rsa3072';
}

/** @throws CinnabarError `invalid_request` */
export function check(holds: boolean, pointer: string): void {
  if (!holds) {
    throw new CinnabarError('invalid_request', { fields: [{ pointer, code: 'invalid' }] });
  }
}

export function isHex(value: unknown, digits: number): value is string {
  return typeof value === 'string' && value.length === digits && /^[0-9a-f]*$/.test(value);
}

export function isBytes(value: unknown, most: number): value is Uint8Array {
  return value instanceof Uint8Array && value.length <= most;
}

function isWhole(value: unknown, least: number): value is number {
  return Number.isSafeInteger(value) && (value as number) >= least;
}

/**
 * Sole control, after EN 419 241-1 (the signature activation protocol): a key whose policy names a
 * grant list moves only for a statement that a person on that list signed. The chip itself checks
 * it, so that neither the edge nor the signing service can use the key alone.
 */
export interface Activation {
  /** The statement exactly as the person signed it: JSON with the members of `Statement`. */
  readonly statement: string;
  /** SM2 with SM3 over the statement's UTF-8, DER. */
  readonly signature: Uint8Array;
  /** The grant list that the key's policy names by hash. */
  readonly grants: readonly Grant[];
}
