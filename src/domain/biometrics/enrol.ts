import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, concatBytes, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { type BiometricConsent, consentText } from '../../core/biometric-consent.ts';
import { loadGm } from '../../core/gm.ts';
import { tupleBytes } from '../../lib/tuple.ts';
import { derivedUuid } from '../../lib/uuid.ts';
import type { Actor, Caller } from '../actor.ts';
import type { AuditAction } from '../audit/actions.ts';
import { audited } from '../audit/record.ts';
import { CinnabarError } from '../errors.ts';
import { changed, type RowEntry, settleRows } from '../row-store.ts';
import { openedBytes, type Sealed, sealedBytes } from '../sealed.ts';
import { getPersonalKey } from '../signing/personal-keys.ts';
import {
  type BiometricDeps,
  type BiometricRows,
  type BiometricService,
  type Enrolment,
  type Modality,
  modalities,
  sampleBytesMax,
} from './ports.ts';

/** How long a template is kept. Then the person is asked anew. */
export const retentionDays = 365;
const dayMs = 24 * 60 * 60 * 1000;
const keyBytes = 32;

/** What there is to agree to, before a sample is taken. */
export function consentTo(
  { tenant, id: person }: Actor,
  keyId: string,
  { modality, name: service, liveness }: BiometricService,
  sample: { readonly sha256: string },
): BiometricConsent {
  const sampleSha256 = sample.sha256;
  const terms = { modality, service, liveness, days: retentionDays, sampleSha256 };
  return { institution: tenant, person, keyId, ...terms };
}

/** @throws CinnabarError `biometric_not_offered` */
export function serviceFor(
  { biometrics }: Pick<BiometricDeps, 'biometrics'>,
  modality: Modality,
): BiometricService {
  const service = biometrics.find((one) => one.modality === modality);
  if (!service) throw new CinnabarError('biometric_not_offered');
  return service;
}

/**
 * That the bytes are the text of a consent of this person, as it is offered now, and nothing else,
 * before half of a signature is given over them.
 *
 * @throws CinnabarError `invalid_request`, `biometric_not_offered`
 */
export function assertConsentText(
  deps: Pick<BiometricDeps, 'biometrics'>,
  actor: Actor,
  keyId: string,
  bytes: Uint8Array,
): void {
  const text = new TextDecoder().decode(bytes);
  const named = namedIn(text);
  const service = named && serviceFor(deps, named.modality);
  const expected =
    service && consentText(consentTo(actor, keyId, service, { sha256: named.sample }));
  if (expected !== text) {
    const fields = [{ pointer: '/body/request', code: 'malformed' }];
    throw new CinnabarError('invalid_request', { fields });
  }
}

