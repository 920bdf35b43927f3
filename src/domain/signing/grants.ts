import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { loadGm } from '../../core/gm.ts';
import {
  type Grant as ChipGrant,
  type GrantTerms,
  grantsHash,
  grantTermsHash,
} from '../../core/grant-list.ts';
import { canonicalJson } from '../../lib/canonical-json.ts';
import { instantText } from '../../lib/time.ts';
import type { Actor, Caller } from '../actor.ts';
import type { AuditAction } from '../audit/actions.ts';
import { audited } from '../audit/record.ts';
import { CinnabarError } from '../errors.ts';
import { newId } from '../id.ts';
import { readPage } from '../page.ts';
import type { Page, PageRequest } from '../ports.ts';
import { changed } from '../row-store.ts';
import type { Entry, SigningDeps } from './ports.ts';
import { entryOf, settle } from './rows.ts';
import type { Amount, Grant, GrantChange, GrantedOperation, InstitutionKey } from './types.ts';

export interface NewGrant {
  readonly id: string;
  readonly institutionKeyId: string;
  readonly actor: string;
  readonly personalKeyId: string;
  readonly operations: readonly GrantedOperation[];
  readonly validFromMs: number;
  readonly validUntilMs: number;
  readonly usesMax: number;
  readonly documentTypes: readonly string[];
  readonly amountMax?: Amount;
  readonly approvalsNeeded: number;
}

/**
 * Proposes that a person may use an institution's key (C5). It holds once enough officers of the
 * key have signed the new list, which the chips then enforce themselves.
 *
 * @throws CinnabarError `institution_key_not_found`, `personal_key_not_found` when the key is not an
 * active one of that person, `invalid_request`, `audit_unavailable`
 */
export async function proposeGrant(
  deps: SigningDeps,
  caller: Caller,
  request: NewGrant,
): Promise<{ readonly grant: Grant; readonly change: GrantChange }> {
  const { tenant } = caller.actor;
  const person = await deps.signing.find(tenant, 'personal-key', request.personalKeyId);
  if (person?.state !== 'active' || person.owner !== request.actor) {
    throw new CinnabarError('personal_key_not_found');
  }
  const grant: Grant = {
    ...request,
    tenant,
    revision: 1,
    state: 'proposed',
    publicKeyHex: person.publicKeyHex,
    used: 0,
    grantedBy: caller.actor.id,
    createdAtMs: deps.clock.now(),
  };
  return audited(deps.audit, caller, operationOf('grant.propose', grant), () =>
    settle(deps, tenant, async () => {
      const earlier = await deps.signing.find(tenant, 'grant', grant.id);
      const key = await getInstitutionKey(deps, caller.actor, request.institutionKeyId);
      const change = await changeOf(deps, key, earlier ?? grant, 'give');
      const write: Entry[] = earlier ? [] : [entryOf('grant', grant)];
      return {
        result: { grant: earlier ?? grant, change },
        write: [...write, entryOf('grant-change', change)],
      };
    }),
  );
}

/**
 * Takes a right back, and the one that followed it at a renewed key: they hold for no further use
 * from the moment this resolves. The chips' own lists follow when the officers have signed the
 * changes that come with it, one for each key.
 *
 * @throws CinnabarError `grant_not_found`, `audit_unavailable`
 */
export async function revokeGrant(
  deps: SigningDeps,
  caller: Caller,
  id: string,
): Promise<{ readonly grant: Grant; readonly change?: GrantChange }> {
  const { tenant } = caller.actor;
  const grant = await getGrant(deps, caller.actor, id);
  return audited(deps.audit, caller, operationOf('grant.revoke', grant), async () => {
    const taken = await settle(deps, tenant, async () => {
      const all: TakenGrant[] = [];
      let next: string | undefined = id;
      while (next !== undefined) {
        const one: TakenGrant = await takenGrant(deps, caller, next);
        all.push(one);
        next = one.grant.successor;
      }
      return { result: all, write: all.flatMap(({ write }) => write) };
    });
    for (const one of taken) await recordGrant(deps, one.grant);
    const [{ grant: revoked, change } = { grant }] = taken;
    return { grant: revoked, ...(change ? { change } : {}) };
  });
}

interface TakenGrant {
  readonly grant: Grant;
  readonly change?: GrantChange;
  readonly write: readonly Entry[];
}

/** One right without force, and the change of the chips' list that this asks for. */
async function takenGrant(deps: SigningDeps, caller: Caller, id: string): Promise<TakenGrant> {
  const current = await getGrant(deps, caller.actor, id);
  if (current.state === 'revoked') return takenBefore(deps, current);
  const grant = changed(current, { state: 'revoked', revokedBy: caller.actor.id });
  if (current.state === 'proposed') return { grant, write: [entryOf('grant', grant)] };
  const key = await getInstitutionKey(deps, caller.actor, current.institutionKeyId);
  const change = await changeOf(deps, key, grant, 'take');
  return { grant, change, write: [entryOf('grant', grant), entryOf('grant-change', change)] };
}

/** Of a right that was taken back before: the change that the officers have yet to sign, if any. */
async function takenBefore(deps: SigningDeps, grant: Grant): Promise<TakenGrant> {
  const { tenant, institutionKeyId } = grant;
  const key = await deps.signing.find(tenant, 'institution-key', institutionKeyId);
  if (!key) throw new CinnabarError('institution_key_not_found');
  const filter = { parent: institutionKeyId, state: 'open' };
  const open = await deps.signing.list(tenant, 'grant-change', filter, { limit: grantsMax });
  const waiting = open.find(
    ({ grantId, action, chipEpoch }) =>
      grantId === grant.id && action === 'take' && chipEpoch === key.chipEpoch,
  );
  if (waiting) return { grant, change: waiting, write: [] };
  const change = await renewedChange(deps, key, { grantId: grant.id, action: 'take' });
  if (!change) return { grant, write: [] };
  return { grant, change, write: [entryOf('grant-change', change)] };
}

