import type { Receipt } from '../../core/usage/receipt.ts';
import { CinnabarError } from '../errors.ts';
import { within } from './attempts.ts';
import { ChipFault } from './faults.ts';
import type { GuardDeps, GuardMemory, GuardState, Replica } from './guard-state.ts';
import { decryptionChallenge, proofBytes, verifyProof } from './key-material.ts';
import {
  type ChipView,
  isDecryptOnly,
  isServing,
  placementOf,
  protectionOf,
  replicasLeast,
  replicasWanted,
} from './placement.ts';
import type { Chip } from './ports.ts';
import type { KeyKind } from './types.ts';

/** How long the guard waits for a chip in what is not a use. RSA keys take seconds to make. */
const makeTimeoutMs = 20_000;
const moveTimeoutMs = 4_000;
const challengeBytes = 32;

/** Makes, spreads and forgets the copies of one key. */
export function guardReplicas(deps: GuardDeps, memory: GuardMemory) {
  const { directory, tools, random, waits, chip } = deps;

  /** The chip proves that it holds the key. For secrets without signatures: as `peer` does. */
  async function proves(kind: KeyKind, publicKey: Uint8Array, holder: string, peer: string) {
    const { algorithm } = kind;
    const ask = (challenge: Uint8Array) =>
      within(waits, moveTimeoutMs, chip(holder).prove(kind, challenge));
    if (algorithm === 'sm2' && isDecryptOnly(kind)) {
      const { challenge, answer } = decryptionChallenge(tools, kind, publicKey, random);
      return sameBytes(await ask(challenge), answer);
    }
    const challenge = random.bytes(challengeBytes);
    const proof = await ask(challenge);
    if (algorithm === 'sm2-share' || algorithm === 'wrapping') {
      if (holder === peer) return true;
      const other = await within(waits, moveTimeoutMs, chip(peer).prove(kind, challenge));
      return sameBytes(proof, other);
    }
    const bytes = proofBytes(kind.tenant, kind.keyId, challenge);
    return verifyProof(tools, { algorithm, publicKey }, bytes, proof);
  }

  async function clone(kind: KeyKind, epoch: number, from: string, to: string): Promise<void> {
    const move = async () => {
      const offer = await chip(to).offer(kind, epoch);
      await chip(to).import(await chip(from).exportTo(kind, offer));
    };
    await within(waits, moveTimeoutMs, move());
  }

  /** Brings `to` to what `from` holds, and has it prove that. */
  async function copy(from: string, to: string): Promise<void> {
    if (from === to) return;
    const { kind, publicKey, epoch } = memory.known();
    await clone(kind, epoch, from, to);
    if (!(await proves(kind, publicKey, to, from))) throw new ChipFault('wrong_answer');
  }

  /**
   * Where a new key goes.
   *
   * @throws CinnabarError `protection_unavailable` when only chips of less protection would take it
   */
  async function homesOf(kind: KeyKind): Promise<readonly ChipView[]> {
    const all = await directory.view();
    const homes = placementOf(kind, all);
    if (homes.length >= replicasLeast) return homes;
    const { protection, ...policy } = kind.policy;
    const others = protection ? placementOf({ ...kind, policy }, all) : [];
    const isRefused = others.length >= replicasLeast;
    throw new CinnabarError(isRefused ? 'protection_unavailable' : 'chips_unavailable');
  }

  /** Tells the directory; whether it hears is not ours to wait for. */
  async function blame(name: string, error: unknown): Promise<void> {
    const fault = error instanceof ChipFault ? error.code : 'no_answer';
    await directory.report(name, fault).catch(() => undefined);
  }

  return {
    blame,
    copy,
    keepOnly,
    proves,
    grow,
    forget,
    track,

    /** The first chip makes the key by `birth`, others get copies; at least two hold it. */
    async make(
      draft: Omit<GuardState, 'publicKey' | 'replicas'>,
      birth: (chip: Chip, view: ChipView) => Promise<Uint8Array>,
      birthplace?: string,
    ): Promise<GuardState> {
      const { kind } = draft;
      if (deps.awaitsRestore) throw new CinnabarError('chips_unavailable');
      const views = await homesOf(kind);
      const first = birthplace ? views.filter((view) => view.chip === birthplace) : views;
      for (const view of first) {
        try {
          const publicKey = await within(waits, makeTimeoutMs, birth(chip(view.chip), view));
          if (!(await proves(kind, publicKey, view.chip, view.chip))) {
            throw new ChipFault('wrong_answer');
          }
          const born = replicaOf(view, kind);
          memory.change({ ...draft, publicKey, replicas: [born] });
          const spreadOut = await grow([born], [born], views);
          if (spreadOut.replicas.length < replicasLeast) {
            throw new CinnabarError('chips_unavailable');
          }
          await track(spreadOut);
          return memory.change({ ...spreadOut, state: 'active' });
        } catch (error) {
          if (!(error instanceof ChipFault)) throw error;
          await blame(view.chip, error);
        }
      }
      throw new CinnabarError('chips_unavailable');
    },

    /**
     * Brings the key back to its replicas: copies away from chips that are draining, quarantined or
     * out, and has them forget it where they answer. Repeating it changes nothing.
     */
    async repair(): Promise<GuardState> {
      await forget();
      const before = memory.known();
      if (before.state === 'revoked' || before.replicas.length === 0) return before;
      const all = await directory.view();
      const dutyOf = (name: string) => all.find((view) => view.chip === name);
      const isThere = (replica: Replica) =>
        dutyOf(replica.chip)?.certificate.storageEpoch === replica.incarnation.storageEpoch;
      const isGood = (replica: Replica) => {
        const view = dutyOf(replica.chip);
        return view !== undefined && isServing(view) && isThere(replica);
      };
      const good = before.replicas.filter(isGood);
      if (good.length === before.replicas.length && good.length >= replicasWanted) {
        await track(before);
        return before;
      }
      // A source that answers comes first. A chip in quarantine is none: what it holds is not what
      // was certified, and without another source the key comes back from a backup.
      const certified = before.replicas.filter(
        (replica) => isThere(replica) && dutyOf(replica.chip)?.duty !== 'quarantined',
      );
      const sources = [...good, ...certified.filter((replica) => !good.includes(replica))];
      if (sources.length === 0) return before;
      // What an emptied chip had is gone. The last trace of a key stays, so that it is missed.
      memory.change({ ...before, replicas: before.replicas.filter(isThere) });
      const placed = placementOf(before.kind, all);
      const grown = await grow(sources, good, placed);
      const old = before.replicas.map((replica) => replica.chip);
      const kept = grown.replicas.filter(
        (replica) => isGood(replica) || !old.includes(replica.chip),
      );
      if (kept.length < replicasLeast) {
        await track(grown);
        return grown;
      }
      await track(keepOnly(kept.map((replica) => replica.chip)));
      await forget();
      return memory.known();
    },

    /** Every chip forgets the key; those that do not answer are asked again by `repair`. */
    async wipeAll(requestId: string): Promise<readonly Receipt[]> {
      const state = memory.known();
      const chips = [...new Set([...state.wipes, ...state.replicas.map(({ chip }) => chip)])];
      memory.change({ ...state, replicas: [], wipes: chips });
      return forget(requestId);
    },
  };

  /** Drops the replicas on other chips, which must forget the key. */
  function keepOnly(names: readonly string[]): GuardState {
    const latest = memory.known();
    const gone = latest.replicas.map((replica) => replica.chip).filter((x) => !names.includes(x));
    return memory.change({
      ...latest,
      replicas: latest.replicas.filter((replica) => names.includes(replica.chip)),
      wipes: [...new Set([...latest.wipes, ...gone])],
    });
  }

  /** Clones from the first source that can until enough good replicas exist. */
  async function grow(
    sources: readonly Replica[],
    good: readonly Replica[],
    placed: readonly ChipView[],
  ): Promise<GuardState> {
    const goal = Math.min(replicasWanted, Math.max(placed.length, good.length));
    let missing = goal - good.length;
    for (const view of placed) {
      if (missing <= 0) break;
      if (memory.known().replicas.some((replica) => replica.chip === view.chip)) continue;
      if (await copiedFromAny(sources, view)) missing -= 1;
    }
    return memory.known();
  }

  async function copiedFromAny(sources: readonly Replica[], view: ChipView): Promise<boolean> {
    for (const source of sources) {
      try {
        await copy(source.chip, view.chip);
        const latest = memory.known();
        if (latest.state === 'revoked') return false;
        memory.change({
          ...latest,
          replicas: [...latest.replicas, replicaOf(view, latest.kind)],
          // A chip that was to forget the key is one of its homes again.
          wipes: latest.wipes.filter((name) => name !== view.chip),
        });
        return true;
      } catch (error) {
        await blame(source.chip, error);
      }
    }
    return false;
  }

  async function forget(requestId = 'repair'): Promise<readonly Receipt[]> {
    const { wipes, kind } = memory.known();
    const receipts: Receipt[] = [];
    for (const name of wipes) {
      try {
        receipts.push(await within(waits, moveTimeoutMs, chip(name).wipe(kind, requestId)));
        const latest = memory.known();
        memory.change({ ...latest, wipes: latest.wipes.filter((other) => other !== name) });
      } catch (error) {
        await blame(name, error);
      }
    }
    if (wipes.length > 0) await track(memory.known());
    return receipts;
  }

  async function track({ kind, replicas, wipes, state, epoch }: GuardState): Promise<void> {
    const holders = replicas.map((replica) => replica.chip);
    const name = { tenant: kind.tenant, keyId: kind.keyId };
    await directory.track(name, holders, wipes, state === 'revoked' ? epoch : undefined);
  }
}

export function replicaOf(view: ChipView, kind: KeyKind): Replica {
  const { chip, zone, certificate, incarnation } = view;
  const { publicKeyHex } = certificate;
  const protection = protectionOf(certificate.protection, kind);
  return { chip, zone, protection, publicKeyHex, incarnation, sequence: -1 };
}

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
