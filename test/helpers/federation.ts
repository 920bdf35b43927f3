import { loadFederated } from '../../src/core/federated.ts';
import { draftApplication, sealApplication } from '../../src/core/federation/application.ts';
import { openDecision } from '../../src/core/federation/decision.ts';
import type { Identity } from '../../src/core/federation/identity.ts';
import { idCheckCharacter } from '../../src/core/federation/identity.ts';
import { asJson } from '../../src/core/federation/read.ts';
import { parseRoster, type Roster } from '../../src/core/federation/roster.ts';
import {
  loadSuite,
  type PartyKeys,
  partyKeys,
  type SuiteName,
} from '../../src/core/federation/suite.ts';
import { loadGm } from '../../src/core/gm.ts';
import type { Caller } from '../../src/domain/actor.ts';
import { CinnabarError } from '../../src/domain/errors.ts';
import {
  type CoordinatorDeps,
  coordinate,
  type NewScoring,
} from '../../src/domain/federation/coordinate.ts';
import {
  type DecisionDeps,
  decideRequest,
  type Explanation,
} from '../../src/domain/federation/decide.ts';
import { messageJson, PartyRefusal, refusalOf } from '../../src/domain/federation/messages.ts';
import { parseModel } from '../../src/domain/federation/model.ts';
import {
  type NodeDeps,
  openRequest,
  type PartModel,
  settleRequest,
} from '../../src/domain/federation/node.ts';
import { openFederation, pairKeysOf } from '../../src/domain/federation/parties.ts';
import { peopleKeys, referTo } from '../../src/domain/federation/people.ts';
import { referencePolicy } from '../../src/domain/federation/policy.ts';
import {
  decideScoringPolicy,
  proposeScoringPolicy,
  type ScoringPolicy,
  scoringPolicyInForce,
} from '../../src/domain/federation/scoring-policy.ts';
import type { Parties, ScoringRequest } from '../../src/domain/federation/scoring-request.ts';
import type { RequestedSettings } from '../../src/domain/federation/settings.ts';
import type { SettingsStatement } from '../../src/domain/federation/statement.ts';
import type { EdgeFederation } from '../../src/edge/deps.ts';
import { base64urlText } from '../../src/lib/base64url.ts';
import { memoryAuditLog } from '../../src/platform/memory/audit-log.ts';
import {
  memoryBoard,
  memoryDecisionStore,
  memoryNodeStore,
  memoryScoringStore,
} from '../../src/platform/memory/federation.ts';
import { memoryLedger } from '../../src/platform/memory/ledger.ts';
import { memoryRowStore } from '../../src/platform/memory/row-store.ts';
import sampleModel from '../../src/workers/sample/model.json' with { type: 'json' };
import { seededRandom, tickingClock } from './time-and-chance.ts';

const nodeIds = ['bank', 'operator', 'registry', 'insurer', 'utility'] as const;
const consortium = new Uint8Array(32).fill(77);
const secretOf = (index: number) => new Uint8Array(32).fill(index + 1);

/** A person of the tests; the region 99 belongs to nobody. */
export function samplePerson(index: number): Identity {
  const serial = String(index).padStart(3, '0');
  const digits = `99000019810203${serial}`;
  return {
    name: `试${String.fromCodePoint(0x4e00 + index)}`,
    idNumber: digits + idCheckCharacter(digits),
    phone: `1200${String(index).padStart(7, '0')}`,
  };
}

const wholePart = 'whole-points';

/** One feature whose bin is worth that many whole log-odds, and less than that of doubt. */
function wholePoints(): PartModel {
  return {
    commitment: wholePart,
    absent: 0n,
    scoreRow([bin = 0]) {
      const logOdds = bin - 8;
      const band = logOdds < 0 ? 'helps' : logOdds > 0 ? 'hurts' : 'neutral';
      return {
        score: BigInt(logOdds) << 20n,
        band,
        reasons: logOdds > 0 ? ['payments_late'] : [],
      };
    },
  };
}

export const requested: RequestedSettings = {
  role: 'checker',
  permissions: ['view', 'make', 'check'],
  limits: [{ channel: 'online', currency: 'CNY', single: '5000000', daily: '20000000', count: 20 }],
};

export const caller: Caller = {
  actor: { id: 'customer-1', tenant: 'bank-a', branch: '0102', roles: ['customer'], name: '陈' },
  requestId: 'request-1',
};

