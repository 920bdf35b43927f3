import type { Modality } from '../../core/biometric-consent.ts';
import type { Row, RowStore } from '../row-store.ts';
import type { Sealed } from '../sealed.ts';
import type { SigningDeps } from '../signing/ports.ts';

/** A person's template of one trait, and what they signed for it. */
export interface Enrolment extends Row {
  readonly owner: string;
  readonly modality: Modality;
  readonly service: string;
  readonly state: 'active' | 'withdrawn';
  /** Key and template; gone once the service has forgotten what it kept. */
  readonly sealed?: Sealed;
  readonly consent: { readonly text: string; readonly signatureHex: string };
  readonly enrolledAtMs: number;
  readonly endsAtMs: number;
}

export { type Modality, modalities } from '../../core/biometric-consent.ts';

/** Longest sample: a small picture, or a few seconds of speech. It fits into one message of a session. */
export const sampleBytesMax = 24_000;

/** What a service says of a sample that it can make nothing of. */
export interface Unusable {
  readonly kind: 'unusable';
  /** Short and stable, such as `no_face`. */
  readonly reason: string;
}

/**
 * Compares people by a trait: the biometrics host of this product, or a bank's own service
 * (docs/biometrics.md). It is asked with a fresh key for each enrolment. A service that protects its
 * templates under it keeps nothing; one that keeps them itself answers a name for `template`.
 */
export interface BiometricService {
  readonly modality: Modality;
  /** Shown to people, and part of what they agree to. */
  readonly name: string;
  readonly liveness: 'none' | 'provided';
  /** @throws CinnabarError `biometrics_unavailable` */
  enrol(
    sample: Uint8Array,
    key: Uint8Array,
  ): Promise<{ readonly kind: 'enrolled'; readonly template: Uint8Array } | Unusable>;
  /** @throws CinnabarError `biometrics_unavailable` */
  verify(
    template: Uint8Array,
    sample: Uint8Array,
    key: Uint8Array,
  ): Promise<{ readonly kind: 'match' | 'no_match' } | Unusable>;
  /** Has the service forget what `template` names. @throws CinnabarError `biometrics_unavailable` */
  forget(template: Uint8Array): Promise<void>;
}

/** What an institution keeps of biometrics, by its kind. */
export interface BiometricRows {
  readonly enrolment: Enrolment;
}

export interface BiometricDeps extends SigningDeps {
  readonly biometricRows: RowStore<BiometricRows>;
  /** At most one for each modality; none where the institution verifies nobody so. */
  readonly biometrics: readonly BiometricService[];
}
