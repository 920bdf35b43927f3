import { env } from 'cloudflare:workers';
import { beforeAll, describe, expect, test } from 'vitest';
import { loadFederated } from '../../src/core/federated.ts';
import { draftApplication, sealApplication } from '../../src/core/federation/application.ts';
import { openDecision } from '../../src/core/federation/decision.ts';
import { asJson } from '../../src/core/federation/read.ts';
import type { Caller } from '../../src/domain/actor.ts';
import { type CoordinatorDeps, coordinate } from '../../src/domain/federation/coordinate.ts';
import type { Explanation } from '../../src/domain/federation/decide.ts';
import { parseModel, parsePart } from '../../src/domain/federation/model.ts';
import { scaleOf } from '../../src/domain/federation/part.ts';
import { decideTier, referencePolicy } from '../../src/domain/federation/policy.ts';
import { samplePeopleFile, samplePerson } from '../../src/domain/federation/sample-people.ts';
import { partialScores } from '../../src/domain/federation/scoring.ts';
import type { SettingsStatement } from '../../src/domain/federation/statement.ts';
import { tableOf } from '../../src/domain/federation/table.ts';
import { parseCsv } from '../../src/lib/csv.ts';
import { d1ScoringStore } from '../../src/platform/d1/scoring-store.ts';
import { federationOf } from '../../src/platform/federation/configuration.ts';
import { type PartyDoor, remoteParties } from '../../src/platform/federation/parties.ts';
import { memoryAuditLog } from '../../src/platform/memory/audit-log.ts';
import { memoryBoard } from '../../src/platform/memory/federation.ts';
import { memoryLedger } from '../../src/platform/memory/ledger.ts';
import { memoryRowStore } from '../../src/platform/memory/row-store.ts';
import { systemClock, systemRandom } from '../../src/platform/system.ts';
import sampleModel from '../../src/workers/sample/model.json';
import bankPart from '../../src/workers/sample/model.part-A.json';
import operatorPart from '../../src/workers/sample/model.part-B.json';
import registryPart from '../../src/workers/sample/model.part-C.json';
import { requested } from '../helpers/federation.ts';

const nodes = ['bank', 'operator', 'registry'] as const;
const steps = ['open', 'settle'] as const;
/** Lost before the node hears of it, after it has answered, or heard twice. */
const mishaps = ['before', 'after', 'twice'] as const;
type Mishap = (typeof mishaps)[number];

const caller: Caller = {
  actor: { id: 'customer-losses', tenant: 'bank-a', branch: '1', roles: ['customer'], name: '陈' },
  requestId: 'request-losses',
};

/** A door with a mishap at one step; both attempts of the coordinator meet it. */
function mishapDoor(door: PartyDoor, step: string, mishap: Mishap): PartyDoor {
  return async (path, init) => {
    if (path !== `/${step}`) return door(path, init);
    if (mishap === 'before') throw new Error('the network is down');
    const answer = await door(path, init);
    if (mishap === 'twice') {
      await answer.arrayBuffer();
      return door(path, init);
    }
    await answer.arrayBuffer();
    throw new Error('the answer was lost');
  };
}

async function start() {
  const federation = await federationOf(env.FEDERATION_ROSTER);
  const federated = await loadFederated();
  const model = parseModel(sampleModel);
  const scale = scaleOf(federated, model, federation);
  const scores = [bankPart, operatorPart, registryPart].map((json, i) => {
    const table = tableOf(
      parseCsv(withPid(samplePeopleFile((['A', 'B', 'C'] as const)[i] ?? 'A'))),
    );
    return partialScores(federated, parsePart(json, model), table);
  });

  /** The tier by plain addition, for someone whose `lost` part is not there. */
  function oracle(index: number, lost: string | undefined) {
    const parts = nodes.map((id, i) =>
      id === lost ? scale.meanOf(id) : (scores[i]?.[index] ?? 0n),
    );
    const pd = scale.pdMicros(parts.reduce((sum, part) => sum + part, 0n));
    return decideTier(referencePolicy, pd, {
      identityProven: true,
      sanctionHit: false,
      consentValid: true,
      missingParts: lost === undefined ? 0 : 1,
      missingMandatoryParts: lost === 'operator' ? 1 : 0,
    }).tier;
  }

  async function score(index: number, node: string, step: string, mishap: Mishap) {
    const doorOf = (party: string): PartyDoor | undefined => {
      const name = `NODE_${party.toUpperCase()}` as const;
      const fetcher = party === 'decision' ? env.DECISION : env[name];
      if (!fetcher) return undefined;
      const door: PartyDoor = (path, init) => fetcher.fetch(`https://party${path}`, init);
      return party === node ? mishapDoor(door, step, mishap) : door;
    };
    const deps: CoordinatorDeps = {
      clock: systemClock,
      random: systemRandom,
      audit: memoryAuditLog(systemClock),
      ledger: memoryLedger(systemClock),
      federation,
      parties: remoteParties(doorOf, 'decision', 20_000),
      requests: d1ScoringStore(env.DB),
      board: memoryBoard(),
      policyRows: memoryRowStore(),
      policy: referencePolicy,
      model: async () => model,
    };
    const { suite, roster } = federation;
    const draft = draftApplication(suite, {
      roster,
      identity: samplePerson(index),
      requested: asJson(requested),
      nowMs: Date.now(),
      ttlMs: 600_000,
    });
    const { outcome } = await coordinate(deps, caller, sealApplication(suite, draft));
    const box = outcome?.decision ?? new Uint8Array();
    const opened = openDecision(suite, roster, draft.replyKeys, draft.consent.requestId, box);
    const statement = opened?.statement as unknown as SettingsStatement;
    const explanation = opened?.explanation as unknown as Explanation;
    return { tier: statement.settings.tier, contributors: explanation.contributors };
  }
  return { oracle, score };
}

/** The sample file without who they are, as a table of a party has it. */
function withPid(csv: string): string {
  const [header = '', ...rows] = csv.split('\n');
  const columns = (line: string) => line.split(',').slice(3).join(',');
  return [`pid,${columns(header)}`, ...rows.map((row, i) => `${i},${columns(row)}`)].join('\n');
}

const matrix = nodes.flatMap((node) =>
  steps.flatMap((step) => mishaps.map((mishap) => ({ node, step, mishap }))),
);

describe('R2: a node Worker that drops out, at every step', () => {
  let federation: Awaited<ReturnType<typeof start>>;
  beforeAll(async () => {
    federation = await start();
  });

  test.each(matrix.map((item, i) => ({ ...item, index: 30 + i })))(
    '$node, $step, $mishap: the exact tier of those who remain',
    async ({ node, step, mishap, index }) => {
      // What was lost before its pieces were spread is left out; later losses are not missed.
      const isOut = step === 'open' && mishap !== 'twice';
      const { tier, contributors } = await federation.score(index, node, step, mishap);
      expect(contributors).toEqual(nodes.filter((id) => !(isOut && id === node)));
      expect(tier).toBe(federation.oracle(index, isOut ? node : undefined));
    },
  );
});
