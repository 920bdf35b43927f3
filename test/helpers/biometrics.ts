import { createHash } from 'node:crypto';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import { expectedShare, featureCount, loadBiometric } from '../../src/core/biometric.ts';
import { consentText } from '../../src/core/biometric-consent.ts';
import { consentTo, enrolBiometric } from '../../src/domain/biometrics/enrol.ts';
import type { BiometricDeps, BiometricService } from '../../src/domain/biometrics/ports.ts';
import { CinnabarError } from '../../src/domain/errors.ts';

import type { Terminal } from './signing.ts';

const biometric = await loadBiometric();

/** A sample that is its own features: what a network makes of a picture, without the network. */
export function sampleOf(person: number, noise = 0): Uint8Array {
  const wave = (i: number, seed: number) => Math.sin((i + 1) * (seed * 7.31 + 1.7)) * 30;
  return Uint8Array.from(
    { length: featureCount },
    (_, i) => 128 + Math.round(wave(i, person) + noise * wave(i, person + 1000)),
  );
}

const featuresIn = (sample: Uint8Array) => Array.from(sample, (byte) => (byte - 128) / 170);

/** A service on this product's own templates; it can be down, and counts what it is asked. */
export function featureService() {
  const seen = { isDown: false, verified: 0, forgotten: [] as string[] };
  const unusable = (sample: Uint8Array) =>
    sample.length === featureCount ? undefined : ({ kind: 'unusable', reason: 'no_face' } as const);
  function assertUp(): void {
    if (seen.isDown) throw new CinnabarError('biometrics_unavailable');
  }
  const service: BiometricService = {
    modality: 'face',
    name: 'test features',
    liveness: 'none',
    async enrol(sample, key) {
      assertUp();
      const template = () => biometric.protect(featuresIn(sample), key);
      return unusable(sample) ?? { kind: 'enrolled', template: template() };
    },
    async verify(template, sample, key) {
      seen.verified++;
      assertUp();
      if (sample.length !== featureCount) return { kind: 'unusable', reason: 'no_face' };
      const share = biometric.compare(template, biometric.protect(featuresIn(sample), key));
      return { kind: share <= expectedShare(0.42) ? 'match' : 'no_match' };
    },
    async forget(template) {
      assertUp();
      seen.forgotten.push(template.join());
    },
  };
  return { service, seen };
}

/** A person enrols a sample: what a browser does, on the domain's functions. */
export async function enrolled(deps: BiometricDeps, person: Terminal, sample: Uint8Array) {
  const [service] = deps.biometrics;
  if (!service) throw new Error('nothing is offered');
  const hash = { sha256: createHash('sha256').update(sample).digest('hex') };
  const text = consentText(consentTo(person.caller.actor, person.key.id, service, hash));
  const signature = await person.sign(utf8ToBytes(text));
  const request = { modality: 'face', personalKeyId: person.key.id, sample, signature } as const;
  return enrolBiometric(deps, person.caller, request);
}
