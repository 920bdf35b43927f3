import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import { combine, split } from 'shamir-secret-sharing';
import { tupleBytes } from '../../lib/tuple.ts';
import { CinnabarError } from '../errors.ts';
import type { Random } from '../ports.ts';

/** What a shared secret is for: a share of one is never taken for another. */
export const sharedSecrets = ['backup', 'cloning-domain'] as const;
export type SharedSecret = (typeof sharedSecrets)[number];

/** What one officer keeps. Fewer than `threshold` of them say nothing of the secret. */
export interface OfficerShare {
  readonly format: 'cinnabar officer share 1';
  readonly purpose: SharedSecret;
  /** The same in all shares of one secret, hex. */
  readonly set: string;
  readonly threshold: number;
  readonly shares: number;
  /** 1 to `shares`: which officer's it is. */
  readonly index: number;
  readonly shareHex: string;
  /** First 8 bytes of SHA-256 over all of the above: finds what was copied wrongly. */
  readonly checkHex: string;
}

/** How many officers there are, and how many of them must come together. */
export interface Quorum {
  readonly threshold: number;
  readonly shares: number;
}

export const officersMost = 16;
const secretBytes = 32;

/**
 * Shares a secret of 32 bytes among officers: Shamir's scheme over GF(2^8).
 *
 * @param set names the shares of this secret, 16 hex digits; random if left out
 * @throws CinnabarError `invalid_request` unless 2 <= threshold <= shares <= 16
 */
export async function shareOut(
  purpose: SharedSecret,
  secret: Uint8Array,
  { threshold, shares }: Quorum,
  random: Random,
  set = bytesToHex(random.bytes(8)),
): Promise<readonly OfficerShare[]> {
  const isQuorum =
    Number.isInteger(threshold) &&
    Number.isInteger(shares) &&
    threshold >= 2 &&
    threshold <= shares &&
    shares <= officersMost;
  if (!isQuorum || secret.length !== secretBytes) throw new CinnabarError('invalid_request');
  const parts = await split(secret, shares, threshold);
  return parts.map((part, i) => {
    const body = {
      format: 'cinnabar officer share 1' as const,
      purpose,
      set,
      threshold,
      shares,
      index: i + 1,
      shareHex: bytesToHex(part),
    };
    return { ...body, checkHex: checkOf(body) };
  });
}

/** @throws CinnabarError `share_unreadable` */
export function parseShare(value: unknown): OfficerShare {
  const share = (typeof value === 'object' && value !== null ? value : {}) as OfficerShare;
  const isShare =
    share.format === 'cinnabar officer share 1' &&
    sharedSecrets.includes(share.purpose) &&
    /^[0-9a-f]{16}$/.test(share.set) &&
    [share.threshold, share.shares, share.index].every(Number.isInteger) &&
    // One byte more than the secret: where the share lies on the curve.
    /^[0-9a-f]{66}$/.test(share.shareHex) &&
    share.checkHex === checkOf(share);
  if (!isShare) throw new CinnabarError('share_unreadable');
  return share;
}

/**
 * The secret from enough shares. A share handed in twice counts once.
 *
 * @throws CinnabarError `share_unreadable` for shares of different secrets, `shares_too_few`
 */
export async function joinShares(
  purpose: SharedSecret,
  handedIn: readonly OfficerShare[],
): Promise<Uint8Array> {
  const shares = [...new Map(handedIn.map((share) => [share.index, share])).values()];
  const [first] = shares;
  if (!first || shares.length < first.threshold) throw new CinnabarError('shares_too_few');
  const isOneSet = shares.every((share) => share.set === first.set && share.purpose === purpose);
  if (!isOneSet) throw new CinnabarError('share_unreadable');
  return combine(shares.map(({ shareHex }) => hexToBytes(shareHex)));
}

function checkOf(share: Omit<OfficerShare, 'checkHex'>): string {
  const { format, purpose, set, threshold, shares, index, shareHex } = share;
  const bytes = tupleBytes(format, purpose, set, threshold, shares, index, shareHex);
  return bytesToHex(sha256(bytes).subarray(0, 8));
}