/**
 * A change to the same end in the epoch of now; none when it is reached, or was given up: a right
 * that is no longer proposed, a person who is not in the chips' list, officers that changed since.
 */
export async function renewedChange(
  deps: SigningDeps,
  key: InstitutionKey,
  { grantId, action }: Pick<GrantChange, 'grantId' | 'action'>,
): Promise<GrantChange | undefined> {
  const grant = await deps.signing.find(key.tenant, 'grant', grantId);
  const isWanted = grant?.state === (action === 'give' ? 'proposed' : 'revoked');
  if (!grant || !isWanted || action === 'officers') return undefined;
  const change = await changeOf(deps, key, grant, action);
  const isThere = change.listHashHex === grantsHash(await loadGm(), key.chipGrants);
  return action === 'take' && isThere ? undefined : change;
}

/** The chips' list with or without the grant, in the epoch in which the key is now. */
async function changeOf(
  deps: SigningDeps,
  key: InstitutionKey,
  grant: Grant,
  action: GrantChange['action'],
): Promise<GrantChange> {
  const others = await activeGrants(deps, key, grant.id);
  const list = chipList(action === 'give' ? [...others, grant] : others);
  const gm = await loadGm();
  const terms = termsOf(grant);
  return {
    tenant: key.tenant,
    id: newId(deps),
    revision: 1,
    state: 'open',
    institutionKeyId: key.id,
    grantId: grant.id,
    action,
    ...(action === 'give' ? { terms, termsHashHex: grantTermsHash(gm, terms) } : {}),
    list,
    listHashHex: grantsHash(gm, list),
    chipEpoch: key.chipEpoch,
    approvals: [],
    createdAtMs: deps.clock.now(),
  };
}

function termsOf(grant: Grant): GrantTerms {
  const { id, actor, publicKeyHex, operations, documentTypes, amountMax } = grant;
  const { validFromMs, validUntilMs, usesMax, approvalsNeeded } = grant;
  return {
    grantId: id,
    actor,
    publicKeyHex,
    operations,
    validFromMs,
    validUntilMs,
    usesMax,
    documentTypes,
    ...(amountMax ? { amountMax } : {}),
    approvalsNeeded,
  };
}

const grantsMax = 200;

/** @throws CinnabarError `grants_too_many` */
export async function activeGrants(
  deps: SigningDeps,
  { tenant, id }: InstitutionKey,
  except?: string,
): Promise<Grant[]> {
  const filter = { parent: id, state: 'active' };
  const found = await deps.signing.list(tenant, 'grant', filter, { limit: grantsMax + 1 });
  if (found.length > grantsMax) throw new CinnabarError('grants_too_many');
  return found.filter((grant) => grant.id !== except);
}

/** One line per person, with all that its grants allow; in a fixed order, because it is hashed. */
export function chipList(grants: readonly Grant[]): ChipGrant[] {
  const byPerson = new Map<string, Set<GrantedOperation>>();
  for (const { publicKeyHex, operations } of grants) {
    const all = byPerson.get(publicKeyHex) ?? new Set();
    for (const operation of operations) all.add(operation);
    byPerson.set(publicKeyHex, all);
  }
  return [...byPerson]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([publicKeyHex, operations]) => ({
      publicKeyHex,
      operations: [...operations].toSorted().toReversed(),
    }));
}

/** That a right was given or taken stands in the ledger, by the hash of what it says. */
export async function recordGrant(deps: SigningDeps, grant: Grant): Promise<void> {
  // How often it was used, and what followed it, is no part of what was granted.
  const { revision: _, used: __, successor: ___, amountMax, ...terms } = grant;
  const text = canonicalJson({ ...terms, amountMax: amountMax && { ...amountMax } });
  const grantSha256 = bytesToHex(sha256(utf8ToBytes(text)));
  await deps.ledger.appendNext(
    {
      v: 1,
      type: 'grant',
      subject: `grant/${grant.id}`,
      at: instantText(deps.clock.now()),
      grantSha256,
      state: grant.state,
    },
    { requestId: `${grant.state}:${grant.id}` },
  );
}

/** @throws CinnabarError `institution_key_not_found` */
export async function getInstitutionKey(
  deps: Pick<SigningDeps, 'signing'>,
  actor: Actor,
  id: string,
): Promise<InstitutionKey> {
  const key = await deps.signing.find(actor.tenant, 'institution-key', id);
  if (!key) throw new CinnabarError('institution_key_not_found');
  return key;
}

/** @throws CinnabarError `grant_not_found` */
export async function getGrant(
  deps: Pick<SigningDeps, 'signing'>,
  actor: Actor,
  id: string,
): Promise<Grant> {
  const grant = await deps.signing.find(actor.tenant, 'grant', id);
  if (!grant) throw new CinnabarError('grant_not_found');
  return grant;
}

export function listGrants(
  deps: Pick<SigningDeps, 'signing'>,
  actor: Actor,
  institutionKeyId: string,
  page: PageRequest,
): Promise<Page<Grant>> {
  return readPage(
    page,
    (grant) => grant.id,
    (request) => deps.signing.list(actor.tenant, 'grant', { parent: institutionKeyId }, request),
  );
}

function operationOf(action: AuditAction, grant: Grant) {
  return {
    action,
    subject: `grant:${grant.id}`,
    detail: { institutionKeyId: grant.institutionKeyId, person: grant.actor },
  };
}
