import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { loadGm } from '../../core/gm.ts';
import {
  type GrantsChange,
  grantsChangeBytes,
  grantsHash,
  type Officers,
} from '../../core/grant-list.ts';
import { canonicalJson, type Json } from '../../lib/canonical-json.ts';
import { instantText } from '../../lib/time.ts';
import type { Actor, Caller } from '../actor.ts';
import { audited, type Operation } from '../audit/record.ts';
import { certificateStateOf, type Standing } from '../certificates/find.ts';
import { CinnabarError } from '../errors.ts';
import { readPage } from '../page.ts';
import type { Page, PageRequest } from '../ports.ts';
import { changed } from '../row-store.ts';
import { standingSerial } from './approvals.ts';
import { getGrant, getInstitutionKey, recordGrant, renewedChange } from './grants.ts';
import { getInstitution, officersOf } from './institutions.ts';
import type { Entry, SigningDeps } from './ports.ts';
import { entryOf, settle } from './rows.ts';
import type { GrantChange, InstitutionKey } from './types.ts';

/** What an officer signs with its personal key to approve a change. */
export function grantChangeBytes(change: GrantChange): Uint8Array {
  return grantsChangeBytes(chipChangeOf(change));
}

/** The change as the chips know it. */
function chipChangeOf({ tenant, officers, termsHashHex, ...change }: GrantChange): GrantsChange {
  return {
    tenant,
    keyId: change.institutionKeyId,
    grantsHashHex: change.listHashHex,
    epoch: change.chipEpoch,
    ...(officers ? { officers: chipOfficers(officers) } : {}),
    ...(termsHashHex === undefined ? {} : { termsHashHex }),
  };
}

const chipOfficers = ({ members, threshold }: NonNullable<GrantChange['officers']>): Officers => ({
  publicKeysHex: members.map(({ publicKeyHex }) => publicKeyHex),
  threshold,
});

/**
 * Proposes other officers for a key (C5): who decides from then on, decided by who decides now. The
 * grant list stays as it is.
 *
 * @throws CinnabarError `institution_key_not_found`, `invalid_request` for officers that do not add
 * up, `audit_unavailable`
 */
export async function proposeOfficers(
  deps: SigningDeps,
  caller: Caller,
  request: {
    readonly id: string;
    readonly institutionKeyId: string;
    readonly officerKeyIds: readonly string[];
    readonly threshold: number;
  },
): Promise<GrantChange> {
  const { tenant } = caller.actor;
  const { id, institutionKeyId, threshold } = request;
  const members = await officersOf(deps, caller.actor, request);
  const operation: Operation = {
    action: 'officers.propose',
    subject: `institution_key:${institutionKeyId}`,
    detail: { change: id, officers: members.length, threshold },
  };
  return audited(deps.audit, caller, operation, () =>
    settle(deps, tenant, async () => {
      const earlier = await deps.signing.find(tenant, 'grant-change', id);
      if (earlier) return { result: earlier, write: [] };
      const key = await getInstitutionKey(deps, caller.actor, institutionKeyId);
      const change: GrantChange = {
        tenant,
        id,
        revision: 1,
        state: 'open',
        institutionKeyId,
        grantId: '',
        action: 'officers',
        officers: { members, threshold },
        list: key.chipGrants,
        listHashHex: grantsHash(await loadGm(), key.chipGrants),
        chipEpoch: key.chipEpoch,
        approvals: [],
        createdAtMs: deps.clock.now(),
      };
      return { result: change, write: [entryOf('grant-change', change)] };
    }),
  );
}

/**
 * Adds an officer's signature to a change. The last one that is needed puts it in force: first in
 * the chips, which check all signatures themselves, then here. Signatures of officers whose
 * certificates do not hold by then do not count; others may sign in their place.
 *
 * @throws CinnabarError `grant_change_not_found`, `grant_change_outdated` when the list has changed
 * since, `forbidden` for who is no officer of the key, `operation_refused` when the officer's
 * certificate does not hold, `signature_invalid`, `chips_unavailable`
 */
