import { canonicalJson } from '../lib/canonical-json.ts';

export const modalities = ['face', 'voice'] as const;
export type Modality = (typeof modalities)[number];

/** What a person agrees to before a biometric template of theirs is kept. */
export interface BiometricConsent {
  readonly institution: string;
  readonly person: string;
  /** The personal key that signs. */
  readonly keyId: string;
  readonly modality: Modality;
  /** Who compares, by the name that the institution gave it. */
  readonly service: string;
  /** Whether it tells a living person from a picture. */
  readonly liveness: 'none' | 'provided';
  /** After so many days the template is gone. */
  readonly days: number;
  /** SHA-256 of the sample that is enrolled, hex. */
  readonly sampleSha256: string;
}

/** The text that is signed: canonical JSON (RFC 8785). */
export function consentText(consent: BiometricConsent): string {
  const { institution, person, keyId: key, modality, service, liveness, days } = consent;
  return canonicalJson({
    v: 1,
    kind: 'cinnabar biometric consent',
    institution,
    person,
    key,
    modality,
    service,
    liveness,
    purpose: 'confirming payments',
    days,
    sample: consent.sampleSha256,
  });
}