export interface FederationOptions {
  readonly n?: number;
  readonly suite?: SuiteName;
  /** Stands between the coordinator and the parties. */
  readonly between?: (parties: Parties) => Parties;
  readonly runByDecision?: readonly string[];
  /** A roster and secrets that were made elsewhere. */
  readonly given?: {
    readonly roster: Roster;
    readonly consortium: Uint8Array;
    secretOf(id: string): Uint8Array;
  };
}

/** A whole federation in memory: nodes, decision service, coordinator, each with its own keys. */
export async function startFederation(options: FederationOptions = {}) {
  const { given, between = (parties) => parties, runByDecision = [] } = options;
  const ids = given?.roster.nodes.map(({ id }) => id) ?? nodeIds.slice(0, options.n ?? 3);
  const keyOf = (id: string, i: number) => given?.secretOf(id) ?? secretOf(i);
  const suite = await loadSuite(given?.roster.suite ?? options.suite ?? 'x25519');
  const [gm, federated] = [await loadGm(), await loadFederated()];
  const clock = tickingClock();
  const random = seededRandom(11);
  const keys = ids.map((id, i) => partyKeys(suite, id, keyOf(id, i)));
  const decisionKeys = partyKeys(suite, 'decision', keyOf('decision', 99));
  const publicOf = ({ id, box, sign }: PartyKeys) => ({
    id,
    name: { zh: `节点 ${id}`, en: `Node ${id}` },
    boxKey: base64urlText(box.publicKey),
    signKey: base64urlText(sign.publicKey),
  });
  const ownRoster = () => ({
    v: 1,
    name: 'test',
    suite: suite.name,
    modelHash: sampleModel.hash,
    threshold: ids.length - 1,
    nodes: keys.map((own) => ({
      ...publicOf(own),
      part: own.id,
      mandatory: own.id === 'operator',
      provesIdentity: own.id !== 'operator',
      meanScore: 0,
      runByDecision: runByDecision.includes(own.id),
    })),
    decision: publicOf(decisionKeys),
  });
  const roster: Roster = parseRoster(given?.roster ?? ownRoster());
  const federation = openFederation(roster, suite);
  const nodes = new Map<string, NodeDeps>(
    keys.map((own, i) => [
      own.id,
      {
        clock,
        random,
        federation,
        keys: own,
        pairKeys: pairKeysOf(federation, own),
        people: peopleKeys(given?.consortium ?? consortium, keyOf(own.id, i)),
        model: wholePoints(),
        store: memoryNodeStore(),
        gm,
        federated,
      },
    ]),
  );
  const decision: DecisionDeps = {
    clock,
    random,
    federation,
    keys: decisionKeys,
    scale: {
      pdMicros: (score) => Math.round(federated.sigmoid(Number(score) / 2 ** 20) * 1_000_000),
      meanOf: () => 0n,
    },
    policy: referencePolicy,
    store: memoryDecisionStore(),
    federated,
  };
  const seen: string[] = [];
  const parties = between(partiesOf(nodes, decision, seen));
  const coordinator: CoordinatorDeps = {
    clock,
    random,
    audit: memoryAuditLog(clock),
    ledger: memoryLedger(clock),
    federation,
    parties,
    requests: memoryScoringStore(),
    board: memoryBoard(),
    policyRows: memoryRowStore(),
    policy: referencePolicy,
    model: async () => parseModel(sampleModel),
  };

  /** Files a person with a node, whose feature says so many log-odds. */
  async function file(node: string, person: Identity, logOdds: number, sanctioned = false) {
    const deps = nodes.get(node);
    if (!deps) throw new Error(`no node ${node}`);
    const { pid, nameTag, phoneTag } = referTo(gm, deps.people, person);
    const bins = Uint8Array.of(logOdds + 8);
    await deps.store.putPeople([{ pid, bins, binnedBy: wholePart, nameTag, phoneTag, sanctioned }]);
  }

  async function fileEverywhere(person: Identity, logOdds: number) {
    for (const id of nodes.keys()) await file(id, person, logOdds);
  }

  function apply(identity: Identity, change: { ttlMs?: number; subjectKeySha256?: string } = {}) {
    const draft = draftApplication(suite, {
      roster,
      identity,
      requested: asJson(requested),
      nowMs: clock.now(),
      ttlMs: 600_000,
      ...change,
    });
    return { draft, ...sealApplication(suite, draft) };
  }

  type Applied = ReturnType<typeof apply>;

  function score(applied: Applied, more: Partial<NewScoring> = {}, by = caller) {
    const { consent, boxes } = applied;
    return coordinate(coordinator, by, { consent, boxes, ...more });
  }

  function openSigned(applied: Applied, { outcome }: ScoringRequest) {
    const { replyKeys, consent } = applied.draft;
    const box = outcome?.decision ?? new Uint8Array();
    const opened = openDecision(suite, roster, replyKeys, consent.requestId, box);
    if (!opened) throw new Error('the decision does not open');
    return opened;
  }

  /** What the applicant reads. */
  function open(applied: Applied, request: ScoringRequest) {
    const opened = openSigned(applied, request);
    // Made by `decideRequest`, and authenticated.
    return {
      statement: opened.statement as unknown as SettingsStatement,
      explanation: opened.explanation as unknown as Explanation,
    };
  }

  async function decisionFor(applied: Applied) {
    const request = await score(applied);
    return { request, ...open(applied, request) };
  }

  return {
    suite,
    clock,
    roster,
    federation,
    nodes,
    decision,
    coordinator,
    seen,
    file,
    fileEverywhere,
    apply,
    score,
    open,
    openSigned,
    decisionFor,
  };
}

