import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { loadGm } from '../../src/core/gm.ts';
import { type Receipt, verifyReceipt } from '../../src/core/usage/receipt.ts';
import { callOn, callsOf } from '../../src/domain/chips/calls.ts';
import { chipCalls, type OwnedChip } from '../../src/domain/chips/chip.ts';
import { clusterKeys } from '../../src/domain/chips/cluster.ts';
import { ChipFault, reply, unpack } from '../../src/domain/chips/faults.ts';
import type { KeyRecord } from '../../src/domain/chips/keys.ts';
import type { Incarnation } from '../../src/domain/chips/types.ts';
import { CinnabarError } from '../../src/domain/errors.ts';
import { quantile } from '../../src/lib/measure.ts';
import { uuidV7 } from '../../src/lib/uuid.ts';
import {
  type MemoryClusterOptions,
  memoryCluster,
} from '../../src/platform/memory/chip-cluster.ts';
import { seededRandom } from '../helpers/time-and-chance.ts';
import { virtualTime } from './virtual-time.ts';

/** What a drill does to one chip. */
export interface Faults {
  /** Every call breaks. */
  down: boolean;
  /** No call ever ends. */
  hangs: boolean;
  /** Every call takes so much longer. */
  delayMs: number;
  /** The next so many uses are carried out and their answers lost. */
  losesAnswers: number;
  /** Puts another signature into its answers. */
  lies: boolean;
}

/** A defect put into all chips, which a drill must notice. */
export type Plant =
  /** They say that they forgot a key, and keep it. */
  | 'keeps-what-it-wiped'
  /** Once the keys are made, they give no copies. */
  | 'gives-no-copies'
  /** Once the keys are made, no use ever ends. */
  | 'hangs'
  /** Their backups are of the key that was asked for before. */
  | 'backs-up-another-key'
  /** They say that they took a key from a backup, and did not. */
  | 'brings-nothing-back'
  /** Every call takes as long as one to the slowest of them. */
  | 'waits-for-the-slow'
  /** A chip that was away once never comes back. */
  | 'stays-away'
  /** A chip that was started again answers nobody, so that nobody sees what became of it. */
  | 'is-silent-afterwards'
  /** They act on tickets that were used, have ended, or are for another host. */
  | 'takes-any-ticket'
  /** What a chip answers is handed on unseen. */
  | 'believes-liars'
  /** Of two uses of a key one is counted. */
  | 'counts-half';

export interface Outcome {
  readonly key: KeyRecord;
  readonly requestId: string;
  readonly tookMs: number;
  readonly signature?: Uint8Array;
  readonly receipt?: Receipt;
  readonly code?: string;
}

/** Figures of a drill. Times are of the simulated network and its timers, not of this machine. */
export interface Figures {
  readonly requests: number;
  readonly served: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  readonly wrong: number;
  readonly codes: Readonly<Record<string, number>>;
}

const beatMs = 10_000;
export const tenant = 'drill-bank';

/**
 * A whole cluster in this process over a network with seeded delays, on time that passes only when
 * nothing is left to do: the chips, guards and directory are those of the Workers, the network and
 * the faults are simulated.
 */
