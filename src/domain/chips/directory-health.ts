import { bytesToHex } from '@noble/hashes/utils.js';
import { quantile } from '../../lib/measure.ts';
import type { Clock, Random } from '../ports.ts';
import { within } from './attempts.ts';
import type { OwnedChip } from './chip.ts';
import { type Book, type Entry, type Seen, seenNow } from './directory-book.ts';
import { ChipFault } from './faults.ts';
import type { Waits } from './ports.ts';
import { isAttested } from './roster.ts';
import type { ChipTools } from './tools.ts';
import type { Attestation } from './types.ts';

export const heartbeatTimeoutMs = 2_000;
const missesToOut = 3;
/** Slow is p95 above so many times the pool's median, and above `slowLeastMs`. */
const slowFactor = 3;
const slowLeastMs = 50;
const slowSamples = 5;
const challengeBytes = 16;

export interface HealthDeps {
  readonly tools: ChipTools;
  readonly clock: Clock;
  readonly random: Random;
  readonly waits: Waits;
  readonly chip: (chip: string) => OwnedChip;
}

/** Asks for a fresh attestation by `ask`. @throws ChipFault when it is not this chip's */
export async function attested(
  { tools, clock, random, waits }: HealthDeps,
  chip: string,
  ask: (challengeHex: string) => Promise<Attestation>,
  timeoutMs = heartbeatTimeoutMs,
): Promise<Seen> {
  const challengeHex = bytesToHex(random.bytes(challengeBytes));
  const startMs = clock.now();
  const attestation = await within(waits, timeoutMs, ask(challengeHex));
  if (attestation.chip !== chip || !isAttested(tools, attestation, challengeHex)) {
    throw new ChipFault('not_authentic');
  }
  return { attestation, tookMs: clock.now() - startMs };
}

/** Looks after chips: whether they answer, how fast, and whether they are who was certified. */
export function directoryHealth(deps: HealthDeps, book: Book) {
  const { clock } = deps;

  function missed(chip: string): void {
    const entry = book.entryOf(chip);
    const misses = entry.misses + 1;
    const health = misses >= missesToOut ? 'out' : 'suspect';
    if (health !== entry.health) book.note(chip, health);
    if (health === 'out' && entry.health !== 'out') book.movePlacement();
    book.put({ ...entry, misses, health });
  }

  function isSlow(entry: Entry): boolean {
    const recent = entry.latenciesMs.slice(-20);
    if (recent.length < slowSamples) return false;
    const pool = book
      .entries()
      .filter(({ pool, chip }) => pool === entry.pool && chip !== entry.chip);
    const others = pool.flatMap(({ latenciesMs }) => latenciesMs.slice(-20));
    if (others.length === 0) return false;
    const p95 = quantile(
      recent.toSorted((a, b) => a - b),
      0.95,
    );
    const median = quantile(
      others.toSorted((a, b) => a - b),
      0.5,
    );
    return p95 > slowFactor * median && p95 > slowLeastMs;
  }

  async function lookNow(chip: string): Promise<void> {
    const known = book.entryOf(chip);
    let seen: Seen;
    try {
      seen = await attested(deps, chip, (challenge) => deps.chip(chip).attest(challenge));
    } catch {
      missed(chip);
      return;
    }
    const entry = book.entryOf(chip);
    // Emptied or taken back meanwhile: the answer is that of the chip before.
    if (entry.certificate.storageEpoch !== known.certificate.storageEpoch) return;
    const fault = faultOf(known, seen.attestation);
    if (fault) {
      book.quarantine(entry, fault);
      return;
    }
    const fresh = seenNow(entry, seen, clock.now());
    const health = isSlow(fresh) ? 'slow' : 'healthy';
    if (health !== entry.health) book.note(chip, health);
    // A chip of before builds were attested has none.
    if (entry.build && entry.build !== fresh.build) book.note(chip, 'new_build');
    if (entry.health === 'out') book.movePlacement();
    book.put({ ...fresh, health });
  }

  const looks = new Map<string, Promise<void>>();

  return {
    /**
     * One heartbeat of one chip; whoever asks while one is on its way waits for that one. Of two at
     * once the later answer may be the older one, which would look like a storage put back.
     */
    async look(chip: string): Promise<void> {
      const look = looks.get(chip) ?? lookNow(chip).finally(() => looks.delete(chip));
      looks.set(chip, look);
      await look;
    },
  };
}

/** What is wrong with a chip that answers: another storage, an older state, or a second host. */
function faultOf({ certificate, incarnation, sequence }: Entry, seen: Attestation) {
  if (seen.publicKeyHex !== certificate.publicKeyHex) return 'storage_lost';
  if (seen.storageEpoch !== certificate.storageEpoch) return 'storage_lost';
  if (seen.bootCount < incarnation.bootCount || seen.sequence < sequence) return 'rolled_back';
  const isTwin =
    seen.bootCount === incarnation.bootCount && seen.bootNonce !== incarnation.bootNonce;
  if (isTwin) return 'two_hosts';
  return seen.selfTest ? undefined : 'self_test_failed';
}
