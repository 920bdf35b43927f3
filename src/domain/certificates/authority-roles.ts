import type { AuthorityRole } from './ports.ts';
import type { KeyAlgorithm } from './profiles.ts';
import type { ExtendedKeyUsage, KeyUsage, SubjectName } from './x509/build.ts';

export type CertifiedRole = Exclude<AuthorityRole, 'root_list'>;

/**
 * What a root's key may ever sign: its own certificate, issuing authorities and lists. Several
 * attempts at once each count, so this is more than a hundred years need and little for a thief.
 */
const rootUsesMax = 256;

interface RoleProfile {
  readonly name: string;
  readonly validityDays: number;
  /** The certificate is made anew when it has less than this left. */
  readonly renewalDays: number;
  readonly keyUsage: readonly KeyUsage[];
  readonly extendedKeyUsage: readonly ExtendedKeyUsage[];
  readonly pathLength?: number;
  /** Of the key, over its life; the chips count. */
  readonly usesMax?: number;
}

/**
 * The certificates of the service itself. A root and an issuing authority are not made anew by the
 * clock: an operator opens the next one, and certificates below end with their issuer.
 */
export const roles: Readonly<Record<CertifiedRole, RoleProfile>> = {
  root: {
    name: 'Root',
    validityDays: 20 * 365,
    renewalDays: 0,
    keyUsage: ['keyCertSign', 'cRLSign'],
    extendedKeyUsage: [],
    pathLength: 1,
    usesMax: rootUsesMax,
  },
  issuing: {
    name: 'Issuing Authority',
    validityDays: 10 * 365,
    renewalDays: 0,
    keyUsage: ['keyCertSign', 'cRLSign'],
    extendedKeyUsage: [],
    pathLength: 0,
  },
  ocsp: {
    name: 'OCSP Responder',
    validityDays: 30,
    renewalDays: 10,
    keyUsage: ['digitalSignature'],
    extendedKeyUsage: ['ocspSigning'],
  },
};

/** How the keys of a hierarchy sign. */
export const schemes = { sm2: 'sm2-sm3', p256: 'ecdsa-p256-sha256' } as const;
const labels: Readonly<Record<KeyAlgorithm, string>> = { sm2: 'SM2', p256: 'P-256' };

/** Each issuing authority has a name of its own, so that a chain and a list have one issuer. */
export function nameOf(
  algorithm: KeyAlgorithm,
  role: CertifiedRole,
  generation: number,
): SubjectName {
  const number = role === 'issuing' && generation > 1 ? ` ${generation}` : '';
  return {
    commonName: `Cinnabar ${labels[algorithm]} ${roles[role].name}${number}`,
    organization: 'Cinnabar',
    country: 'CN',
  };
}
