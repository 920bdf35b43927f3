import { CinnabarError } from '../errors.ts';
import type { Clock, Random } from '../ports.ts';
import type { GuardFacts } from './backup.ts';
import type { KeyRecord, KeyState, Protection } from './keys.ts';
import type { ChipView } from './placement.ts';
import type { Cells, Chip, Waits } from './ports.ts';
import type { UseRate } from './rates.ts';
import type { ChipTools } from './tools.ts';
import type { Incarnation, KeyKind, KeyName } from './types.ts';
import { definitionOf } from './uses.ts';
import type { ChipVault } from './wrapping.ts';

/** What the guards ask of the directory of the cluster. */
export interface DirectoryCalls {
  view(): Promise<readonly ChipView[]>;
  /** A chip did not do what it should; the directory looks for itself. */
  report(chip: string, fault: string): Promise<void>;
  /**
   * Which chips hold a key now, and which must still forget it. Of a key that was revoked, the
   * epoch of its end: backups say that it is gone.
   */
  track(
    name: KeyName,
    holders: readonly string[],
    wipes: readonly string[],
    endEpoch?: number,
  ): Promise<void>;
}

export interface GuardDeps {
  readonly cells: Cells;
  readonly vault: ChipVault;
  readonly tools: ChipTools;
  readonly clock: Clock;
  readonly random: Random;
  readonly waits: Waits;
  readonly directory: DirectoryCalls;
  readonly chip: (chip: string) => Chip;
  /** How often the key may be used; `keyRateDefault` if left out. */
  readonly keyRate?: UseRate;
  /** The cluster waits for its keys from a backup: no others are made. */
  readonly awaitsRestore?: boolean;
}

/** A chip that proved to hold the key. */
export interface Replica {
  readonly chip: string;
  readonly zone: string;
  readonly protection: Protection;
  readonly publicKeyHex: string;
  readonly incarnation: Incarnation;
  /** The highest position in its log that a receipt named, -1 before the first. */
  readonly sequence: number;
}

export interface GuardState {
  readonly kind: KeyKind;
  readonly owner: string | null;
  readonly state: KeyState;
  readonly publicKey: Uint8Array;
  readonly epoch: number;
  readonly replicas: readonly Replica[];
  /** Chips that must still forget the key. */
  readonly wipes: readonly string[];
  readonly createdAtMs: number;
  /** Of a two-party share: the epochs that answer. */
  readonly shareEpochs: readonly number[];
  /** The refresh that is not committed yet: its session, and the chip that has the new share. */
  readonly refresh?: { readonly sessionId: string; readonly chip: string };
  /** The epoch that a backup brought back, and the one that it became. */
  readonly restored?: { readonly from: number; readonly to: number };
}

/** One request by its id. The result is encrypted for this guard. */
export interface StoredRequest {
  readonly hashHex: string;
  readonly atMs: number;
  readonly result?: Uint8Array;
}

/** The serial state of one key. Every method is synchronous: nothing happens in between. */
export interface GuardMemory {
  current(): GuardState | undefined;
  /** @throws CinnabarError `key_not_found` */
  known(): GuardState;
  change(state: GuardState): GuardState;
  /**
   * Binds the id to what was asked for first.
   *
   * @throws CinnabarError `key_id_taken` for anything else
   */
  claim(kind: KeyKind): void;
  nextTicket(): number;
  request(id: string): StoredRequest | undefined;
  putRequest(id: string, request: StoredRequest): void;
  dropRequest(id: string): void;
  /** Uses that were given out and not given back, by the name of what is counted. */
  count(what: string): number;
  addCount(what: string, by: 1 | -1): void;
  /** The last ticket and all counts, to be taken up where the storage of this object is lost. */
  figures(): Pick<GuardFacts, 'ticket' | 'counts'>;
  takeUp(figures: Pick<GuardFacts, 'ticket' | 'counts'>): void;
}

/** How long a request id is remembered. Longer than anything lives that could bring it back. */
export const requestLifeMs = 24 * 60 * 60 * 1000;
/** Old requests forgotten with each new one: more than one, so that there are never many. */
const forgottenAtOnce = 2;
const timeDigits = 14;

