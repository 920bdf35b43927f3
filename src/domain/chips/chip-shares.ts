import { bytesToHex } from '@noble/hashes/utils.js';
import type { TwoPartyState } from '../../core/gm.ts';
import { GmError } from '../../core/gm.ts';
import type { Receipt } from '../../core/usage/receipt.ts';
import {
  type SharePoints,
  sharePointsBytes,
  sharePointsOperation,
  shareUseHash,
} from '../../core/usage/share-use.ts';
import { CinnabarError } from '../errors.ts';
import type { ChipDeps, WhatWasDone } from './chip-deps.ts';
import type { ChipStore, HeldKey } from './chip-store.ts';
import { ChipFault } from './faults.ts';
import type { Chip, ShareUse, Ticket } from './ports.ts';
import type { KeyName } from './types.ts';

export type ShareCalls = Pick<
  Chip,
  | 'keygenReply'
  | 'keygenFinish'
  | 'refreshReply'
  | 'refreshFinish'
  | 'refreshCommit'
  | 'useShare'
  | 'attestShare'
>;

interface ShareDeps extends ChipDeps {
  readonly store: ChipStore;
  readonly admit: (ticket: Ticket) => void;
  readonly receiptOf: (ticket: Ticket, what: WhatWasDone) => Receipt;
  /** Runs the task when the chip has time for this tenant. */
  readonly paced: <T>(tenant: string, task: () => Promise<T>) => Promise<T>;
}

const sessionsMax = 256;

