import type { VerifiedRegistrationResponse } from '@simplewebauthn/server';
import { base64urlBytes } from '../../lib/base64url.ts';
import type { Attestation } from './types.ts';

type Registered = NonNullable<VerifiedRegistrationResponse['registrationInfo']>;

/** Formats whose chains the library verifies up to roots that it carries: Apple's and Google's. */
const rootedFormats: readonly string[] = ['apple', 'android-key'];

/**
 * How much a verified registration tells of where its passkey lives. Only a chain to a known maker
 * counts as said; everything else could be made up by software.
 *
 * @param attestationObject as the terminal sent it, base64url
 */
export async function attestationOf(
  { fmt, aaguid, credentialDeviceType }: Registered,
  attestationObject: string,
): Promise<Attestation> {
  const { decodeAttestationObject } = await import('@simplewebauthn/server/helpers');
  const bytes = new Uint8Array(base64urlBytes(attestationObject) ?? []);
  const hasChain = decodeAttestationObject(bytes).get('attStmt').get('x5c') !== undefined;
  const level = levelOf(fmt, hasChain);
  return { level, format: fmt, aaguid, copied: credentialDeviceType === 'multiDevice' };
}

function levelOf(format: string, hasChain: boolean): Attestation['level'] {
  if (format === 'none') return 'none';
  if (rootedFormats.includes(format)) return 'verified';
  return hasChain ? 'unverified' : 'self';
}

/** Where the key of a passkey is, as far as its attestation proves it (E4). */
export function keyStoreOf({ level, copied }: Attestation): 'hardware' | 'software' | 'unknown' {
  if (copied) return 'software';
  return level === 'verified' ? 'hardware' : 'unknown';
}