export async function clusterUnderFire(
  seed: number,
  plant?: Plant,
  setup: Pick<MemoryClusterOptions, 'backupKey' | 'secret'> = {},
) {
  const time = virtualTime();
  const random = seededRandom(seed);
  const chance = seededRandom(seed ^ 0x5eed);
  const faults = new Map<string, Faults>();
  const lives = new Map<string, number>();
  /** Chips that were down once. */
  const away = new Set<string>();
  const gm = await loadGm();

  function faultsOf(chip: string): Faults {
    const known = faults.get(chip);
    if (known) return known;
    const fresh = { down: false, hangs: false, delayMs: 0, losesAnswers: 0, lies: false };
    faults.set(chip, fresh);
    return fresh;
  }

  /** 0.5 to 4.5 ms one way. */
  async function travel(chip: string): Promise<void> {
    const [byte = 0] = chance.bytes(1);
    const slowest = Math.max(0, ...[...faults.values()].map(({ delayMs }) => delayMs));
    const delayMs = plant === 'waits-for-the-slow' ? slowest : faultsOf(chip).delayMs;
    await time.waits.after(0.5 + byte / 64 + delayMs / 2).done;
  }

  /** What is planted before a call reaches its chip. */
  async function spoil(chip: string, name: string): Promise<void> {
    if (faultsOf(chip).down) away.add(chip);
    const isSilent =
      (plant === 'stays-away' && away.has(chip)) ||
      (plant === 'is-silent-afterwards' && lives.has(chip)) ||
      (plant === 'gives-no-copies' && name === 'exportTo' && isLoaded);
    if (isSilent) throw new ChipFault('no_answer');
    if (plant === 'hangs' && name === 'use') await new Promise(() => undefined);
  }

  function link(chip: string, target: () => OwnedChip): OwnedChip {
    return callsOf<OwnedChip>(chipCalls, async (name, input) => {
      await travel(chip);
      const fault = faultsOf(chip);
      if (fault.hangs) await new Promise(() => undefined);
      await spoil(chip, name);
      if (fault.down) throw new ChipFault('no_answer');
      if (plant === 'brings-nothing-back' && name === 'restoreKey') return undefined;
      if (plant === 'keeps-what-it-wiped' && name === 'wipe') {
        return target().wipe({ tenant: 'nobody', keyId: 'nothing' }, String(input[1]));
      }
      const life = lives.get(chip) ?? 0;
      const answer = await unpack(() =>
        reply(async () => callOn(target(), chipCalls, name, structuredClone(input))),
      );
      await travel(chip);
      if (plant === 'backs-up-another-key' && name === 'backup') {
        const before = lastBackup;
        lastBackup = answer;
        return before;
      }
      if (name === 'use' && fault.losesAnswers > 0) {
        fault.losesAnswers -= 1;
        throw new ChipFault('no_answer');
      }
      if (fault.down || life !== (lives.get(chip) ?? 0)) throw new ChipFault('no_answer');
      return fault.lies && name === 'use' ? falsified(answer) : structuredClone(answer);
    });
  }

  const options = { clock: time.clock, random, waits: time.waits, link };
  const cluster = await memoryCluster({ ...options, ...setup });
  const keys = clusterKeys(cluster.guardOf);
  const made: KeyRecord[] = [];
  let serial = 0;
  let isLoaded = false;
  let lastBackup: unknown;

  function nextId(): string {
    serial += 1;
    return uuidV7(time.clock.now() + serial, chance.bytes(10));
  }

  async function sign(key: KeyRecord, requestId = `r-${nextId()}`): Promise<Outcome> {
    const startMs = time.clock.now();
    const took = () => time.clock.now() - startMs;
    const message = messageOf(requestId);
    try {
      const request = { tenant: key.tenant, keyId: key.id, requestId, scheme: 'sm2-sm3' as const };
      const { signature: given, receipt } = await keys.sign({ ...request, message });
      const signature = plant === 'believes-liars' ? flipped(given) : given;
      return { key, requestId, tookMs: took(), signature, receipt };
    } catch (error) {
      if (!(error instanceof CinnabarError)) throw error;
      return { key, requestId, tookMs: took(), code: error.code };
    }
  }

  /** Whether the signature is valid, by the key, of the message, with a receipt that fits it. */
  function isRight({ key, requestId, signature, receipt }: Outcome): boolean {
    if (!signature || !receipt) return true;
    const chipKey = Uint8Array.from(Buffer.from(receipt.chipPublicKeyHex, 'hex'));
    return (
      gm.sm2.verify(gm.keys.decodeSpki(key.publicKey), messageOf(requestId), signature) &&
      verifyReceipt(gm, chipKey, receipt) &&
      receipt.requestId === requestId &&
      receipt.resultHashHex === bytesToHex(gm.sm3(signature))
    );
  }

  return {
    time,
    cluster,
    keys,
    made,
    gm,
    sign,
    isRight,
    nextId,
    faultsOf,
    run: time.run,
    /** A chip itself, without the network; `own` is what it takes tickets for when that is planted. */
    chipOf(chip: string, own?: Incarnation): OwnedChip {
      const target: OwnedChip = cluster.chip(chip);
      if (plant !== 'takes-any-ticket') return target;
      return callsOf<OwnedChip>(chipCalls, async (name, input) => {
        if (name !== 'use') return callOn(target, chipCalls, name, input);
        const [ticket, ...rest] = input as Parameters<OwnedChip['use']>;
        serial += 1;
        const good = {
          ...ticket,
          number: 9_000_000 + serial,
          notAfterMs: time.clock.now() + 1_000,
          incarnation: own ?? ticket.incarnation,
        };
        return target.use(good, ...rest);
      });
    },
    /** A cluster of the same make that begins with nothing, on the same network and clock. */
    anew: () => memoryCluster({ ...options, ...setup }),
    chance: () => (chance.bytes(1)[0] ?? 0) / 256,

    async makeKeys(count: number, policy = {}): Promise<void> {
      for (let i = 0; i < count; i++) {
        const input = { tenant, id: nextId(), algorithm: 'sm2' as const, uses: ['sign' as const] };
        made.push(await time.run(keys.create({ ...input, policy })));
      }
    },

    /** Breaks off what the chip is doing and starts it again on its storage. */
    kill(chip: string): void {
      lives.set(chip, (lives.get(chip) ?? 0) + 1);
      cluster.restart(chip);
    },

    /** Heartbeats until nothing is left to move. */
    async settle(): Promise<void> {
      for (let beat = 0; beat < 400; beat++) {
        const { isMore } = await time.run(
          (async () => {
            const isMore = await cluster.directory.tick(50);
            if (!isMore) await time.waits.after(beatMs).done;
            return { isMore };
          })(),
        );
        if (!isMore && beat > 3) return;
      }
    },

    /** Signs `requests` times, `width` at once, over all keys; `between` runs before each. */
    async load(
      requests: number,
      between: (i: number) => void | Promise<void> = () => undefined,
      width = 8,
    ): Promise<Outcome[]> {
      isLoaded = true;
      const outcomes: Outcome[] = [];
      let next = 0;
      let isOver = false;
      async function worker() {
        while (next < requests) {
          const i = next;
          next += 1;
          await between(i);
          const key = made[i % made.length];
          if (key) outcomes.push(await sign(key));
        }
      }
      async function heart() {
        while (!isOver) {
          await time.waits.after(beatMs / 10).done;
          await cluster.directory.tick(50);
        }
      }
      const beating = heart();
      await time.run(Promise.all(Array.from({ length: width }, worker)));
      isOver = true;
      await time.run(beating);
      return outcomes;
    },

    figures(outcomes: readonly Outcome[]): Figures {
      const times = outcomes.map(({ tookMs }) => tookMs).sort((a, b) => a - b);
      const codes: Record<string, number> = {};
      for (const { code } of outcomes) if (code) codes[code] = (codes[code] ?? 0) + 1;
      return {
        requests: outcomes.length,
        served: outcomes.filter(({ signature }) => signature).length,
        p50Ms: Math.round(quantile(times, 0.5)),
        p99Ms: Math.round(quantile(times, 0.99)),
        maxMs: Math.round(times.at(-1) ?? 0),
        wrong: outcomes.filter((outcome) => !isRight(outcome)).length,
        codes,
      };
    },

    /** Keys that can no longer sign. */
    async lostKeys(): Promise<number> {
      let lost = 0;
      for (const key of made) if (!(await time.run(sign(key))).signature) lost += 1;
      return lost;
    },
  };
}

export type UnderFire = Awaited<ReturnType<typeof clusterUnderFire>>;

function messageOf(requestId: string): Uint8Array {
  return utf8ToBytes(`to be signed under ${requestId}`);
}

function falsified(answer: unknown): unknown {
  const lie = structuredClone(answer) as { output: Uint8Array };
  return { ...lie, output: flipped(lie.output) };
}

function flipped(bytes: Uint8Array): Uint8Array {
  return bytes.map((byte, at) => (at === bytes.length - 1 ? byte ^ 1 : byte));
}
