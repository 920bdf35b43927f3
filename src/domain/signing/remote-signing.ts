import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { base64Text } from '../../lib/base64.ts';
import { base64urlText } from '../../lib/base64url.ts';
import type { Actor, Caller } from '../actor.ts';
import type { Statement } from '../chips/activation.ts';
import { CinnabarError } from '../errors.ts';
import { newId } from '../id.ts';
import { changed } from '../row-store.ts';
import type { SealDeps } from '../seals/ports.ts';
import { askDocument } from './ask-document.ts';
import { readDocument } from './document-store.ts';
import { getInstitutionKey } from './grants.ts';
import { getOperation, ownOperation } from './operation.ts';
import { askOperation, prepareActivation } from './operations.ts';
import type { SigningDeps } from './ports.ts';
import { entryOf, settle } from './rows.ts';
import type { Grant, InstitutionKey, Occurrence, Operation, SignatureActivation } from './types.ts';
import { assertSigned, executeOperation } from './use.ts';

// Remote signing after the Cloud Signature Consortium's API, version 2, over the same keys, grants
// and uses. What the standard calls Signature Activation Data stands for statements that the person
// signed, one for each hash; the chips check them as they check every other use.

/** Signatures that one authorisation may stand for. */
export const multisignMax = 16;
/** A SAD is worth nothing for longer: the statements behind it live as long. */
export const sadLifeSeconds = 120;
const sadBytes = 32;

/** One hash to sign. `hash`: SM2's e itself; `document`: the digest of a document, for CMS. */
export interface HashToSign {
  readonly form: Occurrence['form'];
  readonly digest: Uint8Array;
}

export interface RemoteCredential {
  readonly key: InstitutionKey;
  readonly grant: Grant;
}

/** What a use is called in grants and records, because the standard has no word for it. */
export const remoteType = 'remote_signature';

/**
 * Signing keys that the person may use now through this interface, each with the grant that says so:
 * one that allows remote signatures, and asks for neither an amount nor another person, for which
 * the standard has no place.
 */
export async function listCredentials(
  deps: SigningDeps,
  actor: Actor,
): Promise<readonly RemoteCredential[]> {
  const filter = { owner: actor.id, state: 'active' };
  const grants = await deps.signing.list(actor.tenant, 'grant', filter, { limit: 200 });
  const nowMs = deps.clock.now();
  const usable = grants.filter(
    ({ operations, documentTypes, amountMax, approvalsNeeded, used, usesMax, ...grant }) =>
      operations.includes('sign') &&
      (documentTypes.length === 0 || documentTypes.includes(remoteType)) &&
      !amountMax &&
      approvalsNeeded === 0 &&
      grant.validFromMs <= nowMs &&
      nowMs <= grant.validUntilMs &&
      used < usesMax,
  );
  const byKey = new Map(usable.toReversed().map((grant) => [grant.institutionKeyId, grant]));
  return Promise.all(
    [...byKey].map(async ([id, grant]) => ({
      key: await getInstitutionKey(deps, actor, id),
      grant,
    })),
  );
}

/** @throws CinnabarError `institution_key_not_found` also for a key that is not granted */
export async function getCredential(
  deps: SigningDeps,
  actor: Actor,
  id: string,
): Promise<RemoteCredential> {
  const found = (await listCredentials(deps, actor)).find(({ key }) => key.id === id);
  if (!found) throw new CinnabarError('institution_key_not_found');
  return found;
}

export interface Challenge {
  readonly operationId: string;
  readonly statement: string;
}

/**
 * Asks for one use for each hash, and gives the statements that the person signs.
 *
 * @throws CinnabarError as `askOperation`; `operation_state` where the risk asks for another person,
 * which the standard has no step for; `document_key_unfit`
 */
export async function challengeFor(
  deps: SigningDeps & SealDeps,
  caller: Caller,
  credentialId: string,
  hashes: readonly HashToSign[],
  reason: string,
): Promise<readonly Challenge[]> {
  const credential = await getCredential(deps, caller.actor, credentialId);
  const challenges: Challenge[] = [];
  for (const hash of hashes) {
    const asked = await askFor(deps, caller, credential, hash, reason);
    const { statement = '' } = await prepareActivation(deps, caller, asked.id);
    challenges.push({ operationId: asked.id, statement });
  }
  return challenges;
}

