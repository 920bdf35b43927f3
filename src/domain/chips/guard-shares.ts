import { bytesToHex } from '@noble/hashes/utils.js';
import { CinnabarError } from '../errors.ts';
import { within } from './attempts.ts';
import { shareDigest, shareInputHash } from './chip-shares.ts';
import { ChipFault } from './faults.ts';
import type { Guard } from './guard-calls.ts';
import type { guardReplicas } from './guard-replicas.ts';
import type { GuardDeps, GuardMemory, GuardState } from './guard-state.ts';
import type { guardUses } from './guard-use.ts';
import { placementOf } from './placement.ts';
import type { Chip } from './ports.ts';
import { decryptionsPerEpochMax, type ShareRecord } from './shares.ts';
import type { KeyKind, KeyName } from './types.ts';

interface ShareGuardParts {
  readonly deps: GuardDeps;
  readonly memory: GuardMemory;
  readonly replicas: ReturnType<typeof guardReplicas>;
  readonly uses: ReturnType<typeof guardUses>;
  readonly draftOf: (
    kind: KeyKind,
    owner: string | null,
  ) => Omit<GuardState, 'publicKey' | 'replicas'>;
  readonly changeEverywhere: (
    act: (name: string) => Promise<void>,
    change: (state: GuardState) => GuardState,
  ) => Promise<GuardState>;
}

type ShareGuard = Pick<
  Guard,
  | 'keygenReply'
  | 'keygenFinish'
  | 'findShare'
  | 'useShare'
  | 'attestShare'
  | 'refreshReply'
  | 'refreshFinish'
  | 'refreshCommit'
  | 'setShareState'
  | 'destroyShare'
>;

/** A round of a protocol must be answered in this time, or the client begins again. */
const roundTimeoutMs = 1_800;
/** What `gm.twoParty` calls the first epoch of a share. */
const firstShareEpoch = 0;

