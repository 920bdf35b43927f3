import type { Label } from '../../core/tagger/labels.ts';
import type { Permit, PublicIdentity } from '../../core/token/claims.ts';
import { isSealable, type SensitiveFact } from '../../core/token/open.ts';
import { instantMs } from '../../lib/time.ts';
import type { Actor } from '../actor.ts';
import { findCertificate, settingsOf } from '../certificates/find.ts';
import { CinnabarError } from '../errors.ts';
import { splitJson } from './extract.ts';
import type { TokenDeps } from './ports.ts';
import type { KnownFact } from './release.ts';
import { secretMentioned } from './secret-names.ts';
import { secretPlaces } from './secret-places.ts';

export interface SplitIdentity {
  readonly facts: readonly KnownFact[];
  /** Labels of what was found and goes no further: passwords, codes, biometrics. */
  readonly dropped: readonly Label[];
}

const factsMax = 32;
const factCharactersMax = 512;
/** Of the whole as JSON: far more than the facts may have, so that leaves of no use fit beside. */
const identityCharactersMax = 32_768;
const none: SplitIdentity = { facts: [], dropped: [] };

/**
 * Splits what a terminal sent about a person (D1). A leaf in which the tagger finds something is
 * sensitive as a whole, and carries every label that was found in it. One with a secret in it, or
 * under or beside the name of one, is dropped whatever else it holds. What nobody labelled is not kept: a
 * token repeats no text that was not understood.
 *
 * @throws CinnabarError `invalid_request` for too many or too long facts
 */
export async function splitIdentity(
  deps: Pick<TokenDeps, 'sensitive'>,
  identity: unknown,
): Promise<SplitIdentity> {
  if (identity === undefined) return none;
  if (JSON.stringify(identity).length > identityCharactersMax) throw identityTooLarge();
  const { sensitive, open } = await splitJson(deps, identity);
  const secretAt = secretPlaces(identity);
  const dropped = new Set<Label>();
  for (const { path } of [...sensitive, ...open]) {
    const secret = secretAt(path);
    if (secret) dropped.add(secret);
  }
  const facts: KnownFact[] = [];
  for (const { path, label, spans } of sensitive) {
    const found = [...new Set([label, ...spans.map((span) => span.label)])];
    const labels = found.filter(isSealable);
    const [first] = labels;
    for (const other of found) if (!isSealable(other)) dropped.add(other);
    if (!first || labels.length < found.length || secretAt(path)) continue;
    const value = leafAt(identity, path);
    const people = spans.filter((span) => span.label === 'NAME');
    const mentioned = secretMentioned(value, people);
    if (mentioned) dropped.add(mentioned);
    else facts.push({ name: path, label: first, labels, value });
  }
  const isLarge =
    facts.length > factsMax || facts.some(({ value }) => value.length > factCharactersMax);
  if (isLarge) throw identityTooLarge();
  return { facts, dropped: [...dropped] };
}

/** What was sent is more than a token, or a part of it, can hold. */
export function identityTooLarge(): CinnabarError {
  const fields = [{ pointer: '/body/identity', code: 'too_large' }];
  return new CinnabarError('invalid_request', { fields });
}

/** The leaf at a JSON Pointer (RFC 6901) that was made from the same value. */
function leafAt(json: unknown, pointer: string): string {
  let value = json;
  for (const step of pointer.split('/').slice(1)) {
    const name = step.replaceAll('~1', '/').replaceAll('~0', '~');
    value = (value as Readonly<Record<string, unknown>>)[name];
  }
  return Array.isArray(value) ? JSON.stringify(value) : String(value);
}

export interface Entitlement {
  readonly pub: PublicIdentity;
  readonly perm: Permit;
  /** When the permit itself ends. */
  readonly untilMs: number;
}

/**
 * What somebody may do, and who they are in public (D2): from the settings of their certificate,
 * or from their roles alone when they name none.
 *
 * @throws CinnabarError `certificate_not_active` for one that is not theirs or not in good
 * standing, `identity_mismatch` when the name that was sent is not the one in the certificate
 */
export async function entitlementOf(
  deps: Pick<TokenDeps, 'certificates' | 'clock'>,
  actor: Actor,
  serial: string | undefined,
  facts: readonly SensitiveFact[],
): Promise<Entitlement> {
  const { tenant, branch, roles } = actor;
  if (serial === undefined) {
    const proofing = facts.length > 0 ? 'self' : 'none';
    const perm = { permissions: [], limits: [] };
    return { pub: { tenant, branch, roles, proofing }, perm, untilMs: Number.MAX_SAFE_INTEGER };
  }
  const certificate = await findCertificate(deps, serial);
  const isTheirs = certificate?.tenant === tenant && certificate.holder === actor.id;
  const settings = isTheirs ? await settingsOf(deps, serial) : undefined;
  if (!certificate || !settings) throw new CinnabarError('certificate_not_active');
  const names = facts.filter(({ label }) => label === 'NAME');
  const subject = certificate.subject.commonName;
  if (certificate.kind === 'person' && names.some(({ value }) => !isSameName(value, subject))) {
    throw new CinnabarError('identity_mismatch');
  }
  return {
    pub: { tenant, branch, roles, proofing: 'certificate' },
    perm: {
      permissions: settings.permissions,
      limits: settings.limits.map(({ channel, currency, single, daily, count }) => ({
        channel,
        currency,
        single,
        daily,
        count,
      })),
      certificate: serial,
    },
    untilMs: Math.min(instantMs(settings.validTo), certificate.notAfterMs),
  };
}

function isSameName(one: string, other: string): boolean {
  const plain = (name: string) =>
    name.normalize('NFKC').replaceAll(/\s+/gu, ' ').trim().toLowerCase();
  return plain(one) === plain(other);
}
