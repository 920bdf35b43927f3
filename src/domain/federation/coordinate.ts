import {
  type ConsentFault,
  consentFault,
  type SignedConsent,
} from '../../core/federation/consent.ts';
import { instantText } from '../../lib/time.ts';
import type { Caller } from '../actor.ts';
import type { AuditLog } from '../audit/ports.ts';
import { audited, type Operation } from '../audit/record.ts';
import { CinnabarError } from '../errors.ts';
import { type Announcing, announceOnce } from './announce.ts';
import { listContributors } from './contributors.ts';
import { recordBytes } from './decide.ts';
import { type Addressed, type DecideReply, type OpenReply, PartyRefusal } from './messages.ts';
import { type Federation, keysOfParty } from './parties.ts';
import type { PolicyTable } from './policy.ts';
import type { PartySystem } from './ports.ts';
import type { ProgressBoard } from './progress.ts';
import { answerOf, missedAt, type Run, trackedRun } from './run.ts';
import {
  capsFor,
  type PolicyInForce,
  type ScoringPolicyDeps,
  scoringPolicyInForce,
} from './scoring-policy.ts';
import type { Parties, ScoringRequest, ScoringStore, Stage } from './scoring-request.ts';

export interface CoordinatorDeps extends PartySystem, Announcing, ScoringPolicyDeps {
  readonly audit: AuditLog;
  readonly parties: Parties;
  readonly requests: ScoringStore;
  readonly board: ProgressBoard;
}

export interface NewScoring {
  readonly consent: SignedConsent;
  /** One for each party that the consent names. */
  readonly boxes: readonly Addressed[];
}

const hourMs = 3_600_000;

/**
 * Carries one application through the federation: opens it at the nodes, lets those that live
 * settle on one list of contributors, has it decided, and writes the decision into the ledger.
 *
 * Nothing that passes through here can be read here. Nodes that drop out before their share is
 * spread are left out, later ones are not missed while enough others report.
 *
 * @throws CinnabarError `federation_consent_invalid`, `federation_request_used`, `rate_limited`,
 *   `federation_refused`, `federation_unavailable`, `federation_inconsistent`; each names the stage
 *   and the parties
 */
export async function coordinate(
  deps: CoordinatorDeps,
  caller: Caller,
  scoring: NewScoring,
): Promise<ScoringRequest> {
  const begunMs = deps.clock.now();
  assertApplication(deps, scoring, begunMs);
  const { requestId } = scoring.consent.consent;
  const { tenant, id: actor } = caller.actor;
  const operation: Operation = {
    action: 'federation.score',
    subject: `scoring:${requestId}`,
    detail: { consentExpiresAt: scoring.consent.consent.expiresAt },
  };
  return audited(deps.audit, caller, operation, async () => {
    const request: ScoringRequest = {
      tenant,
      requestId,
      requestedBy: actor,
      consent: scoring.consent,
      state: 'running',
      stage: 'open',
      nodes: deps.federation.roster.nodes.map(({ id }) => ({ node: id, state: 'waiting' })),
      contributors: [],
      createdAtMs: begunMs,
    };
    const inForce = await scoringPolicyInForce(deps, tenant);
    const limit = { requestsMax: inForce.policy.requestsPerHour, sinceMs: begunMs - hourMs };
    await deps.requests.begin(request, limit);
    const run = trackedRun(deps, request);
    try {
      return await carry(deps, scoring, run, { begunMs, inForce });
    } catch (error) {
      const code = error instanceof CinnabarError ? error.code : 'internal';
      await run.save({ state: 'failed', code });
      throw error;
    } finally {
      await run.told();
    }
  });
}

function assertApplication(
  { federation }: CoordinatorDeps,
  { consent, boxes }: NewScoring,
  nowMs: number,
): void {
  const { suite, roster } = federation;
  const fault = consentFault(suite, roster, consent, roster.decision.id, nowMs);
  if (fault) throw consentError(fault);
  const wanted = [...roster.nodes.map(({ id }) => id), roster.decision.id];
  const missing = wanted.filter((id) => !boxes.some(({ party }) => party === id));
  if (missing.length > 0 || boxes.length !== wanted.length) {
    throw new CinnabarError('invalid_request', {
      fields: missing.map((id) => ({ pointer: `/boxes/${id}`, code: 'required' })),
    });
  }
}

function consentError(fault: ConsentFault): CinnabarError {
  return new CinnabarError('federation_consent_invalid', {
    fields: [{ pointer: '/consent', code: fault }],
  });
}