/** The calls about a two-party share, on the guard of its key. */
export function shareGuard(parts: ShareGuardParts): ShareGuard {
  const { deps, memory, replicas, uses, changeEverywhere } = parts;
  const { cells, waits, tools, chip } = deps;

  function known(): GuardState {
    const state = memory.known();
    if (state.kind.algorithm !== 'sm2-share' || state.state === 'new') {
      throw new CinnabarError('key_not_found');
    }
    return state;
  }

  function active(): GuardState {
    const state = known();
    if (state.state !== 'active') throw new CinnabarError('key_not_active');
    return state;
  }

  /** The chip where a protocol run began; a chip that is gone took the run with it. */
  function birthplaceOf(sessionId: string): string {
    const name = cells.get(`session:${sessionId}`);
    if (typeof name !== 'string') throw new CinnabarError('share_session_lost');
    return name;
  }

  /** Asks one chip after the other to begin a run, and remembers which one did. */
  async function begin(
    names: readonly string[],
    sessionId: string,
    ask: (which: Chip) => Promise<Uint8Array>,
  ): Promise<Uint8Array> {
    for (const name of names) {
      try {
        const message = await within(waits, roundTimeoutMs / 2, ask(chip(name)));
        // One run at a time: an older one is forgotten.
        for (const [cell] of [...cells.list('session:')]) cells.delete(cell);
        cells.put(`session:${sessionId}`, name);
        return message;
      } catch (error) {
        if (!(error instanceof ChipFault)) throw error;
        await replicas.blame(name, error);
      }
    }
    throw new CinnabarError('chips_unavailable');
  }
  return {
    async keygenReply(name, session) {
      const state = memory.current();
      if (state && state.state !== 'new') throw new CinnabarError('key_id_taken');
      const placed = placementOf(kindOf(name), await deps.directory.view());
      const names = placed.map((view) => view.chip);
      return begin(names, session.sessionId, (which) => which.keygenReply(name, session));
    },
    async keygenFinish(name, opening) {
      const state = memory.current();
      if (state && state.state !== 'new') return shareRecordOf(known());
      const kind = kindOf(name);
      const born = { ...parts.draftOf(kind, null), shareEpochs: [firstShareEpoch] };
      const birthplace = birthplaceOf(opening.sessionId);
      const birth = (first: Chip) => first.keygenFinish(kind, born.epoch, opening);
      return shareRecordOf(await replicas.make(born, birth, birthplace));
    },
    findShare: async () => shareRecordOf(known()),

    async useShare(requestId, use) {
      const state = active();
      if (!state.shareEpochs.includes(use.epoch)) throw new CinnabarError('share_epoch_unknown');
      const e = shareDigest(tools.gm, state.publicKey, use);
      const digestHex = shareInputHash(tools.gm, use, e);
      if (use.kind === 'sign') noteEpoch(bytesToHex(e), use.epoch);
      const limit = { what: `decrypt:${use.epoch}`, most: decryptionsPerEpochMax };
      return uses.use({
        requestId,
        hashHex: digestHex,
        digestHex,
        operation: `share.${use.kind}`,
        ...(use.kind === 'decrypt' ? { limit } : {}),
        ask: (which, ticket) => which.useShare(ticket, use),
        resultOf: (output) => output,
        // Only the client can check a reply: the signature is not whole without its share.
        isRight: async () => true,
      });
    },

    async attestShare() {
      const { kind } = active();
      return uses.anyChip((which) => which.attestShare(kind));
    },

    async refreshReply(session) {
      const { kind, replicas: holders } = active();
      const names = holders.map((replica) => replica.chip);
      return begin(names, session.sessionId, (which) => which.refreshReply(kind, session));
    },
    async refreshFinish(opening) {
      const { sessionId } = opening;
      const { kind } = active();
      if (memory.known().refresh?.sessionId !== sessionId) {
        const home = birthplaceOf(sessionId);
        const epoch = await within(waits, roundTimeoutMs, chip(home).refreshFinish(kind, opening));
        const latest = active();
        memory.change({
          ...latest,
          refresh: { sessionId, chip: home },
          shareEpochs: [...latest.shareEpochs.slice(0, 1), epoch],
        });
        for (const [cell] of [...cells.list('signed:')]) cells.delete(cell);
      }
      const home = memory.known().refresh?.chip ?? '';
      const copied = await changeEverywhere(
        (name) => replicas.copy(home, name),
        (state) => state,
      );
      return shareRecordOf(copied);
    },
    async refreshCommit(proof) {
      const { kind, shareEpochs, epoch } = active();
      const [, next] = shareEpochs;
      if (next === undefined) return shareRecordOf(known());
      // Signed under the new epoch and never under the old: then the client has its new share.
      if (cells.get(`signed:${bytesToHex(proof.e)}`) !== next) {
        throw new CinnabarError('protocol_failed');
      }
      const done = await changeEverywhere(
        (name) => chip(name).refreshCommit(kind, proof, epoch),
        ({ refresh: _done, ...state }) => ({ ...state, epoch: epoch + 1, shareEpochs: [next] }),
      );
      for (const [cell] of [...cells.list('signed:')]) cells.delete(cell);
      return shareRecordOf(done);
    },

    async setShareState(state) {
      const now = known();
      if (now.state === 'revoked') throw new CinnabarError('key_not_active');
      return shareRecordOf(memory.change({ ...now, state }));
    },
    async destroyShare(requestId) {
      const now = known();
      memory.change({ ...now, state: 'revoked', epoch: now.epoch + 1 });
      const tombstones = await replicas.wipeAll(requestId);
      return { record: shareRecordOf(known()), tombstones };
    },
  };

  /** While a refresh is open, remembers under which epoch a digest was signed; -1 for both. */
  function noteEpoch(eHex: string, epoch: number): void {
    if (memory.known().shareEpochs.length < 2) return;
    const before = cells.get(`signed:${eHex}`);
    const isNew = before === undefined || before === epoch;
    cells.put(`signed:${eHex}`, isNew ? epoch : -1);
  }
}

function kindOf({ tenant, keyId }: KeyName): KeyKind {
  return { tenant, keyId, algorithm: 'sm2-share', uses: [], policy: {} };
}

function shareRecordOf(state: GuardState): ShareRecord {
  const { kind, publicKey, replicas, shareEpochs, createdAtMs } = state;
  if (state.state === 'new' || kind.algorithm !== 'sm2-share') {
    throw new CinnabarError('key_not_found');
  }
  return {
    tenant: kind.tenant,
    keyId: kind.keyId,
    publicKey,
    state: state.state,
    shareEpochs,
    replicas: replicas.map(({ chip }) => chip),
    createdAtMs,
  };
}
