import type { VerifiedRegistrationResponse } from '@simplewebauthn/server';
import { base64urlBytes } from '../../lib/base64url.ts';
import type { Attestation } from './types.ts';

type Registered = NonNullable<VerifiedRegistrationResponse['registrationInfo']>;

/** Formats whose chains the library verifies up to roots that it carries: Apple's and Google's. */
const rootedFormats: readonly string[] = ['apple', 'android-key'];

/** Those of WebAuthn §8 but SafetyNet's, which nothing signs any more. */
const formats: readonly string[] = [...rootedFormats, 'none', 'packed', 'tpm', 'fido-u2f'];

/** Makers have three or four: leaf, one or two that issue, root. */
const chainMax = 6;

/**
 * Looks at a statement before its chain is followed. The library asks for the revocation list that a
 * certificate names as soon as the chain ends in any root, also in one that came along with it, and
 * does not ask whether who issued was allowed to: so an address would be called that the sender
 * chose, and a key in some telephone could issue for keys that are in none.
 *
 * @param attestationObject as the terminal sent it, base64url
 * @throws Error of any kind for what is not to be looked at further
 */
export async function assertAttestable(attestationObject: string): Promise<void> {
  const [{ SettingsService }, helpers] = await Promise.all([
    import('@simplewebauthn/server'),
    import('@simplewebauthn/server/helpers'),
  ]);
  // One reading of the text only: the library's would pass over what ours refuses.
  const bytes = base64urlBytes(attestationObject);
  if (bytes === undefined) throw new Error('the attestation is not base64url');
  const decoded = helpers.decodeAttestationObject(new Uint8Array(bytes));
  const format: string = decoded.get('fmt');
  const chain: readonly Uint8Array<ArrayBuffer>[] = decoded.get('attStmt').get('x5c') ?? [];
  if (!formats.includes(format)) throw new Error('the format is not known');
  if (chain.length > chainMax) throw new Error('the chain is too long');
  if (!rootedFormats.includes(format)) return;
  const issuing = chain.slice(1).map((der) => helpers.getCertificateInfo(der).basicConstraintsCA);
  if (!issuing.every(Boolean)) throw new Error('who issued was not allowed to');
  if (format !== 'android-key') return;
  // Apple's root does not come along; Google's does, and is taken for one before it is compared.
  const roots = SettingsService.getRootCertificates({ identifier: format });
  const last = chain.at(-1);
  const isKnown = last !== undefined && roots.includes(helpers.convertCertBufferToPEM(last));
  if (!isKnown) throw new Error('the root is not known');
}

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
