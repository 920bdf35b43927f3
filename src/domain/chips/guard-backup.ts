import { hexToBytes } from '@noble/hashes/utils.js';
import { CinnabarError } from '../errors.ts';
import { within } from './attempts.ts';
import {
  type BackupName,
  type GuardFacts,
  isKeyBackupBy,
  type KeyBackup,
  type Tombstone,
} from './backup.ts';
import { ChipFault } from './faults.ts';
import { type guardReplicas, replicaOf, sameBytes } from './guard-replicas.ts';
import type { GuardDeps, GuardMemory, GuardState, Replica } from './guard-state.ts';
import { type ChipView, placementOf, replicasLeast, replicasWanted } from './placement.ts';

interface BackupGuardParts {
  readonly deps: GuardDeps;
  readonly memory: GuardMemory;
  readonly replicas: ReturnType<typeof guardReplicas>;
}

/** Brings one key back: its record, and the chip that can open it. */
export interface RestoreOrder {
  readonly record: KeyBackup;
  readonly chip: string;
  /** Names the ceremony. */
  readonly ceremony: string;
}

/**
 * `restored`: in use again; `held`: chips hold the key, or may hold it still, so nothing was done;
 * `revoked`: it must not come back; `outdated`: the key has changed since the backup; `conflict`:
 * another key lives under this name; `elsewhere`: this chip may not hold it, another must open it.
 */
export const restoreOutcomes = [
  'restored',
  'held',
  'revoked',
  'outdated',
  'conflict',
  'elsewhere',
] as const;
export type RestoreOutcome = (typeof restoreOutcomes)[number];

const stepTimeoutMs = 4_000;

