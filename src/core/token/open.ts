import { type Label, labels } from '../tagger/labels.ts';
import { readDisclosure } from './disclosures.ts';
import { assertToken, TokenError } from './error.ts';
import { type OpeningKey, openPart } from './sealing.ts';
import { isObject, type JsonObject } from './strict-json.ts';
import type { VerifiedToken } from './verify.ts';

/** Labels that may stand in a token. What only serves to authenticate is used and dropped. */
export const sealableLabels = ['NAME', 'ID_DOC', 'CONTACT', 'PAYMENT', 'ADDRESS'] as const;
export type SealableLabel = (typeof sealableLabels)[number];

/** A sensitive fact. `name` is a JSON Pointer into what the terminal sent. */
export interface SensitiveFact {
  readonly name: string;
  readonly label: SealableLabel;
  readonly value: string;
}

export interface OpenedPart {
  /** The holder's name at this business system: the same in each of its tokens, unlike elsewhere. */
  readonly subject: string;
  readonly facts: readonly SensitiveFact[];
  /** Of `cin-sd-1`: in the order of `facts`, for showing single ones onward. */
  readonly disclosures: readonly string[];
}

/** The JSON text of a part, before it is encrypted. */
export function partText(
  subject: string,
  facts: readonly SensitiveFact[],
  disclosures?: readonly string[],
): string {
  const entries = facts.map(({ name, label, value }) =>
    disclosures ? { label } : { name, label, value },
  );
  return JSON.stringify({ v: 1, subject, facts: entries, ...(disclosures && { disclosures }) });
}

/**
 * Opens the part of a verified token that is meant for `audience`.
 *
 * @throws TokenError `sealed_absent`, `sealed_header`, `sealed_unreadable`, `disclosure`
 */
export async function openSealed(
  { claims, profile }: VerifiedToken,
  audience: string,
  keys: readonly OpeningKey[],
): Promise<OpenedPart> {
  assertToken(profile.sealing !== 'rsa-transform', 'profile');
  const fitting = keys.filter(({ alg }) => (alg === 'SM2') === (profile.sealing === 'sm'));
  const { iss, sub, jti } = claims;
  const body = await openPart(claims.sealed, fitting, { iss, sub, jti, aud: audience });
  const { v, subject, facts, disclosures } = body;
  assertToken(v === 1 && typeof subject === 'string' && Array.isArray(facts), 'sealed_unreadable');
  if (!profile.selective) {
    return { subject: subject as string, facts: facts.map(factOf), disclosures: [] };
  }
  const shown = textsOf(disclosures);
  assertToken(shown.length === facts.length, 'disclosure');
  return {
    subject: subject as string,
    facts: facts.map((fact, index) => {
      const { name, value } = readDisclosure(shown[index] ?? '', claims.digests);
      return { ...labelled(fact), name, value };
    }),
    disclosures: shown,
  };
}

/** @throws TokenError unless it is a list of facts */
export function factsOf(facts: unknown): readonly SensitiveFact[] {
  if (!Array.isArray(facts)) throw new TokenError('sealed_unreadable');
  return facts.map(factOf);
}

function factOf(fact: unknown): SensitiveFact {
  if (!isObject(fact)) throw new TokenError('sealed_unreadable');
  const { name, value } = fact;
  assertToken(typeof name === 'string' && typeof value === 'string', 'sealed_unreadable');
  return { ...labelled(fact), name: name as string, value: value as string };
}

function labelled(fact: unknown): { readonly label: SealableLabel } {
  const label = isObject(fact) ? labelOf(fact) : undefined;
  if (!label) throw new TokenError('sealed_unreadable');
  return { label };
}

function labelOf({ label }: JsonObject): SealableLabel | undefined {
  return sealableLabels.find((known) => known === label);
}

export function isSealable(label: Label): label is SealableLabel {
  return labels.includes(label) && sealableLabels.some((known) => known === label);
}

function textsOf(value: unknown): readonly string[] {
  const isTexts = Array.isArray(value) && value.every((item) => typeof item === 'string');
  assertToken(isTexts, 'disclosure');
  return value as readonly string[];
}