export function guardMemory({ cells, clock }: Pick<GuardDeps, 'cells' | 'clock'>): GuardMemory {
  function current(): GuardState | undefined {
    return cells.get('state') as GuardState | undefined;
  }

  function forgetOld(nowMs: number): void {
    for (const [cell, id] of [...cells.list('when:', forgottenAtOnce)]) {
      if (Number(cell.slice(5, 5 + timeDigits)) > nowMs - requestLifeMs) return;
      cells.delete(cell);
      cells.delete(`request:${id}`);
    }
  }

  return {
    current,
    known() {
      const state = current();
      if (!state) throw new CinnabarError('key_not_found');
      return state;
    },
    change(state) {
      cells.put('state', state);
      return state;
    },
    claim(kind) {
      const definition = definitionOf(kind);
      const state = current();
      const first = cells.get('claim');
      // Of a key from a backup, or of before ids were bound, the grants may have changed since.
      const isKnown =
        first === undefined
          ? !state || definitionOf(lasting(state.kind)) === definitionOf(lasting(kind))
          : first === definition;
      if (!isKnown) throw new CinnabarError('key_id_taken');
      cells.put('claim', definition);
    },
    nextTicket() {
      const last = cells.get('ticket');
      const number = (typeof last === 'number' ? last : 0) + 1;
      cells.put('ticket', number);
      return number;
    },
    request: (id) => cells.get(`request:${id}`) as StoredRequest | undefined,
    putRequest(id, request) {
      if (cells.get(`request:${id}`) === undefined) {
        forgetOld(clock.now());
        cells.put(whenCell(id, request.atMs), id);
      }
      cells.put(`request:${id}`, request);
    },
    dropRequest(id) {
      const known = cells.get(`request:${id}`) as StoredRequest | undefined;
      if (known) cells.delete(whenCell(id, known.atMs));
      cells.delete(`request:${id}`);
    },
    count(what) {
      const value = cells.get(`count:${what}`);
      return typeof value === 'number' ? value : 0;
    },
    addCount(what, by) {
      cells.put(`count:${what}`, this.count(what) + by);
    },
    figures() {
      const ticket = cells.get('ticket');
      const counts = [...cells.list('count:')].map(([cell, value]) => [cell.slice(6), value]);
      return {
        ticket: typeof ticket === 'number' ? ticket : 0,
        counts: Object.fromEntries(counts),
      };
    },
    takeUp({ ticket, counts }) {
      cells.put('ticket', Math.max(ticket, this.figures().ticket));
      for (const [what, value] of Object.entries(counts)) cells.put(`count:${what}`, value);
    },
  };
}

/** What nobody can change about a key. */
function lasting({ policy, ...kind }: KeyKind): KeyKind {
  const { grantsHashHex: _grants, officers: _officers, ...rest } = policy;
  return { ...kind, policy: rest };
}

function whenCell(id: string, atMs: number): string {
  return `when:${String(atMs).padStart(timeDigits, '0')}:${id}`;
}

/** What callers hear of a key. */
export function recordOf(state: GuardState): KeyRecord {
  const { kind, owner, publicKey, replicas, epoch, createdAtMs } = state;
  const { algorithm } = kind;
  if (algorithm === 'sm2-share' || algorithm === 'wrapping')
    throw new CinnabarError('key_not_found');
  return {
    tenant: kind.tenant,
    id: kind.keyId,
    algorithm,
    uses: kind.uses,
    owner,
    publicKey,
    state: state.state,
    protection: weakest(replicas),
    replicas: replicas.map(({ chip }) => chip),
    epoch,
    createdAtMs,
    policy: kind.policy,
  };
}

/** A key is protected as well as in the chip that protects it least. */
function weakest(replicas: readonly Replica[]): Protection {
  const levels = new Set(replicas.map(({ protection }) => protection));
  if (levels.has('software') || levels.size === 0) return 'software';
  return levels.has('hsm-wrapped') ? 'hsm-wrapped' : 'hsm';
}
