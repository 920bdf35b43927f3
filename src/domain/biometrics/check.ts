import type { Actor } from '../actor.ts';
import { CinnabarError } from '../errors.ts';
import { inForce, openedTemplate, serviceFor } from './enrol.ts';
import { type BiometricDeps, type Modality, sampleBytesMax } from './ports.ts';

/**
 * What came of looking at a person. Only `match` is a yes: nobody enrolled, a sample that shows
 * nothing, a service that does not answer and a template that does not open are not.
 */
export type BiometricFinding = 'match' | 'no_match' | 'unusable' | 'unavailable';

/** Compares a sample with what the person enrolled. Never throws for what may go wrong with that. */
export async function checkBiometric(
  deps: Pick<BiometricDeps, 'biometricRows' | 'biometrics' | 'clock' | 'templateKeys'>,
  actor: Actor,
  modality: Modality,
  sample: Uint8Array,
): Promise<BiometricFinding> {
  if (sample.length === 0 || sample.length > sampleBytesMax) return 'unusable';
  try {
    const enrolment = await inForce(deps, actor, modality);
    if (!enrolment?.sealed) return 'unavailable';
    const { key, template } = await openedTemplate(deps, enrolment, enrolment.sealed);
    const service = serviceFor(deps, modality);
    // A template speaks for the service that it was made by, and for no other in its place.
    if (service.name !== enrolment.service) return 'unavailable';
    return (await service.verify(template, sample, key)).kind;
  } catch (error) {
    if (error instanceof CinnabarError) return 'unavailable';
    throw error;
  }
}
