import { CinnabarError } from '../errors.ts';
import { within } from './attempts.ts';
import { backupGuard } from './guard-backup.ts';
import type { Guard } from './guard-calls.ts';
import { guardReplicas } from './guard-replicas.ts';
import { shareGuard } from './guard-shares.ts';
import { type GuardDeps, type GuardState, guardMemory, recordOf } from './guard-state.ts';
import { guardUses } from './guard-use.ts';
import { verifyWith } from './key-material.ts';
import { replicasLeast } from './placement.ts';
import type { KeyKind } from './types.ts';
import { inputDigest, type KeyOperation, operationName, requestHash } from './uses.ts';

const stepTimeoutMs = 2_000;

export function createGuard(deps: GuardDeps): Guard {
  const { tools, clock, waits, chip } = deps;
  const memory = guardMemory(deps);
  const replicas = guardReplicas(deps, memory);
  const uses = guardUses(deps, memory, replicas.blame);
  let making: Promise<GuardState> | undefined;
  let repairing: Promise<GuardState> | undefined;

  function draftOf(
    kind: KeyKind,
    owner: string | null,
  ): Omit<GuardState, 'publicKey' | 'replicas'> {
    return {
      kind,
      owner,
      state: 'new',
      epoch: 1,
      wipes: [],
      createdAtMs: clock.now(),
      shareEpochs: [],
    };
  }

  /** Of simultaneous first calls one makes the key, the others wait for it. */
  function made(kind: KeyKind, owner: string | null): Promise<GuardState> {
    making ??= replicas
      .make(draftOf(kind, owner), (first) => first.generate(kind, 1))
      .finally(() => {
        making = undefined;
      });
    return making;
  }

  function changeEverywhere(
    act: (name: string) => Promise<void>,
    change: (state: GuardState) => GuardState,
  ): Promise<GuardState> {
    return onQuorum(act).then((holders) => memory.change(change(replicas.keepOnly(holders))));
  }

  /** @throws CinnabarError `chips_unavailable` when fewer than two chips did it */
  async function onQuorum(act: (name: string) => Promise<void>): Promise<readonly string[]> {
    const holders = memory.known().replicas.map(({ chip: name }) => name);
    const outcomes = await Promise.allSettled(
      holders.map((name) => within(waits, stepTimeoutMs, act(name))),
    );
    const done = holders.filter((_, i) => outcomes[i]?.status === 'fulfilled');
    if (done.length >= replicasLeast) return done;
    const refusal = outcomes.find(
      (outcome) => outcome.status === 'rejected' && outcome.reason instanceof CinnabarError,
    );
    throw refusal?.status === 'rejected' ? refusal.reason : new CinnabarError('chips_unavailable');
  }

  return {
    async create(input) {
      const { tenant, id, algorithm, uses: kinds, owner = null, policy = {} } = input;
      const kind: KeyKind = { tenant, keyId: id, algorithm, uses: [...kinds], policy };
      memory.claim(kind);
      const known = memory.current();
      return recordOf(known && known.state !== 'new' ? known : await made(kind, owner));
    },
    async find() {
      const state = memory.known();
      if (state.state === 'new') throw new CinnabarError('key_not_found');
      return recordOf(state);
    },
    async use(operation) {
      const { kind, publicKey, state } = memory.known();
      if (state === 'new') throw new CinnabarError('key_not_found');
      if (state === 'revoked') throw new CinnabarError('key_not_active');
      const { request } = operation;
      if (!kind.uses.includes(operation.kind)) throw new CinnabarError('key_use_refused');
      const digestHex = inputDigest(tools.gm, publicKey, operation);
      const { usesMax } = kind.policy;
      return uses.use({
        requestId: request.requestId,
        hashHex: requestHash(tools.gm, digestHex, operation),
        digestHex,
        operation: operationName(operation),
        storedOnly: request.storedOnly === true,
        ...(usesMax === undefined ? {} : { limit: { what: 'use', most: usesMax } }),
        ask: (which, ticket) => which.use(ticket, operation),
        resultOf: (output) => (operation.kind === 'sign' ? output : new Uint8Array()),
        isRight: async (output) => operation.kind !== 'sign' || isSigned(operation, output),
      });

      async function isSigned(
        { request: sign }: KeyOperation & { kind: 'sign' },
        output: Uint8Array,
      ) {
        if (sign.digest) {
          const key = tools.gm.keys.decodeSpki(publicKey);
          return tools.gm.sm2.verifyDigest(key, sign.digest, output, {
            format: sign.format ?? 'der',
          });
        }
        return verifyWith(tools, publicKey, sign.scheme, sign.message, output, sign.format);
      }
    },
    async setState(next, requestId) {
      const now = memory.known();
      if (now.state === next) return recordOf(now);
      if (now.state === 'revoked' || now.state === 'new') throw new CinnabarError('key_not_active');
      // The epoch moves on, so that a chip which is away cannot act for an old ticket.
      const epoch = next === 'revoked' ? now.epoch + 1 : now.epoch;
      memory.change({ ...now, state: next, epoch });
      if (next === 'revoked') await replicas.wipeAll(requestId);
      return recordOf(memory.known());
    },
    async changeGrants(change) {
      const now = memory.known();
      // The answer was lost: the chips have moved on already, to just this.
      const { policy } = now.kind;
      const isDone =
        now.epoch === change.epoch + 1 &&
        policy.grantsHashHex === change.grantsHashHex &&
        (!change.officers || JSON.stringify(policy.officers) === JSON.stringify(change.officers));
      if (isDone) return recordOf(now);
      if (now.epoch !== change.epoch) {
        throw new CinnabarError('activation_refused', { detail: 'approvals' });
      }
      const { grantsHashHex, officers, epoch } = change;
      const rules = { grantsHashHex, ...(officers ? { officers } : {}) };
      const changed = await changeEverywhere(
        (name) => chip(name).changeGrants(change),
        (state) => ({
          ...state,
          epoch: epoch + 1,
          kind: { ...state.kind, policy: { ...state.kind.policy, ...rules } },
        }),
      );
      return recordOf(changed);
    },
    async repair() {
      if (!memory.current()) return [];
      repairing ??= replicas.repair().finally(() => {
        repairing = undefined;
      });
      return (await repairing).replicas.map(({ chip: name }) => name);
    },
    async wrap(name, items) {
      const state = memory.current();
      const kind: KeyKind = { ...name, algorithm: 'wrapping', uses: [], policy: {} };
      if (state?.state !== 'active') await made(kind, null);
      return uses.anyChip((which) => which.wrap(name, items));
    },
    async unwrap(name, items) {
      const state = memory.current();
      const kind: KeyKind = { ...name, algorithm: 'wrapping', uses: [], policy: {} };
      if (state?.state !== 'active') await made(kind, null);
      return uses.anyChip((which) => which.unwrap(name, items));
    },
    ...shareGuard({ deps, memory, replicas, uses, draftOf, changeEverywhere }),
    ...backupGuard({ deps, memory, replicas }),
  };
}