async function carry(
  deps: CoordinatorDeps,
  scoring: NewScoring,
  run: Run,
  { begunMs, inForce }: { readonly begunMs: number; readonly inForce: PolicyInForce },
): Promise<ScoringRequest> {
  const opened = await openAll(deps, scoring, run);
  const contributors = listContributors(deps.federation, run, opened);
  await run.save({ stage: 'settle', contributors });
  const reports = await settleAll(deps, run, opened, contributors);
  await run.save({ stage: 'decide' });
  const reply = await decide(deps, scoring, run, {
    opened,
    contributors,
    reports,
    inForce,
  });
  await run.save({ stage: 'record' });
  const ledgerIndex = await recordDecision(deps, reply, inForce.table);
  const { decision, record, signature } = reply;
  const reasons = [...opened].map(([party, { reasons: box }]) => ({ party, box }));
  const elapsedMs = deps.clock.now() - begunMs;
  const outcome = { decision, reasons, record, signature, ledgerIndex, elapsedMs };
  return run.save({ state: 'decided', outcome });
}

/** Asks every node at once. Those that answer live on. */
async function openAll(
  { federation, parties }: CoordinatorDeps,
  { consent, boxes }: NewScoring,
  run: Run,
): Promise<ReadonlyMap<string, OpenReply>> {
  const { requestId } = consent.consent;
  const opened = new Map<string, OpenReply>();
  await Promise.all(
    federation.roster.nodes.map(async ({ id }) => {
      const box = boxes.find(({ party }) => party === id)?.box ?? new Uint8Array();
      const reply = await answerOf(run, id, 'opened', parties.open(id, { requestId, box }));
      if (reply) opened.set(id, reply);
    }),
  );
  assertEnough(federation, run, opened.size, 'open');
  return opened;
}

function assertEnough(federation: Federation, run: Run, count: number, stage: Stage): void {
  if (count >= federation.sharing.t) return;
  const fields = missedAt(run, stage);
  const isRefusal = run.request.nodes.some(({ state }) => state === 'refused');
  throw new CinnabarError(isRefusal ? 'federation_refused' : 'federation_unavailable', { fields });
}

async function settleAll(
  { federation, parties }: CoordinatorDeps,
  run: Run,
  opened: ReadonlyMap<string, OpenReply>,
  contributors: readonly string[],
): Promise<readonly Addressed[]> {
  const { requestId } = run.request;
  const reports: Addressed[] = [];
  await Promise.all(
    [...opened.keys()].map(async (node) => {
      const pieces = contributors.flatMap((party) =>
        (opened.get(party)?.pieces ?? [])
          .filter((piece) => piece.party === node)
          .map(({ box }) => ({ party, box })),
      );
      const message = { requestId, contributors, pieces };
      const reply = await answerOf(run, node, 'settled', parties.settle(node, message));
      if (reply) reports.push({ party: node, box: reply.report });
    }),
  );
  assertEnough(federation, run, reports.length, 'settle');
  return reports;
}

async function decide(
  deps: CoordinatorDeps,
  { boxes }: NewScoring,
  { request }: Run,
  got: {
    readonly opened: ReadonlyMap<string, OpenReply>;
    readonly contributors: readonly string[];
    readonly reports: readonly Addressed[];
    readonly inForce: PolicyInForce;
  },
): Promise<DecideReply> {
  const { federation, parties } = deps;
  const { id } = federation.roster.decision;
  const caps = await capsFor(deps, request.tenant, request.requestedBy);
  const statements = [...got.opened].map(([party, { statement }]) => ({ party, box: statement }));
  try {
    return await parties.decide({
      requestId: request.requestId,
      box: boxes.find(({ party }) => party === id)?.box ?? new Uint8Array(),
      contributors: got.contributors,
      statements,
      reports: got.reports,
      caps,
      ...(got.inForce.version === 0 ? {} : { policy: got.inForce.table }),
    });
  } catch (error) {
    if (!(error instanceof PartyRefusal)) throw error;
    const isInconsistent = error.code === 'reports_disagree' || error.code === 'subject_mismatch';
    throw new CinnabarError(isInconsistent ? 'federation_inconsistent' : 'federation_refused', {
      fields: [{ pointer: `/decide/${id}`, code: error.code }],
    });
  }
}

/** The record first, then the answer: a decision that nobody can find later was never given. */
async function recordDecision(
  deps: CoordinatorDeps,
  { record, signature }: DecideReply,
  policy: PolicyTable,
): Promise<number> {
  const { federation, ledger, clock } = deps;
  const { signKey } = keysOfParty(federation, federation.roster.decision.id);
  if (!federation.suite.verify(signKey, recordBytes(record), signature)) {
    throw new CinnabarError('federation_inconsistent');
  }
  await announceOnce({ ...deps, policy }, record);
  const appended = await ledger.append(
    {
      v: 1,
      type: 'decision',
      subject: `scoring/${record.requestId}`,
      prev: null,
      at: instantText(clock.now()),
      decisionSha256: record.decisionHash,
      modelSha256: record.modelHash,
      policySha256: record.policyHash,
      partiesSha256: record.contributorsHash,
    },
    { requestId: record.requestId },
  );
  return appended.index;
}
