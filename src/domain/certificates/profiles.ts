import type { ExtendedKeyUsage, KeyUsage } from './x509/build.ts';

/** What an application can be for. */
export const applicationKinds = ['person', 'institution', 'terminal', 'service'] as const;
export type ApplicationKind = (typeof applicationKinds)[number];

export const purposes = ['signature', 'encryption'] as const;
/** What the key of one certificate is for. */
export type Purpose = (typeof purposes)[number];

export const keyAlgorithms = ['sm2', 'p256'] as const;
/** The curve of a subject's key, and with it the hierarchy that issues: both are the same. */
export type KeyAlgorithm = (typeof keyAlgorithms)[number];

/** What every certificate of one kind and purpose looks like. */
export interface CertificateProfile {
  readonly keyUsage: readonly KeyUsage[];
  readonly extendedKeyUsage: readonly ExtendedKeyUsage[];
  readonly validityDays: number;
  /** Certificate policy, under the arc for examples of RFC 5612 until an operator has its own. */
  readonly policy: string;
}

export interface ApplicationProfile {
  /** Where the key may live: with the subject, who proves it by a request, or in a chip. */
  readonly keys: 'subject' | 'chip';
  readonly certificates: Readonly<Partial<Record<Purpose, CertificateProfile>>>;
  readonly needsOrganization: boolean;
  readonly needsDnsNames: boolean;
}

const policyArc = '1.3.6.1.4.1.32473.2.1';

const signature: Pick<CertificateProfile, 'keyUsage' | 'extendedKeyUsage'> = {
  keyUsage: ['digitalSignature', 'nonRepudiation'],
  extendedKeyUsage: ['documentSigning', 'clientAuth'],
};

/** Kind by kind, what is issued. The one place where key usage, validity and policy are decided. */
export const profiles: Readonly<Record<ApplicationKind, ApplicationProfile>> = {
  person: {
    keys: 'subject',
    needsOrganization: false,
    needsDnsNames: false,
    certificates: { signature: { ...signature, validityDays: 365, policy: `${policyArc}.1` } },
  },
  institution: {
    keys: 'chip',
    needsOrganization: true,
    needsDnsNames: false,
    certificates: {
      signature: { ...signature, validityDays: 1095, policy: `${policyArc}.2` },
      encryption: {
        keyUsage: ['keyEncipherment', 'dataEncipherment', 'keyAgreement'],
        extendedKeyUsage: [],
        validityDays: 1095,
        policy: `${policyArc}.3`,
      },
    },
  },
  terminal: {
    keys: 'subject',
    needsOrganization: true,
    needsDnsNames: false,
    certificates: {
      signature: {
        keyUsage: ['digitalSignature'],
        extendedKeyUsage: ['clientAuth'],
        validityDays: 90,
        policy: `${policyArc}.4`,
      },
    },
  },
  service: {
    keys: 'subject',
    needsOrganization: true,
    needsDnsNames: true,
    certificates: {
      signature: {
        keyUsage: ['digitalSignature'],
        extendedKeyUsage: ['serverAuth', 'clientAuth'],
        validityDays: 90,
        policy: `${policyArc}.5`,
      },
    },
  },
};

/** The profile of one certificate; `undefined` when the kind has none for that purpose. */
export function profileOf(kind: ApplicationKind, purpose: Purpose): CertificateProfile | undefined {
  return profiles[kind].certificates[purpose];
}

/** What an application of this kind asks for, signature first. */
export function purposesOf(kind: ApplicationKind): readonly Purpose[] {
  return purposes.filter((purpose) => profiles[kind].certificates[purpose] !== undefined);
}

const dayMs = 24 * 60 * 60 * 1000;

export const validityMs = ({ validityDays }: Pick<CertificateProfile, 'validityDays'>): number =>
  validityDays * dayMs;

/** The longest that every certificate of this kind may be in force. */
export function validityMsMax(kind: ApplicationKind): number {
  return Math.min(...Object.values(profiles[kind].certificates).map(validityMs));
}
