import { parseCertificate } from '../../core/pki/certificate.ts';
import { wholeSecondOf } from '../../lib/time.ts';
import { signedAnswers } from '../signed-answers.ts';
import { type Authority, allAuthorities, loadResponder } from './authority.ts';
import type { CertificateDeps } from './ports.ts';
import { keyAlgorithms } from './profiles.ts';
import { statusOf } from './revocation.ts';
import {
  buildOcspResponse,
  type OcspAnswer,
  type OcspQuestion,
  type OcspStatus,
  ocspRefusal,
  parseOcspRequest,
} from './x509/ocsp.ts';

/** Long enough for a cache, short enough that a thaw or a revocation is soon seen. */
const lifeMs = 60_000;
/** So long an answer is given out again: whoever gets it has half a minute to show it. */
const reuseMs = lifeMs / 2;
/** Answers, of a kilobyte or two each. */
const keptMax = 1_000;

export interface OcspReply {
  readonly der: Uint8Array;
  /**
   * Of an answer that others may be given too (RFC 5019 §6); not of a refusal, nor of an answer that
   * holds somebody's nonce. Whole seconds.
   */
  readonly shared?: { readonly thisUpdateMs: number; readonly nextUpdateMs: number };
}

/**
 * Answers OCSP requests (RFC 6960): signed by the delegated responder of the issuing authority that
 * is asked about. A certificate that this authority never made is `unknown`. An answer about one
 * certificate, without a nonce, is given out again while it is young and still true (RFC 6960 §2.5,
 * RFC 5019 §2.2): the certificate is looked at each time, so the next question after a revocation
 * hears of it. Of serials that somebody makes up nothing is kept: they push nothing out.
 */
export function ocspResponder(deps: CertificateDeps) {
  const authorityAskedFor = authorityFinder(deps);
  const answers = signedAnswers<OcspReply>({ clock: deps.clock, reuseMs, keptMax });

  /** Errors as `loadAuthority`. */
  return async (request: Uint8Array): Promise<OcspReply> => {
    const query = parseOcspRequest(request);
    if (!query) return { der: ocspRefusal('malformedRequest') };
    const authority = await authorityAskedFor(query.questions);
    // Nobody here may speak for that issuer (RFC 6960 §2.3).
    if (!authority) return { der: ocspRefusal('unauthorized') };
    const found = await Promise.all(
      query.questions.map(
        async (question) => [question, await statusFor(deps, authority, question)] as const,
      ),
    );
    const sign = (nowMs: number) => signed(deps, authority, { ...query, questions: found }, nowMs);
    const [only, ...others] = found;
    if (!only || others.length > 0 || query.nonce) return sign(deps.clock.now());
    const [{ certIdHex }, status] = only;
    if (status.state === 'unknown') return sign(deps.clock.now());
    return answers(certIdHex, textOf(status), sign);
  };
}

function textOf(status: OcspStatus): string {
  return status.state === 'revoked' ? `${status.reason} ${status.atMs}` : status.state;
}

async function signed(
  deps: CertificateDeps,
  authority: Authority,
  asked: Pick<OcspAnswer, 'questions' | 'nonce'>,
  nowMs: number,
): Promise<OcspReply> {
  const producedAtMs = wholeSecondOf(nowMs).getTime();
  const nextUpdateMs = producedAtMs + lifeMs;
  const answer = { ...asked, producedAtMs, nextUpdateMs };
  const der = await buildOcspResponse(answer, await loadResponder(deps, authority));
  return asked.nonce ? { der } : { der, shared: { thisUpdateMs: producedAtMs, nextUpdateMs } };
}

/**
 * Finds the authority that questions are about. One answer has one signer, so all must be about one
 * issuing authority. Which one that is never changes, so it is looked up once; what changes of an
 * authority stands in the rows of its certificates.
 */
function authorityFinder(deps: CertificateDeps) {
  const known = new Map<string, Authority>();
  return async (questions: readonly OcspQuestion[]): Promise<Authority | undefined> => {
    const remembered = [...known.values()].find((one) => areAbout(one, questions));
    if (remembered) return remembered;
    for (const algorithm of keyAlgorithms) {
      const all = await allAuthorities(deps, algorithm);
      const found = all.find((one) => areAbout(one, questions));
      if (!found) continue;
      known.set(`${algorithm}/${found.generation}`, found);
      return found;
    }
    return undefined;
  };
}

function areAbout({ issuing }: Authority, questions: readonly OcspQuestion[]): boolean {
  const { subject, spki } = parseCertificate(issuing);
  return questions.every((question) => question.isBy({ name: subject, spki }));
}

async function statusFor(
  deps: CertificateDeps,
  { algorithm, generation }: Authority,
  { serialHex }: OcspQuestion,
): Promise<OcspStatus> {
  const certificate = await deps.certificates.findCertificate(serialHex);
  const isOurs = certificate?.algorithm === algorithm && certificate.issuer === generation;
  return isOurs ? statusOf(certificate) : { state: 'unknown' };
}
