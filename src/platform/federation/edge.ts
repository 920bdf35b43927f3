import { CinnabarError } from '../../domain/errors.ts';
import type { HealthRows } from '../../domain/federation/health.ts';
import { type FederatedModel, parseModel } from '../../domain/federation/model.ts';
import { referencePolicy } from '../../domain/federation/policy.ts';
import type { ProgressBoard } from '../../domain/federation/progress.ts';
import type { ScoringPolicyRows } from '../../domain/federation/scoring-policy.ts';
import type { TrainingRows } from '../../domain/federation/training-runs.ts';
import type { RowStore } from '../../domain/row-store.ts';
import { boundedText } from '../bounded-body.ts';
import { d1ScoringStore } from '../d1/scoring-store.ts';
import { modelBytesMax } from './answer.ts';
import { federationOf } from './configuration.ts';
import { type PartyDoor, remoteParties } from './parties.ts';

/** What the edge is given to reach a federation; docs/operations.md describes it. */
export interface FederationBindings {
  /** Absent where there is no federation. */
  readonly FEDERATION_ROSTER?: string;
  /** Milliseconds for one step of one party; each is tried twice. */
  readonly FEDERATION_DEADLINE_MS?: string;
  /** Addresses of parties elsewhere, as JSON from id to URL. */
  readonly FEDERATION_URLS?: string;
  readonly DECISION?: Fetcher;
  /** `NODE_<ID>` is the service binding of a node. */
  readonly [node: `NODE_${string}`]: Fetcher | undefined;
}

/** Where the edge keeps what belongs to its federation. */
interface EdgeStores {
  readonly db: D1Database;
  readonly board: ProgressBoard;
  readonly policyRows: RowStore<ScoringPolicyRows>;
  readonly healthRows: RowStore<HealthRows>;
  readonly trainingRows: RowStore<TrainingRows>;
}

const defaultDeadlineMs = 800;

/** The federation that the bindings describe, if they do. */
export async function edgeFederation(bindings: FederationBindings, { db, ...kept }: EdgeStores) {
  if (!bindings.FEDERATION_ROSTER) return undefined;
  const federation = await federationOf(bindings.FEDERATION_ROSTER);
  const decisionId = federation.roster.decision.id;
  const urls = JSON.parse(bindings.FEDERATION_URLS ?? '{}') as Readonly<Record<string, string>>;
  const doorOf = (party: string): PartyDoor | undefined => {
    const name = `NODE_${party.toUpperCase().replaceAll('-', '_')}` as const;
    const fetcher = party === decisionId ? bindings.DECISION : bindings[name];
    const url = urls[party];
    // A party that moved elsewhere may still be bound.
    if (url !== undefined) return (path, init) => fetch(`${url}${path}`, init);
    return fetcher && ((path, init) => fetcher.fetch(`https://party${path}`, init));
  };
  const deadlineMs = Number(bindings.FEDERATION_DEADLINE_MS ?? defaultDeadlineMs);
  return {
    federation,
    parties: remoteParties(doorOf, decisionId, deadlineMs),
    requests: d1ScoringStore(db),
    ...kept,
    policy: referencePolicy,
    model: () => publicModel(doorOf(decisionId)),
  };
}

async function publicModel(door: PartyDoor | undefined): Promise<FederatedModel> {
  try {
    const response = await door?.('/model', { method: 'GET', redirect: 'manual' });
    if (response?.status !== 200) throw new TypeError(`a party answered ${response?.status}`);
    const text = await boundedText(response, modelBytesMax);
    if (text === undefined) throw new TypeError('a party answered too much');
    return parseModel(JSON.parse(text));
  } catch (cause) {
    throw new CinnabarError('federation_unavailable', { cause });
  }
}
