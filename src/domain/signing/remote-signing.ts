import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { base64Text } from '../../lib/base64.ts';
import { base64urlText } from '../../lib/base64url.ts';
import type { Actor, Caller } from '../actor.ts';
import { CinnabarError } from '../errors.ts';
import { newId } from '../id.ts';
import { changed, type Row } from '../row-store.ts';
import type { SealDeps } from '../seals/ports.ts';
import { askDocument } from './ask-document.ts';
import { readDocument } from './document-store.ts';
import { getInstitutionKey } from './grants.ts';
import { getOperation, ownOperation } from './operation.ts';
import { askOperation, prepareActivation } from './operations.ts';
import type { SigningDeps } from './ports.ts';
import { entryOf, settle } from './rows.ts';
import type { Grant, InstitutionKey, Operation } from './types.ts';
import { executeOperation } from './use.ts';

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
  readonly form: 'hash' | 'document';
  readonly digest: Uint8Array;
}

/** One hash that the person authorised; each is used once, also when two are equal. */
export interface Occurrence {
  readonly form: HashToSign['form'];
  readonly digestB64: string;
  readonly operationId: string;
  readonly signatureHex: string;
  /** `reserved` while its key moves: whoever comes second finds nothing to use. */
  readonly state: 'authorized' | 'reserved' | 'consumed' | 'released';
}

/** What a SAD stands for. The SAD itself is stored nowhere; the row is named by its hash. */
export interface SignatureActivation extends Row {
  readonly actor: string;
  readonly institutionKeyId: string;
  readonly occurrences: readonly Occurrence[];
  readonly expiresAtMs: number;
  /** The operations that each call for signatures took. */
  readonly responses: readonly (readonly string[])[];
}

export interface RemoteCredential {
  readonly key: InstitutionKey;
  readonly grant: Grant;
}

/** Signing keys that the person may use now, each with the grant that says so. */
export async function listCredentials(
  deps: SigningDeps,
  actor: Actor,
): Promise<readonly RemoteCredential[]> {
  const filter = { owner: actor.id, state: 'active' };
  const grants = await deps.signing.list(actor.tenant, 'grant', filter, { limit: 200 });
  const nowMs = deps.clock.now();
  const usable = grants.filter(
    ({ operations, validFromMs, validUntilMs, used, usesMax }) =>
      operations.includes('sign') &&
      validFromMs <= nowMs &&
      nowMs <= validUntilMs &&
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
 * @throws CinnabarError as `askOperation`; `operation_state` for a grant that needs approvals, which
 * the standard has no step for; `document_key_unfit`
 */
export async function challengeFor(
  deps: SigningDeps & SealDeps,
  caller: Caller,
  credentialId: string,
  hashes: readonly HashToSign[],
  reason: string,
): Promise<readonly Challenge[]> {
  const credential = await getCredential(deps, caller.actor, credentialId);
  if (credential.grant.approvalsNeeded > 0) throw new CinnabarError('operation_state');
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
    documentType: grant.documentTypes[0] ?? 'remote_signature',
    reason,
  };
  if (form === 'hash') {
    // The chips sign digests of others with SM2 only.
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
 * Takes the person's signatures over the statements, and gives the SAD for them.
 *
 * @throws CinnabarError `signature_invalid` unless there is one for each hash, in order;
 * `operation_not_found`, `operation_state`
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
  const occurrences = await Promise.all(
    signed.map(async ({ operationId, signature }, i): Promise<Occurrence> => {
      const operation = ownOperation(
        await getOperation(deps, caller.actor, operationId),
        caller.actor,
      );
      const hash = hashes[i];
      if (!hash || operation.institutionKeyId !== credentialId || !isAbout(operation, hash)) {
        throw new CinnabarError('signature_invalid');
      }
      if (operation.state !== 'approved') throw new CinnabarError('operation_state');
      return {
        form: hash.form,
        digestB64: base64Text(hash.digest),
        operationId,
        signatureHex: bytesToHex(signature),
        state: 'authorized',
      };
    }),
  );
  const sad = base64urlText(deps.random.bytes(sadBytes));
  const row: SignatureActivation = {
    tenant,
    id: nameOf(sad),
    revision: 1,
    actor,
    institutionKeyId: credentialId,
    occurrences,
    expiresAtMs: deps.clock.now() + sadLifeSeconds * 1000,
    responses: [],
  };
  await settle(deps, tenant, async () => ({ result: row, write: [entryOf('sad', row)] }));
  return { sad, expiresInSeconds: sadLifeSeconds };
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
    if (!isOurs || row.expiresAtMs < deps.clock.now())
      throw new CinnabarError('activation_refused');
    const { next, operations } = reserve(row, hashes);
    return { result: operations, write: [entryOf('sad', next)] };
  });
  for (const { operationId, signatureHex } of taken) {
    const signature = hexToBytes(signatureHex);
    try {
      await executeOperation(deps, caller, { id: operationId, signature });
      await markOccurrence(deps, tenant, id, operationId, 'consumed');
    } catch (error) {
      await markOccurrence(deps, tenant, id, operationId, 'released');
      throw error;
    }
  }
  return responseName(id, taken[0]?.operationId ?? '');
}

function reserve(row: SignatureActivation, hashes: readonly HashToSign[]) {
  const occurrences = [...row.occurrences];
  const operations = hashes.map(({ form, digest }) => {
    const digestB64 = base64Text(digest);
    const at = occurrences.findIndex(
      (one) => one.state === 'authorized' && one.form === form && one.digestB64 === digestB64,
    );
    const found = occurrences[at];
    if (!found) throw new CinnabarError('activation_refused');
    occurrences[at] = { ...found, state: 'reserved' };
    return found;
  });
  const responses = [...row.responses, operations.map(({ operationId }) => operationId)];
  return { next: changed(row, { occurrences, responses }), operations };
}

function markOccurrence(
  deps: SigningDeps,
  tenant: string,
  id: string,
  operationId: string,
  state: Occurrence['state'],
): Promise<void> {
  return settle(deps, tenant, async () => {
    const row = await deps.signing.find(tenant, 'sad', id);
    if (!row) return { result: undefined, write: [] };
    const occurrences = row.occurrences.map((one) =>
      one.operationId === operationId ? { ...one, state } : one,
    );
    return { result: undefined, write: [entryOf('sad', changed(row, { occurrences }))] };
  });
}

const responseName = (id: string, operationId: string) => `${id}.${operationId}`;

/**
 * The signatures of one call, in the order of its hashes; `undefined` while the person has not
 * signed all outcomes.
 *
 * @throws CinnabarError `operation_not_found`
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
