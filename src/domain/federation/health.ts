import { instantText } from '../../lib/time.ts';
import { CinnabarError } from '../errors.ts';
import type { Clock } from '../ports.ts';
import { changed, type Row, type RowStore, settleRows } from '../row-store.ts';
import type { Federation } from './parties.ts';
import type { Parties } from './scoring-request.ts';

/**
 * How a party is outside any request: `up`, answering and with the model of the roster;
 * `other_model`, answering and no use until it has that model; `down`, no answer in time.
 */
export const partyStates = ['up', 'other_model', 'down'] as const;
export type PartyState = (typeof partyStates)[number];

/** When a party last answered whether it lives, and with which model. */
export interface LastAnswer {
  readonly answeredAtMs: number;
  /** Hex; `null` before one was installed. */
  readonly modelHash: string | null;
}

export interface HealthRows {
  readonly party: LastAnswer & Row;
}

export interface PartyHealth {
  readonly party: string;
  readonly state: PartyState;
  /** Of this answer; absent when there was none. */
  readonly latencyMs?: number;
  readonly modelHash?: string | null;
  /** RFC 3339, of the newest answer that is known, which may be an earlier one. */
  readonly answeredAt?: string;
}

export interface HealthDeps {
  readonly clock: Clock;
  readonly federation: Pick<Federation, 'roster'>;
  readonly parties: Pick<Parties, 'alive'>;
  readonly healthRows: RowStore<HealthRows>;
}

/** Answers are common to all institutions, which share the parties. */
const everybody = 'federation';
/** A newer answer is written down when the last one is this old. */
const writeEveryMs = 30_000;

/** Asks every party whether it lives. Nothing of any person is asked for or told. */
export function federationHealth(deps: HealthDeps): Promise<readonly PartyHealth[]> {
  const { nodes, decision } = deps.federation.roster;
  return Promise.all([...nodes, decision].map(({ id }) => healthOf(deps, id)));
}

/**
 * That requests can be decided now: the decision service is up, and as many nodes as must report.
 *
 * @throws CinnabarError `federation_unavailable` when they cannot
 */
export async function assertDecides(
  deps: Pick<HealthDeps, 'federation' | 'parties'>,
): Promise<void> {
  const { nodes, decision, threshold, modelHash } = deps.federation.roster;
  const isUp = async ({ id }: { readonly id: string }) =>
    (await deps.parties.alive(id)).modelHash === modelHash;
  const answers = await Promise.allSettled([decision, ...nodes].map(isUp));
  const [decides, ...others] = answers.map((one) => one.status === 'fulfilled' && one.value);
  const isEnough = others.filter(Boolean).length >= threshold;
  if (!decides || !isEnough) throw new CinnabarError('federation_unavailable');
}

async function healthOf(deps: HealthDeps, party: string): Promise<PartyHealth> {
  const known = await deps.healthRows.find(everybody, 'party', party);
  const askedAtMs = deps.clock.now();
  try {
    const { modelHash } = await deps.parties.alive(party);
    const answeredAtMs = deps.clock.now();
    const isNews = known?.modelHash !== modelHash;
    if (!known || isNews || answeredAtMs - known.answeredAtMs >= writeEveryMs) {
      await remember(deps, party, { answeredAtMs, modelHash });
    }
    return {
      party,
      state: modelHash === deps.federation.roster.modelHash ? 'up' : 'other_model',
      latencyMs: answeredAtMs - askedAtMs,
      modelHash,
      answeredAt: instantText(answeredAtMs),
    };
  } catch (error) {
    if (!(error instanceof CinnabarError)) throw error;
    const last = known && {
      modelHash: known.modelHash,
      answeredAt: instantText(known.answeredAtMs),
    };
    return { party, state: 'down', ...last };
  }
}

async function remember(deps: HealthDeps, party: string, answer: LastAnswer): Promise<void> {
  await settleRows(deps.healthRows, everybody, async () => {
    const known = await deps.healthRows.find(everybody, 'party', party);
    const first = { tenant: everybody, id: party, revision: 1, ...answer };
    const row = known ? changed(known, answer) : first;
    return {
      result: undefined,
      write: [{ kind: 'party', row, owner: party, parent: '', state: 'answered' }],
    };
  });
}