export async function approveGrantChange(
  deps: SigningDeps,
  caller: Caller,
  request: { readonly id: string; readonly signature: Uint8Array },
): Promise<GrantChange> {
  const { tenant } = caller.actor;
  const change = await getGrantChange(deps, caller.actor, request.id);
  const key = await getInstitutionKey(deps, caller.actor, change.institutionKeyId);
  const officer = key.officers.find(({ actor }) => actor === caller.actor.id);
  if (!officer) throw new CinnabarError('forbidden');
  const person = await deps.signing.find(tenant, 'personal-key', officer.personalKeyId);
  if (person?.state !== 'active') throw new CinnabarError('forbidden');
  await standingSerial(deps, person, '/body/signature', standingsFor(change));
  const gm = await loadGm();
  const publicKey = hexToBytes(officer.publicKeyHex);
  if (!gm.sm2.verify(publicKey, grantChangeBytes(change), request.signature)) {
    throw new CinnabarError('signature_invalid');
  }
  const { actor, publicKeyHex } = officer;
  const approval = { actor, publicKeyHex, signatureHex: bytesToHex(request.signature) };
  const isOfficers = change.action === 'officers';
  const operation: Operation = {
    action: isOfficers ? 'officers.approve' : 'grant.approve',
    subject: isOfficers ? `institution_key:${key.id}` : `grant:${change.grantId}`,
    detail: { change: change.id },
  };
  return audited(deps.audit, caller, operation, async () => {
    const approved = await settle(deps, tenant, async () => {
      const current = await getGrantChange(deps, caller.actor, request.id);
      if (current.state === 'outdated') throw new CinnabarError('grant_change_outdated');
      const isThere = current.approvals.some(({ actor }) => actor === officer.actor);
      if (current.state === 'done' || isThere) return { result: current, write: [] };
      const next = changed(current, { approvals: [...current.approvals, approval] });
      return { result: next, write: [entryOf('grant-change', next)] };
    });
    if (approved.state === 'open') {
      const counted = await standingApprovals(deps, key, approved);
      const isEnough = counted.length >= key.threshold;
      return isEnough ? enforce(deps, caller, approved, counted) : approved;
    }
    // In force, and perhaps no more than that: who signed last may have lost the answer.
    await settleAfter(deps, caller, approved);
    return approved;
  });
}

/**
 * How an officer's certificate may stand. One that is over and was never revoked still hands over to
 * officers whose certificates hold, and does nothing else: a renewed certificate is over another
 * key, so without this a key whose officers are all late could never be governed again.
 */
const standingsFor = ({ action }: GrantChange): readonly Standing[] =>
  action === 'officers' ? ['good', 'expired'] : ['good'];

/** The approvals of officers whose keys and certificates hold now. */
async function standingApprovals(
  deps: SigningDeps,
  { officers }: InstitutionKey,
  change: GrantChange,
): Promise<GrantChange['approvals']> {
  const { tenant, approvals } = change;
  const stand = await Promise.all(
    approvals.map(async ({ actor }) => {
      const id = officers.find((officer) => officer.actor === actor)?.personalKeyId ?? '';
      const person = await deps.signing.find(tenant, 'personal-key', id);
      if (person?.state !== 'active') return false;
      const standing = await certificateStateOf(deps, person.certificateSerial ?? '');
      return standingsFor(change).includes(standing);
    }),
  );
  return approvals.filter((_, i) => stand[i]);
}

/** Puts an approved change in force. Interrupted, the next approval or call goes on with it. */
async function enforce(
  deps: SigningDeps,
  caller: Caller,
  change: GrantChange,
  counted: GrantChange['approvals'],
): Promise<GrantChange> {
  const { tenant } = caller.actor;
  const record = await deps.keys
    .changeGrants({
      ...chipChangeOf(change),
      approvals: counted.map(({ publicKeyHex, signatureHex }) => ({
        publicKeyHex,
        signature: hexToBytes(signatureHex),
      })),
    })
    .catch((error) => outdated(deps, caller, change, error));
  const done = await settle(deps, tenant, async () => {
    const current = await getGrantChange(deps, caller.actor, change.id);
    if (current.state === 'done') return { result: current, write: [] };
    const key = await getInstitutionKey(deps, caller.actor, change.institutionKeyId);
    const next = changed(current, { state: 'done' });
    const { officers } = change;
    const enforced = changed(key, {
      chipGrants: change.list,
      chipEpoch: record.epoch,
      ...(officers ? { officers: officers.members, threshold: officers.threshold } : {}),
    });
    const write: Entry[] = [entryOf('grant-change', next), entryOf('institution-key', enforced)];
    return { result: next, write: [...write, ...(await consequences(deps, caller, key, change))] };
  });
  await settleAfter(deps, caller, done);
  return done;
}