/** The server side of two-party keys inside a chip. Sessions are in memory: a lost one is begun again. */
export function addShareCalls(deps: ShareDeps): {
  readonly calls: ShareCalls;
  /** Gives up all runs. */
  readonly discardAll: () => void;
} {
  const { store, tools } = deps;
  const { twoParty } = tools.gm;
  const sessions = new Map<string, TwoPartyState>();

  function keep(name: KeyName, sessionId: string, state: TwoPartyState): void {
    const [oldest] = sessions.keys();
    if (sessions.size >= sessionsMax && oldest !== undefined) {
      sessions.get(oldest)?.discard();
      sessions.delete(oldest);
    }
    const id = sessionName(name, sessionId);
    sessions.get(id)?.discard();
    sessions.set(id, state);
  }

  function take(name: KeyName, sessionId: string): TwoPartyState {
    const id = sessionName(name, sessionId);
    const state = sessions.get(id);
    if (!state) throw new CinnabarError('share_session_lost');
    sessions.delete(id);
    return state;
  }

  function discardAll(): void {
    for (const state of sessions.values()) state.discard();
    sessions.clear();
  }

  const calls: ShareCalls = {
    async keygenReply(name, { sessionId, ctx, commitment }) {
      if (store.has(name)) throw new CinnabarError('key_id_taken');
      const { state, message } = ran(() => twoParty.keygen.serverReply(ctx, commitment));
      keep(name, sessionId, state);
      return message;
    },
    async keygenFinish(kind, epoch, { sessionId, opening }) {
      if (store.has(kind)) return store.withKey(kind, async ({ publicKey }) => publicKey);
      const state = take(kind, sessionId);
      const { share, publicKey } = ran(() => twoParty.keygen.serverFinish(state, opening));
      const spki = tools.gm.keys.encodeSpki(publicKey);
      store.put({ ...kind, epoch, secret: share, publicKey: spki });
      tools.sodium.memzero(share);
      store.log('chip.share.keygen', kind, sessionId, { epoch });
      return spki;
    },
    refreshReply: (name, { sessionId, ctx, commitment }) =>
      store.withKey(name, async (key) => {
        const made = ran(() => twoParty.refresh.serverReply(key.secret, ctx, commitment));
        keep(name, sessionId, made.state);
        return made.message;
      }),
    refreshFinish: (name, { sessionId, opening }) =>
      store.withKey(name, async (key) => {
        const state = take(name, sessionId);
        const { share } = ran(() => twoParty.refresh.serverFinish(state, opening));
        const { epoch } = twoParty.inspect(share);
        store.put({ ...key, nextSecret: share });
        tools.sodium.memzero(share);
        store.log('chip.share.refresh', name, sessionId, { epoch: key.epoch });
        return epoch;
      }),
    refreshCommit: (name, { e, signature }, epoch) =>
      store.withKey(name, async ({ nextSecret, ...key }) => {
        if (!nextSecret && key.epoch === epoch + 1) return;
        // A copy of another time must not become today's.
        if (!nextSecret || key.epoch !== epoch) throw new ChipFault('stale_epoch');
        const publicKey = tools.gm.keys.decodeSpki(key.publicKey);
        if (!tools.gm.sm2.verifyDigest(publicKey, e, signature)) {
          throw new CinnabarError('protocol_failed');
        }
        store.put({ ...key, secret: nextSecret, epoch: epoch + 1 });
        store.log('chip.share.commit', name, bytesToHex(e), { epoch: epoch + 1 });
      }),
    useShare: (ticket, use) =>
      deps.paced(ticket.tenant, async () => {
        deps.admit(ticket);
        return store.withKey(ticket, async (key) => {
          if (key.epoch !== ticket.epoch) throw new ChipFault('stale_epoch');
          const e = shareDigest(tools.gm, key.publicKey, use);
          const output = replyWith(shareOf(key, use.epoch), use, e);
          const digestHex = shareInputHash(tools.gm, use, e);
          const operation = `share.${use.kind}`;
          const done = { operation, digestHex, result: output, statementHashHex: '' };
          return { output, receipt: deps.receiptOf(ticket, done), incarnation: store.incarnation };
        });
      }),
    attestShare: ({ tenant, keyId }) =>
      store.withKey({ tenant, keyId }, async ({ secret, epoch }) => {
        const points = pointsOf(secret);
        const ticket: Ticket = {
          ...{ tenant, keyId, epoch, requestId: `points-${points.epoch}`, chip: deps.chip },
          // No use of the key, so no turn of it either.
          ...{ number: 0, notAfterMs: 0, incarnation: store.incarnation },
        };
        const receipt = deps.receiptOf(ticket, {
          operation: sharePointsOperation,
          digestHex: '0'.repeat(64),
          result: sharePointsBytes(points),
          statementHashHex: '',
        });
        return { points, receipt };
      }),
  };
  return { calls, discardAll };

  function replyWith(share: Uint8Array, use: ShareUse, e: Uint8Array): Uint8Array {
    return ran(() =>
      use.kind === 'sign'
        ? twoParty.sign.serverReply(share, e, use.ctx, use.message)
        : twoParty.decrypt.serverReply(share, use.ctx, use.message),
    );
  }

  /** What a terminal of this share, and whoever judges later, can hold the chip to. */
  function pointsOf(secret: Uint8Array): SharePoints {
    const { epoch, own, other, publicKey } = twoParty.inspect(secret);
    const [terminalHex, chipsHex, jointHex] = [other, own, publicKey].map(bytesToHex);
    return {
      epoch,
      terminalHex: terminalHex ?? '',
      chipsHex: chipsHex ?? '',
      jointHex: jointHex ?? '',
    };
  }

  function shareOf({ secret, nextSecret }: HeldKey, epoch: number): Uint8Array {
    const found = [secret, nextSecret].find(
      (share) => share && twoParty.inspect(share).epoch === epoch,
    );
    if (!found) throw new CinnabarError('share_epoch_unknown');
    return found;
  }
}

/** e = SM3(Z || text) of what is signed (GB/T 32918.2 §6.1); empty of a decryption. */
export function shareDigest(
  { sm2, keys }: ChipDeps['tools']['gm'],
  publicKey: Uint8Array,
  use: ShareUse,
): Uint8Array {
  return use.kind === 'sign' ? sm2.digest(keys.decodeSpki(publicKey), use.text) : new Uint8Array();
}

/** What the receipt names as the input: the digest, and what the client handed in. 64 hex digits. */
export function shareInputHash(
  gm: ChipDeps['tools']['gm'],
  { kind, epoch, ctx, message }: ShareUse,
  e: Uint8Array,
): string {
  return shareUseHash(gm, { kind, epoch, e, ctx, message });
}

function sessionName({ tenant, keyId }: KeyName, sessionId: string): string {
  return `${tenant}/${keyId}/${sessionId}`;
}

/** A message of the other side that is not acceptable ends the protocol run. */
function ran<T>(step: () => T): T {
  try {
    return step();
  } catch (cause) {
    if (cause instanceof GmError) throw new CinnabarError('protocol_failed', { cause });
    throw cause;
  }
}