/** What a refusal says; `undefined` when there was none. Anything else is thrown on. */
export const problemOf = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: unknown) => {
      if (!(error instanceof CinnabarError)) throw error;
      return { code: error.code, fields: error.fields };
    },
  );

let changes = 0;

/** Has two people change what rules the caller's institution; version of what is in force then. */
export async function rulePolicy(
  coordinator: CoordinatorDeps,
  change: (policy: ScoringPolicy) => Partial<ScoringPolicy>,
  by: Caller = caller,
): Promise<number> {
  const { tenant } = by.actor;
  const { version, policy } = await scoringPolicyInForce(coordinator, tenant);
  changes += 1;
  const id = `change-${changes}`;
  const next = { ...policy, ...change(policy) };
  const reason = 'test';
  await proposeScoringPolicy(coordinator, by, { id, policy: next, baseVersion: version, reason });
  const checker = { ...by, actor: { ...by.actor, id: `${by.actor.id}-checker` } };
  await decideScoringPolicy(coordinator, checker, { id, decision: 'approve', reason });
  return (await scoringPolicyInForce(coordinator, tenant)).version;
}

export type TestFederation = Awaited<ReturnType<typeof startFederation>>;

/** The parties in one process. Everything that crosses is written down as a network would see it. */
function partiesOf(
  nodes: ReadonlyMap<string, NodeDeps>,
  decision: DecisionDeps,
  seen: string[],
): Parties {
  const nodeOf = (id: string) => {
    const found = nodes.get(id);
    if (!found) throw new CinnabarError('federation_unavailable');
    return found;
  };
  async function answered<T extends object>(message: object, act: () => Promise<T>): Promise<T> {
    seen.push(messageJson(message));
    try {
      const reply = await act();
      seen.push(messageJson(reply));
      return reply;
    } catch (error) {
      const code = refusalOf(error);
      throw code ? new PartyRefusal(code) : error;
    }
  }
  return {
    open: (id, message) => answered(message, () => openRequest(nodeOf(id), message)),
    settle: (id, message) => answered(message, () => settleRequest(nodeOf(id), message)),
    decide: (message) => answered(message, () => decideRequest(decision, message)),
    alive: async () => ({ modelHash: decision.federation.roster.modelHash }),
  };
}

let shared: Promise<TestFederation> | undefined;

/** A federation for a service in memory: parties are shared, what is kept of requests is not. */
export async function memoryFederation(): Promise<EdgeFederation> {
  shared ??= startFederation();
  const { federation, coordinator } = await shared;
  return {
    federation,
    parties: coordinator.parties,
    requests: memoryScoringStore(),
    board: memoryBoard(),
    policyRows: memoryRowStore(),
    healthRows: memoryRowStore(),
    trainingRows: memoryRowStore(),
    policy: referencePolicy,
    model: async () => parseModel(sampleModel),
  };
}
