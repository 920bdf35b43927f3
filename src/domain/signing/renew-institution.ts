import { loadGm } from '../../core/gm.ts';
import { grantsHash } from '../../core/grant-list.ts';
import type { Caller } from '../actor.ts';
import { applicationKeyId, type KeyPolicies } from '../certificates/apply.ts';
import { renewCertificate } from '../certificates/renew.ts';
import { CinnabarError } from '../errors.ts';
import { newId } from '../id.ts';
import { changed } from '../row-store.ts';
import { serialOf } from './decide.ts';
import { activeGrants, chipList, getInstitutionKey, recordGrant } from './grants.ts';
import { type AppliedKeys, keyRowOf } from './institutions.ts';
import type { Entry, SigningDeps } from './ports.ts';
import { entryOf, settle } from './rows.ts';
import type { Grant, InstitutionKey } from './types.ts';

/**
 * Renews the keys of an institution (A12, C1): a fresh signing and a fresh encryption key in the
 * chips, under the officers and with the grants of those that they follow, and an application for
 * their certificates. The authority decides as about any other; thawing the new certificates
 * supersedes the old ones, and moves the work over. What was encrypted before is still opened with
 * the old key by who is granted that.
 *
 * The intent is written first: interrupted, a repetition under the same id goes on with the list of
 * persons that the chips were given.
 *
 * @param renewal.keyId either key of the pair
 * @throws CinnabarError `institution_key_not_found`, `certificate_state` for certificates that were
 * never delivered or are revoked, `key_renewed` unless the renewal before was turned down,
 * `chips_unavailable`, `rows_contended`, `ledger_unavailable`, `audit_unavailable`
 */
export async function renewInstitutionKeys(
  deps: SigningDeps,
  caller: Caller,
  { id, keyId }: { readonly id: string; readonly keyId: string },
): Promise<AppliedKeys> {
  const { tenant } = caller.actor;
  const named = await getInstitutionKey(deps, caller.actor, keyId);
  const serialHex = await serialOf(deps, named);
  if (serialHex === undefined) throw new CinnabarError('certificate_state');
  const intended = await settle(deps, tenant, () => intend(deps, named, id));
  const application = await renewCertificate(deps, caller, {
    id,
    serialHex,
    keyPolicies: await policiesOf(intended),
  });
  const made = await settle(deps, tenant, async () => {
    const steps = await Promise.all(
      application.keys.map(async (key) => {
        const before = intended.find(({ purpose }) => purpose === key.purpose);
        if (!before) throw new CinnabarError('institution_key_not_found');
        return follow(deps, before, await keyRowOf(deps, application, key, heritageOf(before)));
      }),
    );
    return { result: steps, write: steps.flatMap(({ write }) => write) };
  });
  for (const grant of made.flatMap(({ grants }) => grants)) await recordGrant(deps, grant);
  return { application, keys: made.map(({ row }) => row) };
}

/** Both keys of a pair, with the renewal written into them. */
async function intend(deps: SigningDeps, named: InstitutionKey, id: string) {
  const pair = await pairOf(deps, named);
  const [earlier] = pair.flatMap(({ renewal }) => renewal ?? []);
  if (earlier?.applicationId === id) return { result: pair, write: [] };
  if (earlier && !(await isTurnedDown(deps, named.tenant, earlier.applicationId))) {
    throw new CinnabarError('key_renewed');
  }
  const nowMs = deps.clock.now();
  const next = await Promise.all(
    pair.map(async (key) => {
      const grants = await heldGrants(deps, key, nowMs);
      const { officers, threshold } = key;
      const renewal = { applicationId: id, officers, threshold, list: chipList(grants) };
      return changed(key, { renewal });
    }),
  );
  return { result: next, write: next.map((key) => entryOf('institution-key', key)) };
}

/** Signing first, as the application has them. */
async function pairOf(deps: SigningDeps, named: InstitutionKey): Promise<InstitutionKey[]> {
  const { tenant, applicationId } = named;
  const ids = (['signature', 'encryption'] as const).map((purpose) =>
    applicationKeyId(tenant, applicationId, purpose),
  );
  const found = await Promise.all(
    ids.map((id) => deps.signing.find(tenant, 'institution-key', id)),
  );
  return found.flatMap((key) => key ?? []);
}

async function isTurnedDown(deps: SigningDeps, tenant: string, id: string): Promise<boolean> {
  const application = await deps.certificates.findApplication(tenant, id);
  return !application || ['rejected', 'withdrawn'].includes(application.state);
}

/** Rights that would still hold at the successor. */
async function heldGrants(
  deps: SigningDeps,
  key: InstitutionKey,
  nowMs: number,
): Promise<readonly Grant[]> {
  const grants = await activeGrants(deps, key);
  return grants.filter(({ validUntilMs, used, usesMax }) => validUntilMs > nowMs && used < usesMax);
}

async function policiesOf(pair: readonly InstitutionKey[]): Promise<KeyPolicies> {
  const gm = await loadGm();
  return Object.fromEntries(
    pair.map((key) => {
      const { list, officers, threshold } = renewalOf(key);
      const publicKeysHex = officers.map(({ publicKeyHex }) => publicKeyHex);
      const policy = {
        grantsHashHex: grantsHash(gm, list),
        officers: { publicKeysHex, threshold },
        // The successor is in no weaker hands than the key before.
        ...(key.protection && key.protection !== 'software' ? { protection: key.protection } : {}),
      };
      return [key.purpose, policy];
    }),
  );
}

function renewalOf({ renewal }: InstitutionKey): NonNullable<InstitutionKey['renewal']> {
  if (!renewal) throw new Error('a renewal is written before it is gone through with');
  return renewal;
}

function heritageOf(before: InstitutionKey) {
  const { officers, threshold, list } = renewalOf(before);
  const { id: renews, institutionId } = before;
  return { institutionId, officers, threshold, chipGrants: list, renews };
}

interface Followed {
  readonly row: InstitutionKey;
  readonly grants: readonly Grant[];
  readonly write: readonly Entry[];
}

/** The row of a successor, with the rights that hold at the key before. */
async function follow(
  deps: SigningDeps,
  before: InstitutionKey,
  { row, isNew }: Awaited<ReturnType<typeof keyRowOf>>,
): Promise<Followed> {
  if (!isNew) return { row, grants: await activeGrants(deps, row), write: [] };
  const sources = await heldGrants(deps, before, deps.clock.now());
  const write: Entry[] = [entryOf('institution-key', row)];
  const grants = sources.map((source) => {
    const grant = { ...source, id: newId(deps), revision: 1, institutionKeyId: row.id };
    // If a right is taken back meanwhile, none of this is written, and all is read anew.
    const followed = changed(source, { successor: grant.id });
    write.push(entryOf('grant', grant), entryOf('grant', followed));
    return grant;
  });
  return { row, grants, write };
}
