import { bytesToHex } from '@noble/hashes/utils.js';
import { loadGm } from '../../core/gm.ts';
import { parseCertificate } from '../../core/pki/certificate.ts';
import { DerError } from '../../lib/der.ts';
import type { Actor } from '../actor.ts';
import { certificateStateOf, findCertificate, type Standing } from '../certificates/find.ts';
import { CinnabarError } from '../errors.ts';
import { serialOf } from './decide.ts';
import {
  type ElectronicSealInfo,
  verifyElectronicSeal,
  verifySealedDocument,
} from './documents/electronic-seal.ts';
import { makeEnvelope } from './documents/enveloped-data.ts';
import { verifyPdf } from './documents/verify-pdf.ts';
import { type VerifiedSigner, verifySignedData } from './documents/verify-signed-data.ts';
import { getInstitutionKey } from './grants.ts';
import type { SigningDeps } from './ports.ts';

export interface DocumentToCheck {
  readonly kind: 'cms' | 'pdf' | 'electronic_seal' | 'sealed';
  readonly file: Uint8Array;
  /** What was signed, where the signature does not carry it. */
  readonly content?: Uint8Array;
}

export interface CheckedSigner {
  readonly certificate: Uint8Array;
  readonly serialHex: string;
  /** As this service issued it; empty for a certificate of another's. */
  readonly subject: string;
  readonly standing: Standing;
  /** The signer's own claim. */
  readonly signedAtMs?: number;
}

export interface CheckedDocument {
  readonly ok: boolean;
  readonly reason?: string;
  readonly signers: readonly CheckedSigner[];
  readonly seal?: ElectronicSealInfo;
}

type CheckDeps = Pick<SigningDeps, 'certificates' | 'clock'>;

/**
 * Verifies a signed document (C4), which takes no key. Whether the signers' certificates are of this
 * service, and in force now, is said of each; a verdict of `ok` is about the signatures alone.
 */
export async function checkDocument(
  deps: CheckDeps,
  document: DocumentToCheck,
): Promise<CheckedDocument> {
  const { file, content } = document;
  switch (document.kind) {
    case 'cms': {
      const verdict = await verifySignedData(file, content);
      return verdict.ok ? signed(deps, verdict.signers) : refused(verdict.reason);
    }
    case 'pdf': {
      const verdict = await verifyPdf(file);
      if (!verdict.ok) return refused(verdict.reason);
      return signed(
        deps,
        verdict.signatures.flatMap(({ signers }) => signers),
      );
    }
    case 'electronic_seal': {
      const verdict = await verifyElectronicSeal(file, deps.clock.now());
      if (!verdict.ok) return refused(verdict.reason);
      const { certificate, info: seal } = { certificate: verdict.makerCertificate, ...verdict };
      return { ...(await signed(deps, [{ certificate }])), seal };
    }
    case 'sealed': {
      if (!content) return refused('content_missing');
      const verdict = await verifySealedDocument(file, (await loadGm()).sm3(content));
      if (!verdict.ok) return refused(verdict.reason);
      const { signerCertificate: certificate, signedAtMs: signingTimeMs, info: seal } = verdict;
      return { ...(await signed(deps, [{ certificate, signingTimeMs }])), seal };
    }
  }
}

const refused = (reason: string): CheckedDocument => ({ ok: false, reason, signers: [] });

async function signed(
  deps: CheckDeps,
  signers: readonly Pick<VerifiedSigner, 'certificate' | 'signingTimeMs'>[],
): Promise<CheckedDocument> {
  return { ok: true, signers: await Promise.all(signers.map((signer) => judged(deps, signer))) };
}

/** A certificate is ours when its bytes are: a serial number alone says nothing. */
async function judged(
  deps: CheckDeps,
  { certificate, signingTimeMs }: Pick<VerifiedSigner, 'certificate' | 'signingTimeMs'>,
): Promise<CheckedSigner> {
  const { serialHex } = parseCertificate(certificate);
  const own = await findCertificate(deps, serialHex);
  const isOwn = own?.der !== undefined && bytesToHex(own.der) === bytesToHex(certificate);
  return {
    certificate,
    serialHex,
    subject: isOwn ? own.subject.commonName : '',
    standing: isOwn ? await certificateStateOf(deps, serialHex) : 'unknown',
    ...(signingTimeMs === undefined ? {} : { signedAtMs: signingTimeMs }),
  };
}

/**
 * Encrypts content for an institution (C4): only its certificate is needed, so nobody is asked.
 *
 * @throws CinnabarError `institution_key_not_found`, `document_key_unfit` for a signing key or one
 * whose certificate is not in force
 */
export async function encryptForInstitution(
  deps: SigningDeps,
  actor: Actor,
  keyId: string,
  content: Uint8Array,
): Promise<Uint8Array> {
  const key = await getInstitutionKey(deps, actor, keyId);
  const serial = key.purpose === 'encryption' ? await serialOf(deps, key) : undefined;
  const certificate = serial === undefined ? undefined : await findCertificate(deps, serial);
  const standing = serial === undefined ? 'unknown' : await certificateStateOf(deps, serial);
  if (!certificate?.der || standing !== 'good') throw new CinnabarError('document_key_unfit');
  try {
    return await makeEnvelope(deps.random, [certificate.der], content);
  } catch (cause) {
    if (!(cause instanceof DerError)) throw cause;
    throw new CinnabarError('document_key_unfit', { cause });
  }
}