/** Backup and restore of one key, on its guard. */
export function backupGuard({ deps, memory, replicas }: BackupGuardParts) {
  const { directory, waits, chip } = deps;

  /** What a chip backs up is what stands here, or it is not taken. */
  async function backedUp(
    { chip: name, publicKeyHex: chipKeyHex }: Replica,
    backup: BackupName,
    state: GuardState,
  ): Promise<KeyBackup> {
    const { tenant, keyId } = state.kind;
    const facts = factsOf(state, memory);
    const order = { tenant, keyId, backup, facts };
    const record = await within(waits, stepTimeoutMs, chip(name).backup(order));
    const isAnswer =
      record.backup.id === backup.id &&
      record.key.tenant === tenant &&
      record.key.keyId === keyId &&
      sameBytes(hexToBytes(record.publicKeyHex), state.publicKey) &&
      isKeyBackupBy(deps.tools, chipKeyHex, record);
    if (!isAnswer) throw new ChipFault('wrong_answer');
    return record;
  }

  /** Whether a chip has the key, or may have it and just does not answer. */
  async function mayHold(replica: Replica, record: KeyBackup, views: readonly ChipView[]) {
    const view = views.find((known) => known.chip === replica.chip);
    if (view?.duty !== 'active' && view?.duty !== 'draining') return 'gone';
    try {
      return (await isSameKey(replica.chip, record)) ? 'same' : 'other';
    } catch (error) {
      if (error instanceof ChipFault && error.code === 'not_held') return 'gone';
      const isStorage = view.certificate.storageEpoch === replica.incarnation.storageEpoch;
      return isStorage && view.health !== 'out' ? 'same' : 'gone';
    }
  }

  /** The chip proves that what it holds is the key of the record. @throws ChipFault */
  async function isSameKey(name: string, { key, publicKeyHex, proof }: KeyBackup) {
    if (!proof) return replicas.proves(key, hexToBytes(publicKeyHex), name, name);
    const challenge = hexToBytes(proof.challengeHex);
    const answer = await within(waits, stepTimeoutMs, chip(name).prove(key, challenge));
    return sameBytes(answer, hexToBytes(proof.answerHex));
  }

  /** Why the key may not come back, if there is a reason. */
  async function refusal(
    record: KeyBackup,
    views: readonly ChipView[],
  ): Promise<Exclude<RestoreOutcome, 'restored' | 'elsewhere'> | undefined> {
    const before = memory.current();
    if (!before || before.state === 'new') return undefined;
    if (before.state === 'revoked') return 'revoked';
    if (!sameBytes(before.publicKey, hexToBytes(record.publicKeyHex))) return 'conflict';
    for (const replica of before.replicas) {
      const found = await mayHold(replica, record, views);
      if (found === 'same') return 'held';
      // Of a share or wrapping key, another secret under the name is a later one.
      if (found === 'other') return record.key.algorithm === 'wrapping' ? 'conflict' : 'outdated';
    }
    return isOfState(record.facts, before) ? undefined : 'outdated';
  }

  /** Three homes as placement wants them; the chip of the ceremony keeps the key only as one. */
  async function spread(home: string, placed: readonly ChipView[]): Promise<GuardState> {
    const homes = placed.slice(0, replicasWanted).map((view) => view.chip);
    const sources = memory.known().replicas;
    await replicas.grow(sources, homes.includes(home) ? sources : [], placed);
    const holders = memory.known().replicas.map((replica) => replica.chip);
    const kept = holders.filter((name) => name !== home || homes.includes(home));
    if (kept.length >= replicasLeast) replicas.keepOnly(kept);
    await replicas.track(memory.known());
    await replicas.forget();
    return memory.known();
  }

  return {
    async backup(backup: BackupName): Promise<KeyBackup | undefined> {
      const state = memory.current();
      if (!state || state.state === 'new' || state.state === 'revoked') return undefined;
      // While a refresh is open, one chip has both shares.
      const rank = (replica: Replica) => (replica.chip === state.refresh?.chip ? 0 : 1);
      const views = await directory.view();
      const isOut = (name: string) =>
        views.some((view) => view.chip === name && view.duty === 'quarantined');
      const holders = state.replicas.filter((replica) => !isOut(replica.chip));
      for (const replica of holders.sort((a, b) => rank(a) - rank(b))) {
        try {
          return await backedUp(replica, backup, state);
        } catch (error) {
          if (!(error instanceof ChipFault)) throw error;
          await replicas.blame(replica.chip, error);
        }
      }
      throw new CinnabarError('chips_unavailable');
    },

    async restore({ record, chip: home, ceremony }: RestoreOrder): Promise<RestoreOutcome> {
      const views = await directory.view();
      const placed = placementOf(record.key, views);
      const refused = await refusal(record, views);
      if (refused) return refused;
      const view = placed.find((known) => known.chip === home);
      if (!view) return 'elsewhere';
      const epoch = 1 + Math.max(memory.current()?.epoch ?? 0, record.facts.epoch);
      try {
        await within(waits, stepTimeoutMs, chip(home).restoreKey(ceremony, record, epoch));
      } catch (error) {
        if (error instanceof ChipFault && error.code === 'stale_epoch') return 'outdated';
        if (error instanceof ChipFault && error.code === 'not_for_us') return 'elsewhere';
        throw error;
      }
      if (!(await isSameKey(home, record))) throw new ChipFault('wrong_answer');
      const before = memory.current();
      if (!before || before.state === 'new') memory.takeUp(record.facts);
      memory.change(stateAfter(record, before, epoch, replicaOf(view, record.key)));
      await spread(home, placed);
      return 'restored';
    },

    async bury({ tenant, keyId, epoch }: Tombstone): Promise<void> {
      if (memory.current()) return;
      const kind = { tenant, keyId, algorithm: 'sm2' as const, uses: [], policy: {} };
      const nothing = { owner: null, publicKey: new Uint8Array(), replicas: [], wipes: [] };
      const state = { ...nothing, kind, epoch, shareEpochs: [], createdAtMs: 0 };
      await replicas.track(memory.change({ ...state, state: 'revoked' }));
    },
  };
}

function factsOf(state: GuardState, memory: GuardMemory): GuardFacts {
  const { owner, epoch, shareEpochs, createdAtMs } = state;
  const active = state.state === 'frozen' ? ('frozen' as const) : ('active' as const);
  return { owner, state: active, epoch, shareEpochs, createdAtMs, ...memory.figures() };
}

/** Whether nothing about the key has changed since the backup, but for being restored from it. */
function isOfState(facts: GuardFacts, { epoch, shareEpochs, restored }: GuardState): boolean {
  const isSameEpoch =
    facts.epoch === epoch || (restored?.to === epoch && restored.from === facts.epoch);
  return isSameEpoch && facts.shareEpochs.join() === shareEpochs.join();
}

/** In a new epoch; chips that held it before, and may come back, are to forget it. */
function stateAfter(
  { key, facts, publicKeyHex }: KeyBackup,
  before: GuardState | undefined,
  epoch: number,
  born: Replica,
): GuardState {
  const { owner, state, shareEpochs, createdAtMs } = facts;
  const known =
    before && before.state !== 'new'
      ? before
      : { owner, state, shareEpochs, createdAtMs, wipes: [], replicas: [] };
  const gone = known.replicas.map((replica) => replica.chip);
  return {
    ...known,
    kind: key,
    publicKey: hexToBytes(publicKeyHex),
    epoch,
    restored: { from: facts.epoch, to: epoch },
    replicas: [born],
    wipes: [...new Set([...known.wipes, ...gone])].filter((name) => name !== born.chip),
  };
}