/** What follows a change that is in force. Repeated, it does what is left of it. */
async function settleAfter(deps: SigningDeps, caller: Caller, change: GrantChange): Promise<void> {
  await settle(deps, change.tenant, async () => {
    const key = await getInstitutionKey(deps, caller.actor, change.institutionKeyId);
    return { result: undefined, write: await renewed(deps, key) };
  });
  await recordChange(deps, caller, change);
}

/**
 * Changes that this one overtook: their officers signed for an epoch that is past. Each gets a new
 * one, so that the chips' list follows whichever change comes first, and nobody whose right was
 * taken back stays in it.
 */
async function renewed(deps: SigningDeps, key: InstitutionKey): Promise<readonly Entry[]> {
  const filter = { parent: key.id, state: 'open' };
  const open = await deps.signing.list(key.tenant, 'grant-change', filter, { limit: openMax });
  const late = open.filter(({ chipEpoch }) => chipEpoch < key.chipEpoch);
  return (await Promise.all(late.map((change) => replaced(deps, key, change)))).flat();
}

/** Looked at after each change of a key: no more wait for their officers at a time. */
const openMax = 32;

/** What else a change that is in force has changed: the grant, or who governs later keys. */
async function consequences(
  deps: SigningDeps,
  caller: Caller,
  key: InstitutionKey,
  { action, grantId, officers }: GrantChange,
): Promise<readonly Entry[]> {
  if (officers) {
    const institution = await getInstitution(deps, caller.actor, key.institutionId);
    const { members, threshold } = officers;
    // An institution whose officers are others by now keeps them.
    const isSame = JSON.stringify(institution.officers) === JSON.stringify(key.officers);
    return isSame
      ? [entryOf('institution', changed(institution, { officers: members, threshold }))]
      : [];
  }
  const grant = await getGrant(deps, caller.actor, grantId);
  if (action !== 'give' || grant.state !== 'proposed') return [];
  return [entryOf('grant', changed(grant, { state: 'active' }))];
}

async function recordChange(
  deps: SigningDeps,
  caller: Caller,
  { id, officers, grantId, institutionKeyId }: GrantChange,
): Promise<void> {
  if (!officers) return recordGrant(deps, await getGrant(deps, caller.actor, grantId));
  const text = canonicalJson({ institutionKeyId, ...chipOfficers(officers) } as unknown as Json);
  await deps.ledger.appendNext(
    {
      v: 1,
      type: 'grant',
      subject: `grant/${id}`,
      at: instantText(deps.clock.now()),
      grantSha256: bytesToHex(sha256(utf8ToBytes(text))),
      state: 'active',
    },
    { requestId: `officers:${id}` },
  );
}

/** The chips refuse signatures over an epoch that is past: another change came first. */
async function outdated(
  deps: SigningDeps,
  caller: Caller,
  change: GrantChange,
  error: unknown,
): Promise<never> {
  if (!(error instanceof CinnabarError) || error.code !== 'activation_refused') throw error;
  await settle(deps, caller.actor.tenant, async () => {
    const current = await getGrantChange(deps, caller.actor, change.id);
    if (current.state !== 'open') return { result: undefined, write: [] };
    const key = await getInstitutionKey(deps, caller.actor, change.institutionKeyId);
    return { result: undefined, write: await replaced(deps, key, current) };
  });
  throw new CinnabarError('grant_change_outdated', { cause: error });
}

/** Ends a change that was overtaken, and begins the one in its place. */
async function replaced(
  deps: SigningDeps,
  key: InstitutionKey,
  change: GrantChange,
): Promise<readonly Entry[]> {
  const ended = entryOf('grant-change', changed(change, { state: 'outdated' }));
  const next = await renewedChange(deps, key, change);
  return next ? [ended, entryOf('grant-change', next)] : [ended];
}

/** @throws CinnabarError `grant_change_not_found` */
export async function getGrantChange(
  deps: Pick<SigningDeps, 'signing'>,
  actor: Actor,
  id: string,
): Promise<GrantChange> {
  const change = await deps.signing.find(actor.tenant, 'grant-change', id);
  if (!change) throw new CinnabarError('grant_change_not_found');
  return change;
}

export function listGrantChanges(
  deps: Pick<SigningDeps, 'signing'>,
  actor: Actor,
  institutionKeyId: string,
  page: PageRequest,
): Promise<Page<GrantChange>> {
  return readPage(
    page,
    (change) => change.id,
    (request) =>
      deps.signing.list(actor.tenant, 'grant-change', { parent: institutionKeyId }, request),
  );
}