function askFor(
  deps: SigningDeps & SealDeps,
  caller: Caller,
  { key, grant }: RemoteCredential,
  { form, digest }: HashToSign,
  reason: string,
): Promise<Operation> {
  const terms = {
    id: newId(deps),
    institutionKeyId: key.id,
    grantId: grant.id,
    personalKeyId: grant.personalKeyId,
    documentType: remoteType,
    reason,
  };
  if (form === 'hash') {
    // The software chips sign with ECDSA by the platform's WebCrypto, which takes no digest.
    if (key.algorithm !== 'sm2') throw new CinnabarError('document_key_unfit');
    const request = { kind: 'sign', scheme: 'sm2-sm3', digestB64: base64Text(digest) } as const;
    return askOperation(deps, caller, { ...terms, request });
  }
  return askDocument(deps, caller, {
    ...terms,
    work: { action: 'cms', detached: true, byDigest: true },
    name: 'document digest',
    file: digest,
  });
}

/**
 * Takes the person's signatures over the statements, and gives the SAD for them. It ends with the
 * first of the statements: the chips would take none of them after that.
 *
 * @throws CinnabarError `signature_invalid` unless there is one for each hash, in order, that the
 * person's key made; `operation_not_found`, `operation_state` also for a statement that is over
 */
export async function authorizeHashes(
  deps: SigningDeps,
  caller: Caller,
  credentialId: string,
  hashes: readonly HashToSign[],
  signed: readonly { readonly operationId: string; readonly signature: Uint8Array }[],
): Promise<{ readonly sad: string; readonly expiresInSeconds: number }> {
  const { tenant, id: actor } = caller.actor;
  const names = new Set(signed.map(({ operationId }) => operationId));
  if (signed.length !== hashes.length || names.size !== signed.length) {
    throw new CinnabarError('signature_invalid');
  }
  const nowMs = deps.clock.now();
  const authorized = await Promise.all(
    signed.map(async ({ operationId, signature }, i): Promise<Authorized> => {
      const operation = ownOperation(
        await getOperation(deps, caller.actor, operationId),
        caller.actor,
      );
      const { statement = '', state } = operation;
      const hash = hashes[i];
      if (!hash || operation.institutionKeyId !== credentialId || !isAbout(operation, hash)) {
        throw new CinnabarError('signature_invalid');
      }
      if (state !== 'approved' || endOf(statement) <= nowMs) {
        throw new CinnabarError('operation_state');
      }
      await assertSigned(deps, caller, operation, statement, signature);
      return {
        form: hash.form,
        digestB64: base64Text(hash.digest),
        operationId,
        signatureHex: bytesToHex(signature),
        state: 'authorized',
        endsAtMs: endOf(statement),
      };
    }),
  );
  const sad = base64urlText(deps.random.bytes(sadBytes));
  const ends = authorized.map(({ endsAtMs }) => endsAtMs);
  const expiresAtMs = Math.min(nowMs + sadLifeSeconds * 1000, ...ends);
  const row: SignatureActivation = {
    tenant,
    id: nameOf(sad),
    revision: 1,
    actor,
    institutionKeyId: credentialId,
    occurrences: authorized.map(({ endsAtMs: _, ...occurrence }) => occurrence),
    expiresAtMs,
    responses: [],
  };
  await settle(deps, tenant, async () => ({ result: row, write: [entryOf('sad', row)] }));
  return { sad, expiresInSeconds: Math.floor((expiresAtMs - nowMs) / 1000) };
}

type Authorized = Occurrence & { readonly endsAtMs: number };

/** When a statement that this service made is over. */
function endOf(statement: string): number {
  return statement === '' ? 0 : (JSON.parse(statement) as Statement).notAfterMs;
}

function isAbout({ request, document }: Operation, { form, digest }: HashToSign): boolean {
  if (form === 'document') {
    return document?.sha256Hex === bytesToHex(sha256(digest)) && document.work.action === 'cms';
  }
  return 'digestB64' in request && request.digestB64 === base64Text(digest);
}

const nameOf = (sad: string) => bytesToHex(sha256(utf8ToBytes(sad)));

/**
 * Moves the key for hashes that a SAD authorises, each occurrence once. The signatures are handed
 * out by `pollSignatures` when the person has signed the outcomes (C7).
 *
 * Called again for the same hashes it gives the response of before, and goes on with what was
 * interrupted; equal hashes that were authorised twice are two calls.
 *
 * @returns the name under which to ask for them
 * @throws CinnabarError `activation_refused` when the SAD is none, is over, or does not authorise
 * exactly these; as `executeOperation`
 */
