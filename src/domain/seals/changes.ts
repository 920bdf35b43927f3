import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import type { Actor, Caller } from '../actor.ts';
import { audited, type Operation, record } from '../audit/record.ts';
import { CinnabarError } from '../errors.ts';
import { readPage } from '../page.ts';
import type { Page, PageRequest } from '../ports.ts';
import { commitRevision, operationOf, type PreparedRevision, storeRevision } from './enrol.ts';
import { storeObjects } from './orphans.ts';
import { policyInForce } from './policies.ts';
import type { SealDeps } from './ports.ts';
import type { Seal } from './types.ts';
import { assertOtherThan, moved, settleMove } from './work.ts';
import type { SealChangeBody, Work } from './work-rows.ts';

export const sealChangeStates = ['proposed', 'approved', 'rejected'] as const;
export type SealChangeState = (typeof sealChangeStates)[number];

export interface SealChange extends Omit<SealChangeBody, 'sealJson' | 'objectKeys'> {
  readonly id: string;
  readonly state: SealChangeState;
  readonly seal: Seal;
}

export type Submitted = { readonly seal: Seal } | { readonly change: SealChange };

/**
 * Stores a revision of a seal at once or, where the policy says so, puts it before a second person
 * (maker-checker); then nothing changes yet. A retry finds what the first attempt made.
 *
 * @throws CinnabarError whatever `prepare` throws; `seal_serial_taken`, `seal_changed`,
 * `storage_unavailable`, `audit_unavailable`
 */
export async function submitRevision(
  deps: SealDeps,
  caller: Caller,
  ids: { readonly sealId: string; readonly revisionId: string },
  prepare: () => Promise<PreparedRevision>,
): Promise<Submitted> {
  const { tenant } = caller.actor;
  const stored = await deps.seals.findSeal(tenant, ids.sealId);
  if (stored?.revisionId === ids.revisionId) {
    const action = stored.revision === 1 ? 'seal.enrol' : 'seal.revise';
    await record(deps.audit, caller, operationOf(action, stored), 'done');
    return { seal: stored };
  }
  const proposed = await deps.work.find(tenant, 'seal-change', ids.revisionId);
  if (proposed) return { change: changeOf(proposed) };
  const { policy } = await policyInForce(deps, tenant);
  const prepared = await prepare();
  if (policy.approveChanges === true) return { change: await propose(deps, caller, prepared) };
  return { seal: await storeRevision(deps, caller, prepared) };
}

async function propose(
  deps: SealDeps,
  caller: Caller,
  { action, seal, objects }: PreparedRevision,
): Promise<SealChange> {
  const change: Work<'seal-change'> = {
    tenant: seal.tenant,
    kind: 'seal-change',
    id: seal.revisionId,
    parent: seal.id,
    state: 'proposed',
    dueAtMs: 0,
    version: 1,
    body: {
      action,
      sealJson: JSON.stringify(seal, (_, value: unknown) =>
        value instanceof Uint8Array ? { hex: bytesToHex(value) } : value,
      ),
      objectKeys: objects.map(({ objectKey }) => objectKey),
      proposedBy: caller.actor.id,
      proposedAtMs: deps.clock.now(),
    },
  };
  await audited(deps.audit, caller, proposalOf('propose', change), async () => {
    await storeObjects(deps, seal.tenant, objects);
    await deps.work.apply({ add: [change], move: [] });
  });
  return changeOf(change);
}

/** Proposed changes and what became of them, newest first. */
export async function listSealChanges(
  deps: SealDeps,
  actor: Actor,
  filter: { readonly state?: SealChangeState },
  page: PageRequest,
): Promise<Page<SealChange>> {
  const found = await readPage(
    page,
    (work: Work<'seal-change'>) => work.id,
    (request) => deps.work.list(actor.tenant, 'seal-change', filter, request),
  );
  return { ...found, items: found.items.map(changeOf) };
}

export interface SealChangeDecision {
  readonly id: string;
  readonly decision: 'approve' | 'reject';
  readonly reason: string;
}

/**
 * Approves or rejects a proposed change of a seal. An approved one is stored at once.
 *
 * @throws CinnabarError `seal_change_not_found`, `own_work`, `seal_changed` when the seal has
 * another revision by now or the change was decided already, `seal_serial_taken`
 */
export async function decideSealChange(
  deps: SealDeps,
  caller: Caller,
  request: SealChangeDecision,
): Promise<SealChange> {
  const { tenant } = caller.actor;
  const found = await deps.work.find(tenant, 'seal-change', request.id);
  if (!found) throw new CinnabarError('seal_change_not_found');
  const operation = proposalOf(request.decision, found);
  if (found.body.proposedBy === caller.actor.id) {
    await record(deps.audit, caller, operation, 'refused');
  }
  assertOtherThan(caller, found.body.proposedBy);
  const approves = request.decision === 'approve';
  const state = approves ? 'approved' : 'rejected';
  return audited(deps.audit, caller, operation, async () => {
    if (found.state === state && found.body.decidedBy === caller.actor.id) return changeOf(found);
    if (found.state !== 'proposed') throw new CinnabarError('seal_changed');
    if (approves) await commitOnce(deps, changeOf(found).seal);
    const decided = await settleMove(deps, async () => {
      const change = await deps.work.find(tenant, 'seal-change', request.id);
      if (change?.state !== 'proposed') throw new CinnabarError('seal_changed');
      const decision = {
        decidedBy: caller.actor.id,
        decidedAtMs: deps.clock.now(),
        decisionReason: request.reason,
      };
      const next = moved(change, { state, body: { ...change.body, ...decision } });
      return { result: next, move: [next] };
    });
    // Nobody refers to them any more; were this to fail, they would only take up room.
    if (!approves) await deps.objects.remove(found.body.objectKeys);
    return changeOf(decided);
  });
}

/** An attempt that ended after the rows were stored is recognised by the revision's id. */
async function commitOnce(deps: SealDeps, seal: Seal): Promise<void> {
  const stored = await deps.seals.findSeal(seal.tenant, seal.id);
  if (stored?.revisionId === seal.revisionId) return;
  await commitRevision(deps, seal);
}

function changeOf(work: Work<'seal-change'>): SealChange {
  const state = sealChangeStates.find((known) => known === work.state);
  if (!state) throw new TypeError('seal change: unknown state');
  const { sealJson, objectKeys: _keys, ...body } = work.body;
  // Written by `storeOrPropose`, and by nothing else.
  const seal = JSON.parse(sealJson, (_, value: unknown) => bytesIn(value) ?? value) as Seal;
  return { ...body, id: work.id, state, seal };
}

function bytesIn(value: unknown): Uint8Array | undefined {
  if (typeof value !== 'object' || value === null || !('hex' in value)) return undefined;
  return typeof value.hex === 'string' ? hexToBytes(value.hex) : undefined;
}

function proposalOf(
  verb: 'propose' | 'approve' | 'reject',
  change: Work<'seal-change'>,
): Operation {
  const { seal } = changeOf(change);
  const { subject, detail } = operationOf(change.body.action, seal);
  return {
    action: `seal-change.${verb}`,
    subject,
    detail: { ...detail, change: change.id, what: change.body.action },
  };
}
