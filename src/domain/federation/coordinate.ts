import {
  type ConsentFault,
  consentFault,
  type SignedConsent,
} from '../../core/federation/consent.ts';
import { jsonHash } from '../../core/federation/envelope.ts';
import { asJson } from '../../core/federation/read.ts';
import { instantText } from '../../lib/time.ts';
import type { Actor, Caller } from '../actor.ts';
import type { AuditLog } from '../audit/ports.ts';
import { audited } from '../audit/record.ts';
import { CinnabarError, type FieldError } from '../errors.ts';
import { type Announcing, announceOnce } from './announce.ts';
import { recordBytes } from './decide.ts';
import {
  type Addressed,
  type DecideMessage,
  type DecideReply,
  type OpenMessage,
  type OpenReply,
  PartyRefusal,
  type Refusal,
  type SettleMessage,
  type SettleReply,
} from './messages.ts';
import { type Federation, keysOfParty } from './parties.ts';
import type { PartySystem } from './ports.ts';
import { type ProgressBoard, progressFrame, progressOf } from './progress.ts';
import { areEnoughOutside, contributorsOf } from './rules.ts';
import type { Caps } from './settings.ts';
import { correctedPieceOf } from './sharing.ts';

/**
 * The parties, as the coordinator reaches them. Each call has the deadline of its step and is sent
 * a second time when no answer came; parties answer the same message alike.
 *
 * @throws PartyRefusal when the party says no, CinnabarError `federation_unavailable` when it does
 *   not answer in time or not in the expected form
 */
export interface Parties {
  open(node: string, message: OpenMessage): Promise<OpenReply>;
  settle(node: string, message: SettleMessage): Promise<SettleReply>;
  decide(message: DecideMessage): Promise<DecideReply>;
}

export const stages = ['open', 'settle', 'decide', 'record'] as const;
export type Stage = (typeof stages)[number];

export const nodeStates = ['waiting', 'opened', 'settled', 'lost', 'refused'] as const;
export type NodeState = (typeof nodeStates)[number];

/** How far a node has come with a request. */
export interface NodeProgress {
  readonly node: string;
  readonly state: NodeState;
  /** Why it refused. */
  readonly code?: Refusal;
}

export const requestStates = ['running', 'decided', 'failed'] as const;
export type RequestState = (typeof requestStates)[number];

/** A request as the coordinator keeps it: who asked, the consent, and boxes that it cannot open. */
export interface ScoringRequest {
  readonly tenant: string;
  readonly requestId: string;
  readonly requestedBy: string;
  readonly consent: SignedConsent;
  readonly state: RequestState;
  readonly stage: Stage;
  readonly nodes: readonly NodeProgress[];
  readonly contributors: readonly string[];
  readonly createdAtMs: number;
  /** The stage's error, when it failed. */
  readonly code?: string;
  /** When it is decided. */
  readonly outcome?: Outcome;
}

export interface Outcome {
  readonly decision: Uint8Array;
  readonly reasons: readonly Addressed[];
  readonly record: DecideReply['record'];
  readonly signature: Uint8Array;
  readonly ledgerIndex: number;
  readonly elapsedMs: number;
}

/** What one actor of a tenant may begin: so many requests from a moment on. */
export interface RequestLimit {
  readonly requestsMax: number;
  readonly sinceMs: number;
}

/** Throws CinnabarError `storage_unavailable` when it does not answer. */
export interface ScoringStore {
  /**
   * Keeps a new request if its actor has begun fewer than the limit. One atomic step: of any number
   * at the same time no more than the limit begin.
   *
   * @throws CinnabarError `rate_limited` at the limit, `federation_request_used` when the request id
   *   was seen before
   */
  begin(request: ScoringRequest, limit: RequestLimit): Promise<void>;
  save(request: ScoringRequest): Promise<void>;
  find(tenant: string, requestId: string): Promise<ScoringRequest | undefined>;
  /** What the institution allows its people at most. */
  findCaps(tenant: string): Promise<Caps | undefined>;
  putCaps(
    tenant: string,
    caps: Caps,
    change: { readonly by: string; readonly atMs: number },
  ): Promise<void>;
}