export async function signHashes(
  deps: SigningDeps,
  caller: Caller,
  credentialId: string,
  sad: string,
  hashes: readonly HashToSign[],
): Promise<string> {
  const { tenant } = caller.actor;
  const id = nameOf(sad);
  const taken = await settle(deps, tenant, async () => {
    const row = await deps.signing.find(tenant, 'sad', id);
    const isOurs = row?.actor === caller.actor.id && row.institutionKeyId === credentialId;
    if (!isOurs) throw new CinnabarError('activation_refused');
    const fresh = row.expiresAtMs < deps.clock.now() ? undefined : reserved(row, hashes);
    if (fresh) return { result: fresh.operations, write: [entryOf('sad', fresh.next)] };
    const before = answered(row, hashes);
    if (!before) throw new CinnabarError('activation_refused');
    return { result: before, write: [] };
  });
  for (const [i, { operationId, signatureHex }] of taken.entries()) {
    try {
      const signature = hexToBytes(signatureHex);
      await executeOperation(deps, caller, { id: operationId, signature });
      await mark(deps, tenant, id, { [operationId]: 'consumed' });
    } catch (error) {
      const later = taken.slice(i + 1).map((one) => one.operationId);
      if (isRefusal(error)) await mark(deps, tenant, id, released(operationId, later));
      throw error;
    }
  }
  return responseName(id, taken[0]?.operationId ?? '');
}

/** The next occurrences of these hashes, if all of them are authorised and unused. */
function reserved(row: SignatureActivation, hashes: readonly HashToSign[]) {
  const occurrences = [...row.occurrences];
  const operations: Occurrence[] = [];
  for (const hash of hashes) {
    const at = occurrences.findIndex((one) => one.state === 'authorized' && isOf(one, hash));
    const found = occurrences[at];
    if (!found) return undefined;
    occurrences[at] = { ...found, state: 'reserved' };
    operations.push(found);
  }
  const responses = [...row.responses, operations.map(({ operationId }) => operationId)];
  return { next: changed(row, { occurrences, responses }), operations };
}

/** The occurrences of an earlier call for just these hashes, the newest one first. */
function answered(
  { occurrences, responses }: SignatureActivation,
  hashes: readonly HashToSign[],
): readonly Occurrence[] | undefined {
  const calls = responses.map((ids) =>
    ids.flatMap((id) => occurrences.find(({ operationId }) => operationId === id) ?? []),
  );
  return calls.findLast(
    (call) =>
      call.length === hashes.length &&
      call.every((one, i) => one.state !== 'released' && isOf(one, hashes[i])),
  );
}

function isOf({ form, digestB64 }: Occurrence, hash: HashToSign | undefined): boolean {
  return hash?.form === form && digestB64 === base64Text(hash.digest);
}

/** Refused for good: not a service that did not answer, of which nobody knows what it did. */
function isRefusal(error: unknown): boolean {
  const codes = ['activation_refused', 'operation_refused', 'operation_state', 'key_not_active'];
  return error instanceof CinnabarError && codes.includes(error.code);
}

/** One that was refused is not used again; those behind it were not touched. */
function released(operationId: string, later: readonly string[]): States {
  const untouched = later.map((id) => [id, 'authorized'] as const);
  return { [operationId]: 'released', ...Object.fromEntries(untouched) };
}

type States = Readonly<Record<string, Occurrence['state']>>;

function mark(deps: SigningDeps, tenant: string, id: string, states: States): Promise<void> {
  return settle(deps, tenant, async () => {
    const row = await deps.signing.find(tenant, 'sad', id);
    if (!row) return { result: undefined, write: [] };
    const occurrences = row.occurrences.map((one) => {
      const state = states[one.operationId];
      return state ? { ...one, state } : one;
    });
    return { result: undefined, write: [entryOf('sad', changed(row, { occurrences }))] };
  });
}

const responseName = (id: string, operationId: string) => `${id}.${operationId}`;

/**
 * The signatures of one call, in the order of its hashes; `undefined` while the person has not
 * signed all outcomes.
 *
 * @throws CinnabarError `operation_not_found`, `activation_refused` when one of them never comes
 */
export async function pollSignatures(
  deps: SigningDeps,
  { actor }: Caller,
  responseId: string,
): Promise<{ readonly signatures: readonly string[]; readonly isDocuments: boolean } | undefined> {
  const [id = '', first = ''] = responseId.split('.');
  const row = await deps.signing.find(actor.tenant, 'sad', id);
  const ids = row?.actor === actor.id ? row.responses.find((one) => one[0] === first) : undefined;
  if (!ids) throw new CinnabarError('operation_not_found');
  const operations = await Promise.all(ids.map((one) => getOperation(deps, actor, one)));
  // One that was refused never comes: waiting for it would have no end.
  if (operations.some(({ state }) => state === 'refused' || state === 'cancelled')) {
    throw new CinnabarError('activation_refused');
  }
  if (operations.some(({ state }) => state !== 'completed')) return undefined;
  const signatures = await Promise.all(
    operations.map(async ({ id: one, document, result }) =>
      document
        ? base64Text(await readDocument(deps, actor.tenant, one, 'result'))
        : (result?.valueB64 ?? ''),
    ),
  );
  return { signatures, isDocuments: operations[0]?.document !== undefined };
}