/** What a text of a consent says that only the person's side knows. */
function namedIn(
  text: string,
): { readonly modality: Modality; readonly sample: string } | undefined {
  try {
    const value = JSON.parse(text) as { modality?: unknown; sample?: unknown } | null;
    const modality = modalities.find((one) => one === value?.modality);
    const sample = String(value?.sample);
    return modality && /^[0-9a-f]{64}$/.test(sample) ? { modality, sample } : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Keeps a template of the person's trait, for their signature with both halves of the personal key
 * over what they agree to (E7). Done again it replaces the one before, under another key.
 *
 * @throws CinnabarError `biometric_not_offered`, `personal_key_not_found`, `personal_key_state`,
 * `signature_invalid`, `biometric_sample_unusable`, `biometrics_unavailable`, `chips_unavailable`
 */
export async function enrolBiometric(
  deps: BiometricDeps,
  caller: Caller,
  request: {
    readonly modality: Modality;
    readonly personalKeyId: string;
    readonly sample: Uint8Array;
    readonly signature: Uint8Array;
  },
): Promise<Enrolment> {
  const { actor } = caller;
  const { modality, personalKeyId, sample, signature } = request;
  const service = serviceFor(deps, modality);
  const key = await getPersonalKey(deps, actor, personalKeyId);
  if (key.state !== 'active') throw new CinnabarError('personal_key_state');
  const hash = { sha256: bytesToHex(sha256(sample)) };
  const text = consentText(consentTo(actor, personalKeyId, service, hash));
  const gm = await loadGm();
  if (!gm.sm2.verify(hexToBytes(key.publicKeyHex), utf8ToBytes(text), signature)) {
    throw new CinnabarError('signature_invalid');
  }
  const consent = { text, signatureHex: bytesToHex(signature) };
  return audited(deps.audit, caller, operationOf('biometric.enrol', modality), async () => {
    const transformKey = deps.random.bytes(keyBytes);
    const made = await service.enrol(boundedSample(sample), transformKey);
    if (made.kind === 'unusable') throw unusable(made.reason);
    const id = idOf(actor, modality);
    const bytes = concatBytes(transformKey, made.template);
    const sealed = await sealedBytes(deps, actor.tenant, contextOf(id), bytes);
    await forgetEarlier(deps, actor, modality);
    const enrolledAtMs = deps.clock.now();
    const endsAtMs = enrolledAtMs + retentionDays * dayMs;
    return settleRows(deps.biometricRows, actor.tenant, async () => {
      const earlier = await find(deps, actor, modality);
      const row: Enrolment = {
        tenant: actor.tenant,
        id,
        revision: (earlier?.revision ?? 0) + 1,
        owner: actor.id,
        modality,
        service: service.name,
        state: 'active',
        sealed,
        consent,
        enrolledAtMs,
        endsAtMs,
      };
      return { result: row, write: [entryOf(row)] };
    });
  });
}

function boundedSample(sample: Uint8Array): Uint8Array {
  if (sample.length === 0 || sample.length > sampleBytesMax) throw unusable('size');
  return sample;
}

function unusable(reason: string): CinnabarError {
  return new CinnabarError('biometric_sample_unusable', {
    fields: [{ pointer: '/body/sample', code: reason }],
  });
}

/** A template that is replaced is forgotten first: whatever fails on the way, no old one stays. */
async function forgetEarlier(deps: BiometricDeps, actor: Actor, modality: Modality): Promise<void> {
  const earlier = await find(deps, actor, modality);
  if (!earlier?.sealed) return;
  const { template } = await openedTemplate(deps, earlier, earlier.sealed);
  await serviceFor(deps, modality).forget(template);
}

/**
 * Withdraws the consent. From the first moment the template matches nobody; then the service forgets
 * it, and key and template are removed here. What was signed stays, as the proof of what was done
 * with consent. Repeated, it finishes what was interrupted.
 *
 * @throws CinnabarError `biometric_not_found`, `biometrics_unavailable`, `chips_unavailable`
 */
export async function withdrawBiometric(
  deps: BiometricDeps,
  caller: Caller,
  modality: Modality,
): Promise<void> {
  const { actor } = caller;
  if (!(await find(deps, actor, modality))) throw new CinnabarError('biometric_not_found');
  await audited(deps.audit, caller, operationOf('biometric.withdraw', modality), async () => {
    await update(deps, actor, modality, (row) => changed(row, { state: 'withdrawn' }));
    await forgetEarlier(deps, actor, modality);
    await update(deps, actor, modality, ({ sealed: _, ...row }) => changed(row, {}));
  });
}

function update(
  deps: BiometricDeps,
  actor: Actor,
  modality: Modality,
  change: (row: Enrolment) => Enrolment,
): Promise<void> {
  return settleRows(deps.biometricRows, actor.tenant, async () => {
    const row = await find(deps, actor, modality);
    return { result: undefined, write: row ? [entryOf(change(row))] : [] };
  });
}

/** Their own enrolments that are in force. */
export async function listEnrolments(
  deps: BiometricDeps,
  actor: Actor,
): Promise<readonly Enrolment[]> {
  const found = await Promise.all(modalities.map((modality) => inForce(deps, actor, modality)));
  return found.flatMap((one) => one ?? []);
}

/** The enrolment to compare with; nothing when there is none, it was withdrawn, or its time is over. */
export async function inForce(
  deps: Pick<BiometricDeps, 'biometricRows' | 'clock'>,
  actor: Actor,
  modality: Modality,
): Promise<Enrolment | undefined> {
  const row = await find(deps, actor, modality);
  return row?.state === 'active' && row.sealed && deps.clock.now() < row.endsAtMs ? row : undefined;
}

function find(
  { biometricRows }: Pick<BiometricDeps, 'biometricRows'>,
  actor: Actor,
  modality: Modality,
): Promise<Enrolment | undefined> {
  return biometricRows.find(actor.tenant, 'enrolment', idOf(actor, modality));
}

/** @throws CinnabarError `chips_unavailable`, `template_unreadable` */
export async function openedTemplate(
  deps: Pick<BiometricDeps, 'templateKeys'>,
  { tenant, id }: Enrolment,
  sealed: Sealed,
): Promise<{ readonly key: Uint8Array; readonly template: Uint8Array }> {
  const bytes = await openedBytes(deps, tenant, contextOf(id), sealed);
  return { key: bytes.slice(0, keyBytes), template: bytes.slice(keyBytes) };
}

/** One enrolment for each person and trait. */
const idOf = ({ tenant, id }: Actor, modality: Modality) =>
  derivedUuid(`cinnabar/biometric/${JSON.stringify([tenant, id, modality])}`);

const contextOf = (id: string) => tupleBytes('cinnabar biometric template 1', id);

function entryOf(row: Enrolment): RowEntry<BiometricRows> {
  const { owner, state, modality: parent, endsAtMs: expiresAtMs } = row;
  return { kind: 'enrolment', row, owner, parent, state, expiresAtMs };
}

function operationOf(action: AuditAction, modality: Modality) {
  return { action, subject: `biometric:${modality}`, detail: {} };
}