export interface CoordinatorDeps extends PartySystem, Announcing {
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

/** Applications of one actor in an hour: a model can be read off by many chosen queries (rule R4). */
export const requestsPerHourMax = 60;
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
  const operation = {
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
    const limit = { requestsMax: requestsPerHourMax, sinceMs: begunMs - hourMs };
    await deps.requests.begin(request, limit);
    const run = trackedRun(deps, request);
    try {
      return await carry(deps, scoring, run, begunMs);
    } catch (error) {
      const code = error instanceof CinnabarError ? error.code : 'internal';
      await run.save({ state: 'failed', code });
      throw error;
    } finally {
      await run.told();
    }
  });
}

/** Sets what the institution allows at most; it holds from the next decision on. */
export async function setCaps(
  deps: Pick<CoordinatorDeps, 'requests' | 'audit' | 'clock'>,
  caller: Caller,
  caps: Caps,
): Promise<void> {
  const { tenant, id } = caller.actor;
  const operation = {
    action: 'federation.caps',
    subject: `tenant:${tenant}`,
    detail: { capsSha256: jsonHash(asJson(caps)) },
  };
  await audited(deps.audit, caller, operation, () =>
    deps.requests.putCaps(tenant, caps, { by: id, atMs: deps.clock.now() }),
  );
}

