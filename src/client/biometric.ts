import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { consentText } from '../core/biometric-consent.ts';
import { base64urlText } from '../lib/base64url.ts';
import type { Client } from './api.ts';
import type { TerminalSigner } from './session.ts';
import type { BiometricEnrolment, Biometrics } from './types.ts';

/** Whose trait it is, and which personal key signs for it. */
export interface Subject {
  readonly institution: string;
  readonly person: string;
  readonly keyId: string;
}

/**
 * Enrols a sample of a person's trait, for their signature with both halves of the personal key over
 * exactly what was offered to them.
 *
 * @param client a client inside a session, so that the sample travels in nothing but it
 * @throws ApiError
 */
export async function enrolBiometric(
  client: Client,
  signer: TerminalSigner,
  subject: Subject,
  offered: Biometrics['offered'][number],
  sample: Uint8Array,
): Promise<BiometricEnrolment> {
  const sampleSha256 = bytesToHex(sha256(sample));
  const text = utf8ToBytes(consentText({ ...subject, ...offered, sampleSha256 }));
  const purpose = { purpose: 'biometric_consent', request: base64urlText(text) } as const;
  const signature = base64urlText(await signer.sign(text, purpose));
  const { keyId: personalKeyId } = subject;
  const body = { personalKeyId, sample: base64urlText(sample), signature };
  return client.biometrics.enrol(offered.modality, body);
}
