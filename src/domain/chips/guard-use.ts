import { bytesToHex, concatBytes, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { type Receipt, verifyReceipt } from '../../core/usage/receipt.ts';
import { quantile } from '../../lib/measure.ts';
import { tupleBytes } from '../../lib/tuple.ts';
import { CinnabarError } from '../errors.ts';
import { firstOf, within } from './attempts.ts';
import { ChipFault } from './faults.ts';
import type { GuardDeps, GuardMemory, GuardState, Replica } from './guard-state.ts';
import { serviceTenant } from './keys.ts';
import type { ChipView } from './placement.ts';
import type { Chip, Ticket, UseOutcome } from './ports.ts';
import { keyRateDefault, rateBuckets } from './rates.ts';
import { openFromStore, sealForStore } from './wrapping.ts';

/** After so long the caller gets an answer, whatever it is. */
export const useDeadlineMs = 1_800;
/** One chip has so long; a chip that needs longer counts as one that does not answer. */
const chipTimeoutMs = 1_200;
const hedgeLeastMs = 80;
const hedgeMostMs = 400;
const latenciesKept = 32;
const viewLifeMs = 1_000;
const ticketLifeMs = 10_000;

/** In the place of the hash: of a request id for which no chip is asked any more. */
const spent = 'spent';
const withdrawn = () => new CinnabarError('activation_refused', { detail: 'withdrawn' });

export interface UseResult {
  readonly output: Uint8Array;
  readonly receipt: Receipt;
}

/** One use, whatever it is: how a chip is asked, and how its answer is judged. */
export interface UseOrder {
  readonly requestId: string;
  /** Two orders under one request id are the same when this is equal. */
  readonly hashHex: string;
  readonly digestHex: string;
  readonly operation: string;
  /** No chip is asked; a request id that has no result yet never gets one. */
  readonly storedOnly?: boolean;
  /** What is counted, and how often it is allowed. */
  readonly limit?: { readonly what: string; readonly most: number };
  readonly ask: (chip: Chip, ticket: Ticket) => Promise<UseOutcome>;
  /** SM3 of this must stand in the receipt. */
  readonly resultOf: (output: Uint8Array) => Uint8Array;
  /** Whether the result is what was asked for: a chip that errs is not believed. */
  readonly isRight: (output: Uint8Array) => Promise<boolean>;
}

/** Everything about uses that must be serial: request ids, limits, tickets, the choice of a chip. */
export function guardUses(
  deps: GuardDeps,
  memory: GuardMemory,
  blame: (chip: string, error: unknown) => Promise<void>,
) {
  const { tools, clock, waits, vault, random } = deps;
  const running = new Map<string, Promise<UseResult>>();
  const latencies: number[] = [];
  const rate = rateBuckets(deps.keyRate ?? keyRateDefault, clock);
  let turn = 0;
  let seen: { readonly views: readonly ChipView[]; readonly atMs: number } | undefined;

  /** What the directory says, not older than a second; without it, nothing. */
  async function views(): Promise<readonly ChipView[]> {
    const nowMs = clock.now();
    if (seen && nowMs - seen.atMs < viewLifeMs) return seen.views;
    try {
      seen = { views: await within(waits, hedgeMostMs, deps.directory.view()), atMs: nowMs };
    } catch {
      // The replicas are known here; the directory only knows which of them answers best.
      seen = { views: seen?.views ?? [], atMs: nowMs };
    }
    return seen.views;
  }

  /** Healthy chips in turn, then the slow, then those that may not answer; none in quarantine. */
  function ordered(replicas: readonly Replica[], known: readonly ChipView[]): readonly Replica[] {
    turn += 1;
    const start = turn % Math.max(1, replicas.length);
    const rotated = [...replicas.slice(start), ...replicas.slice(0, start)];
    const rank = ({ chip }: Replica) => {
      const view = known.find((other) => other.chip === chip);
      if (!view) return 0;
      if (view.duty === 'quarantined' || view.duty === 'empty') return 4;
      return ['healthy', 'slow', 'suspect', 'out'].indexOf(view.health);
    };
    return rotated.filter((replica) => rank(replica) < 4).sort((a, b) => rank(a) - rank(b));
  }

  function ticketFor(name: string, requestId: string, known: readonly ChipView[]) {
    const state = memory.known();
    const replica = state.replicas.find(({ chip }) => chip === name);
    if (!replica) throw new ChipFault('not_held');
    const { tenant, keyId } = state.kind;
    const reported = known.find(({ chip }) => chip === name)?.incarnation;
    const isNewer = reported && reported.bootCount > replica.incarnation.bootCount;
    const ticket: Ticket = {
      tenant,
      keyId,
      epoch: state.epoch,
      number: memory.nextTicket(),
      requestId,
      chip: name,
      notAfterMs: clock.now() + ticketLifeMs,
      incarnation: isNewer ? reported : replica.incarnation,
    };
    return { ticket, replica };
  }

  async function attempt(order: UseOrder, name: string, known: readonly ChipView[]) {
    const { ticket, replica } = ticketFor(name, order.requestId, known);
    const startMs = clock.now();
    try {
      const asked = order.ask(deps.chip(name), ticket);
      const outcome = await within(waits, chipTimeoutMs, asked);
      await assertRight(order, ticket, replica, outcome);
      latencies.push(clock.now() - startMs);
      if (latencies.length > latenciesKept) latencies.shift();
      remember(name, outcome);
      return { output: outcome.output, receipt: outcome.receipt };
    } catch (error) {
      const isOurs = error instanceof ChipFault && error.code === 'stale_ticket';
      if (error instanceof ChipFault && !isOurs) await blame(name, error);
      throw error;
    }
  }

  /** The answer is this chip's, newer than all before the ticket, and right. */
  async function assertRight(
    order: UseOrder,
    ticket: Ticket,
    replica: Replica,
    { output, receipt, incarnation }: UseOutcome,
  ): Promise<void> {
    const { gm } = tools;
    const last = replica.incarnation;
    const isOldCopy =
      incarnation.storageEpoch !== last.storageEpoch ||
      incarnation.bootCount < last.bootCount ||
      receipt.sequence <= replica.sequence;
    if (isOldCopy) throw new ChipFault('superseded');
    const isAnswer =
      receipt.chip === ticket.chip &&
      receipt.tenant === ticket.tenant &&
      receipt.keyId === ticket.keyId &&
      receipt.requestId === ticket.requestId &&
      receipt.ticket === ticket.number &&
      receipt.operation === order.operation &&
      receipt.inputHashHex === order.digestHex &&
      receipt.resultHashHex === bytesToHex(gm.sm3(order.resultOf(output))) &&
      verifyReceipt(gm, hexToBytes(replica.publicKeyHex), receipt) &&
      (await order.isRight(output));
    if (!isAnswer) throw new ChipFault('wrong_answer');
  }

  function remember(name: string, { receipt, incarnation }: UseOutcome): void {
    const state = memory.known();
    const replicas = state.replicas.map((replica) =>
      replica.chip === name && receipt.sequence > replica.sequence
        ? { ...replica, incarnation, sequence: receipt.sequence }
        : replica,
    );
    memory.change({ ...state, replicas });
  }

  async function run(order: UseOrder, state: GuardState): Promise<UseResult> {
    const known = await views();
    const order1 = ordered(state.replicas, known).map(({ chip }) => chip);
    const median =
      latencies.length > 0
        ? quantile(
            latencies.toSorted((a, b) => a - b),
            0.5,
          )
        : 0;
    return firstOf(waits, {
      // A second round: a ticket that was overtaken on the way deserves a new number.
      candidates: [...order1, ...order1],
      attempt: (name) => attempt(order, name, known),
      hedgeAfterMs: Math.min(hedgeMostMs, Math.max(hedgeLeastMs, 3 * median)),
      deadlineMs: useDeadlineMs,
    });
  }

  function sealContext(id: string): Uint8Array {
    const { tenant, keyId } = memory.known().kind;
    return tupleBytes('cinnabar stored result 1', tenant, keyId, id);
  }

  function keep(order: UseOrder, { output, receipt }: UseResult): void {
    const head = utf8ToBytes(JSON.stringify(receipt));
    const length = new Uint8Array(4);
    new DataView(length.buffer).setUint32(0, head.length);
    const plaintext = concatBytes(length, head, output);
    const result = sealForStore(vault, sealContext(order.requestId), plaintext, random);
    const { hashHex, requestId } = order;
    memory.putRequest(requestId, { hashHex, atMs: clock.now(), result });
  }

  function kept(id: string, sealed: Uint8Array): UseResult {
    const bytes = openFromStore(vault, sealContext(id), sealed);
    const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
    const receipt = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
    return { output: bytes.slice(4 + length), receipt };
  }

  /** Reserves request id and limit before anything is awaited; gives both back on a refusal. */
  function start(order: UseOrder, state: GuardState, isResumed: boolean): Promise<UseResult> {
    const { requestId, hashHex, limit } = order;
    if (!isResumed) {
      if (limit && memory.count(limit.what) >= limit.most) {
        throw new CinnabarError('key_limit_reached');
      }
      const { tenant, keyId } = state.kind;
      // The service's own keys sign lists and checkpoints for everybody.
      if (tenant !== serviceTenant && !rate.take(keyId)) {
        throw new CinnabarError('chips_busy', { detail: 'The key is asked more than its share.' });
      }
      if (limit) memory.addCount(limit.what, 1);
      memory.putRequest(requestId, { hashHex, atMs: clock.now() });
    }
    const result = run(order, state).then(
      (value) => {
        running.delete(requestId);
        keep(order, value);
        // What was revoked meanwhile is not given out.
        if (memory.known().state !== 'active') throw new CinnabarError('key_not_active');
        return value;
      },
      (error) => {
        running.delete(requestId);
        const isCertain = error instanceof CinnabarError && error.code !== 'chips_unavailable';
        if (isCertain) {
          if (limit) memory.addCount(limit.what, -1);
          memory.dropRequest(requestId);
        }
        // A chip that forgot the key on the way did as it was told.
        if (memory.known().state !== 'active') throw new CinnabarError('key_not_active');
        throw error;
      },
    );
    running.set(requestId, result);
    return result;
  }

  return {
    /** @throws CinnabarError as KeyService says */
    async use(order: UseOrder): Promise<UseResult> {
      const state = memory.known();
      if (state.state !== 'active') throw new CinnabarError('key_not_active');
      const known = memory.request(order.requestId);
      if (known?.hashHex === spent) throw withdrawn();
      if (known && known.hashHex !== order.hashHex) throw new CinnabarError('key_request_reused');
      if (known?.result) return kept(order.requestId, known.result);
      const inFlight = running.get(order.requestId);
      if (inFlight) return inFlight;
      if (order.storedOnly) {
        memory.putRequest(order.requestId, { hashHex: spent, atMs: known?.atMs ?? clock.now() });
        throw withdrawn();
      }
      return start(order, state, known !== undefined);
    },

    /** A call without ticket and receipt, on the first replica that answers. */
    async anyChip<T>(ask: (chip: Chip) => Promise<T>): Promise<T> {
      const { replicas, state } = memory.known();
      if (state !== 'active') throw new CinnabarError('key_not_active');
      const names = ordered(replicas, await views()).map(({ chip }) => chip);
      return firstOf(waits, {
        candidates: [...names, ...names],
        attempt: async (name) => {
          try {
            return await within(waits, chipTimeoutMs, ask(deps.chip(name)));
          } catch (error) {
            if (error instanceof ChipFault) await blame(name, error);
            throw error;
          }
        },
        hedgeAfterMs: hedgeMostMs,
        deadlineMs: useDeadlineMs,
      });
    },
  };
}