/** A customer sees its own requests; to it, others were never made. @throws CinnabarError `federation_request_not_found` */
export async function getScoring(
  deps: Pick<CoordinatorDeps, 'requests'>,
  { tenant, id, roles }: Actor,
  requestId: string,
): Promise<ScoringRequest> {
  const found = await deps.requests.find(tenant, requestId);
  const isHidden = roles.every((role) => role === 'customer') && found?.requestedBy !== id;
  if (!found || isHidden) throw new CinnabarError('federation_request_not_found');
  return found;
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

/**
 * How far a request has come, then every change of it, as events; ends when the request has. Who may
 * see the request may watch it.
 *
 * @throws CinnabarError `federation_request_not_found`
 */
export async function watchScoring(
  deps: Pick<CoordinatorDeps, 'requests' | 'board'>,
  actor: Actor,
  requestId: string,
): Promise<ReadableStream<Uint8Array>> {
  await getScoring(deps, actor, requestId);
  // First the ear, then the look: nothing falls between the two.
  const later = await deps.board.watch(actor.tenant, requestId);
  const found = await getScoring(deps, actor, requestId);
  const now = progressFrame(progressOf(found));
  if (found.state === 'running') return follow(now, later);
  await later.cancel();
  return follow(now);
}

/** One chunk and then a stream. */
function follow(first: Uint8Array, then?: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
  const reader = then?.getReader();
  return new ReadableStream({
    start(controller) {
      controller.enqueue(first);
      if (!reader) controller.close();
    },
    async pull(controller) {
      const { done, value } = (await reader?.read()) ?? { done: true };
      if (done || !value) controller.close();
      else controller.enqueue(value);
    },
    cancel: (reason) => reader?.cancel(reason),
  });
}

/** The request as it goes on, its stored form in step, and what is told of it. */
function trackedRun(deps: CoordinatorDeps, first: ScoringRequest) {
  let request = first;
  const telling: Promise<void>[] = [];
  const tell = () => void telling.push(deps.board.tell(request.tenant, progressOf(request)));
  return {
    get request() {
      return request;
    },
    async save(change: Partial<ScoringRequest>): Promise<ScoringRequest> {
      request = { ...request, ...change };
      await deps.requests.save(request);
      tell();
      return request;
    },
    mark(node: string, state: NodeState, code?: Refusal): void {
      const progress = { node, state, ...(code === undefined ? {} : { code }) };
      const nodes = request.nodes.map((known) => (known.node === node ? progress : known));
      request = { ...request, nodes };
      tell();
    },
    /** Everything that was to be told is on its way. */
    async told(): Promise<void> {
      await Promise.all(telling);
    },
  };
}

type Run = ReturnType<typeof trackedRun>;

async function carry(
  deps: CoordinatorDeps,
  scoring: NewScoring,
  run: Run,
  begunMs: number,
): Promise<ScoringRequest> {
  const opened = await openAll(deps, scoring, run);
  const contributors = listContributors(deps.federation, run, opened);
  await run.save({ stage: 'settle', contributors });
  const reports = await settleAll(deps, run, opened, contributors);
  await run.save({ stage: 'decide' });
  const reply = await decide(deps, scoring, run, { opened, contributors, reports });
  await run.save({ stage: 'record' });
  const ledgerIndex = await recordDecision(deps, reply);
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

/** What a node answered, with its progress noted; `undefined` when it is lost or refuses. */
async function answerOf<T>(
  run: Run,
  node: string,
  state: NodeState,
  answer: Promise<T>,
): Promise<T | undefined> {
  try {
    const reply = await answer;
    run.mark(node, state);
    return reply;
  } catch (error) {
    if (error instanceof PartyRefusal) run.mark(node, 'refused', error.code);
    else if (error instanceof CinnabarError) run.mark(node, 'lost');
    else throw error;
    return undefined;
  }
}

function assertEnough(federation: Federation, run: Run, count: number, stage: Stage): void {
  if (count >= federation.sharing.t) return;
  const fields = missedAt(run, stage);
  const isRefusal = run.request.nodes.some(({ state }) => state === 'refused');
  throw new CinnabarError(isRefusal ? 'federation_refused' : 'federation_unavailable', { fields });
}

/** The nodes that are lost or refuse, each with its reason. */
function missedAt(run: Run, stage: Stage): FieldError[] {
  return run.request.nodes.flatMap(({ node, state, code }) =>
    state === 'lost' || state === 'refused'
      ? [{ pointer: `/${stage}/${node}`, code: code ?? 'no_answer' }]
      : [],
  );
}

/** Why rule R3 does not hold: nodes that are missed, that sent no pieces, or the roster itself. */
function tooFewOutside(
  run: Run,
  opened: ReadonlyMap<string, OpenReply>,
  contributors: readonly string[],
): CinnabarError {
  const missed = missedAt(run, 'open');
  const code = 'contributors_invalid';
  const silent = [...opened.keys()]
    .filter((node) => !contributors.includes(node))
    .map((node) => ({ pointer: `/open/${node}`, code }));
  const fields = [...missed, ...silent];
  // Those that did not answer may do so the next time; all else stays as it is.
  const isOutage = fields.length > 0 && fields.every((field) => field.code === 'no_answer');
  return new CinnabarError(isOutage ? 'federation_unavailable' : 'federation_refused', {
    fields: fields.length > 0 ? fields : [{ pointer: '/open', code }],
  });
}

/** U, by rule R3 and the nodes that hold the pieces. */
function listContributors(
  federation: Federation,
  run: Run,
  opened: ReadonlyMap<string, OpenReply>,
): readonly string[] {
  const { roster, sharing } = federation;
  const idOf = (index: number) => roster.nodes[index]?.id ?? '';
  const receipts = new Map<number, ReadonlySet<number>>();
  for (const [index, { id }] of roster.nodes.entries()) {
    if (!opened.has(id)) continue;
    const senders = roster.nodes.flatMap((sender, at) =>
      opened.get(sender.id)?.pieces.some(({ party }) => party === id) ? [at] : [],
    );
    receipts.set(index, new Set(senders));
  }
  const contributors = contributorsOf(sharing, receipts).filter((index) => {
    const { holders } = correctedPieceOf(sharing, index);
    return opened.has(idOf(index)) && holders.some((holder) => opened.has(idOf(holder)));
  });
  const atDecision = roster.nodes.flatMap(({ runByDecision }, i) => (runByDecision ? [i] : []));
  const list = contributors.map(idOf);
  if (!areEnoughOutside(contributors, atDecision)) throw tooFewOutside(run, opened, list);
  return list;
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
  { federation, parties, requests }: CoordinatorDeps,
  { boxes }: NewScoring,
  { request }: Run,
  got: {
    readonly opened: ReadonlyMap<string, OpenReply>;
    readonly contributors: readonly string[];
    readonly reports: readonly Addressed[];
  },
): Promise<DecideReply> {
  const { id } = federation.roster.decision;
  const caps = await requests.findCaps(request.tenant);
  const statements = [...got.opened].map(([party, { statement }]) => ({ party, box: statement }));
  try {
    return await parties.decide({
      requestId: request.requestId,
      box: boxes.find(({ party }) => party === id)?.box ?? new Uint8Array(),
      contributors: got.contributors,
      statements,
      reports: got.reports,
      ...(caps ? { caps } : {}),
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
): Promise<number> {
  const { federation, ledger, clock } = deps;
  const { signKey } = keysOfParty(federation, federation.roster.decision.id);
  if (!federation.suite.verify(signKey, recordBytes(record), signature)) {
    throw new CinnabarError('federation_inconsistent');
  }
  await announceOnce(deps, record);
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
