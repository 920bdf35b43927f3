import { loadGm } from '../../core/gm.ts';
import { parseCertificate } from '../../core/pki/certificate.ts';
import { base64Text } from '../../lib/base64.ts';
import { DerError } from '../../lib/der.ts';
import { authorityOf } from '../certificates/authority.ts';
import { findCertificate } from '../certificates/find.ts';
import { CinnabarError } from '../errors.ts';
import { pictureDpi } from '../seals/pictures.ts';
import { readDocument } from './document-store.ts';
import {
  type ElectronicSealInfo,
  makeElectronicSeal,
  signWithElectronicSeal,
} from './documents/electronic-seal.ts';
import { signingKeyOf } from './documents/identifiers.ts';
import { openEnvelope } from './documents/open-envelope.ts';
import { signPdf } from './documents/pdf.ts';
import type { DocumentOpener, DocumentSigner } from './documents/ports.ts';
import { sealPictureOf } from './documents/seal-picture.ts';
import { makeSignedData } from './documents/signed-data.ts';
import type { SigningDeps } from './ports.ts';
import { inputText } from './requests.ts';
import type { DocumentWork, InstitutionKey, NewRequest, OperationDocument } from './types.ts';

// A document is made twice from the same input, time and certificate. The first time what the key
// must do is found out, and nothing is kept but that; the second time the key's answer is put in.
// So the result needs no state of half a document between the two, and a repetition is the same.

export interface DocumentJob {
  readonly tenant: string;
  readonly operationId: string;
  readonly document: OperationDocument;
  /** What was uploaded; for a new electronic seal the picture. */
  readonly input: Uint8Array;
  /** Written into a signed PDF. */
  readonly reason: string;
}

/** Thrown through a document function to leave it where the key is needed. */
class KeyNeeded extends Error {
  readonly request: NewRequest;

  constructor(request: NewRequest) {
    super('the key is needed');
    this.request = request;
  }
}

/**
 * What the key must do for a document.
 *
 * @throws CinnabarError `document_malformed`, `envelope_not_addressed`, `operation_not_found` when
 * there is no such electronic seal, `document_key_unfit` when the key cannot do this
 */
export async function prepareDocument(deps: SigningDeps, job: DocumentJob) {
  const needed = (request: NewRequest) => Promise.reject(new KeyNeeded(request));
  try {
    await runDocument(deps, job, {
      sign: (scheme, message) => needed({ kind: 'sign', scheme, messageB64: base64Text(message) }),
      decrypt: (scheme, input) =>
        needed({ kind: 'decrypt', scheme, ciphertextB64: base64Text(input) }),
    });
  } catch (error) {
    if (error instanceof KeyNeeded) return error.request;
    const cause = error instanceof CinnabarError ? error.cause : undefined;
    if (cause instanceof KeyNeeded) return cause.request;
    throw error;
  }
  throw new Error('documents: the key was not needed');
}

/**
 * The finished document, from what the key answered to `input`.
 *
 * @throws CinnabarError `envelope_unreadable`
 */
export function finishDocument(
  deps: SigningDeps,
  job: DocumentJob,
  input: Uint8Array,
  output: Uint8Array,
): Promise<Uint8Array> {
  const prepared = base64Text(input);
  const answer = async (asked: NewRequest) => {
    // The function must ask for exactly what the person activated; anything else is our defect.
    if (inputText(asked) !== prepared) throw new Error('documents: not what was prepared');
    return output;
  };
  return runDocument(deps, job, {
    sign: (scheme, message) => answer({ kind: 'sign', scheme, messageB64: base64Text(message) }),
    decrypt: (scheme, input) =>
      answer({ kind: 'decrypt', scheme, ciphertextB64: base64Text(input) }),
  });
}

interface KeyUse {
  sign(scheme: 'sm2-sm3' | 'ecdsa-p256-sha256', message: Uint8Array): Promise<Uint8Array>;
  decrypt(scheme: 'sm2' | 'ecdh-p256', input: Uint8Array): Promise<Uint8Array>;
}

async function runDocument(deps: SigningDeps, job: DocumentJob, use: KeyUse) {
  const { document, input } = job;
  const { work, atMs } = document;
  const holder = await holderOf(deps, document.serial, use);
  try {
    switch (work.action) {
      case 'cms':
        return await makeSignedData(holder, {
          ...(work.byDigest ? { digest: input } : { content: input }),
          detached: work.detached,
          signingTimeMs: atMs,
        });
      case 'pdf': {
        const { location } = work;
        const more = { reason: job.reason, ...(location === undefined ? {} : { location }) };
        return await signPdf(holder, { pdf: input, signedAtMs: atMs, ...more });
      }
      case 'make_seal':
        return await makeElectronicSeal(holder, sealInfo(job, work, holder));
      case 'seal':
        return await signWithElectronicSeal(holder, {
          seal: await readDocument(deps, job.tenant, work.sealOf, 'result'),
          signedAtMs: atMs,
          documentDigest: (await loadGm()).sm3(input),
          coverage: 'whole file',
        });
      case 'open':
        return await openEnvelope(holder, input);
    }
  } catch (cause) {
    if (cause instanceof DerError) throw new CinnabarError('document_malformed', { cause });
    throw cause;
  }
}

/** The institution's certificate with a key that others move. */
async function holderOf(
  deps: SigningDeps,
  serial: string,
  use: KeyUse,
): Promise<DocumentSigner & DocumentOpener> {
  const found = await findCertificate(deps, serial);
  if (!found?.der) throw new CinnabarError('document_key_unfit');
  const { issuing, root } = await authorityOf(deps, found);
  const kind = signingKeyOf(parseCertificate(found.der).spki);
  const scheme = kind === 'sm2' ? 'sm2-sm3' : 'ecdsa-p256-sha256';
  return {
    certificate: found.der,
    chain: [issuing, root],
    sign: (message) => use.sign(scheme, message),
    decryptSm2: (ciphertext) => use.decrypt('sm2', ciphertext),
    agreeP256: (point) => use.decrypt('ecdh-p256', point),
  };
}

/** GB/T 38540 §6.1: type 1 is the seal of an institution. */
const institutionSeal = 1;

function sealInfo(
  { operationId, document, input }: DocumentJob,
  work: Extract<OperationDocument['work'], { action: 'make_seal' }>,
  { certificate }: DocumentSigner,
): ElectronicSealInfo {
  return {
    id: operationId,
    vendorId: 'cinnabar',
    type: institutionSeal,
    name: work.name,
    signerCertificates: [certificate],
    createdAtMs: document.atMs,
    validFromMs: document.atMs,
    validUntilMs: work.validUntilMs,
    picture: sealPictureOf(input, pictureDpi),
  };
}

/** Whether a key can do this at all: seals are made with SM2, envelopes opened by encryption keys. */
export function isFit(key: InstitutionKey, { action }: OperationDocument['work']): boolean {
  if (action === 'open') return key.purpose === 'encryption';
  if (key.purpose !== 'signature') return false;
  return key.algorithm === 'sm2' || (action !== 'make_seal' && action !== 'seal');
}

/** Whether what is signed for a document has more in it than digests: the picture of a seal. */
export function hasContent({ action }: DocumentWork): boolean {
  return action === 'make_seal' || action === 'seal';
}

/** What the decision says of a document, so that the person's signature covers it. */
export function documentFacts({ work, name, bytes, sha256Hex }: OperationDocument) {
  return { ...work, name, bytes, sha256: sha256Hex };
}
