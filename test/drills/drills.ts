import { expect } from 'vitest';
import type { CloneOffer, ClonePackage } from '../../src/domain/chips/cloning.ts';
import { ChipFault } from '../../src/domain/chips/faults.ts';
import { emptiedAndBack } from '../helpers/backups.ts';
import {
  clusterUnderFire,
  type Figures,
  type Plant,
  tenant,
  type UnderFire,
} from './cluster-under-fire.ts';

/** How large a drill is: the short form runs every day, the long form in `test:slow`. */
export interface Size {
  readonly keys: number;
  readonly requests: number;
  /** How often the fault happens. */
  readonly rounds: number;
  readonly seed: number;
  /** A planted defect: then the drill must fail. */
  readonly plant?: Plant;
}

export type Drill = (size: Size) => Promise<Figures>;

export const founders = ['chip-1', 'chip-2', 'chip-3', 'chip-4'];
const deadlineMs = 2_000;

/** What every drill must show: nothing lost, nothing wrong, nobody left waiting. */
export async function judge(fire: UnderFire, outcomes: Awaited<ReturnType<UnderFire['load']>>) {
  const figures = fire.figures(outcomes);
  expect(figures.wrong).toBe(0);
  expect(figures.maxMs).toBeLessThanOrEqual(deadlineMs);
  await fire.settle();
  expect(await fire.lostKeys()).toBe(0);
  return figures;
}

async function begin({ keys, seed, plant }: Size): Promise<UnderFire> {
  const fire = await clusterUnderFire(seed, plant);
  await fire.makeKeys(keys);
  return fire;
}

function every(requests: number, rounds: number): number {
  return Math.max(1, Math.floor(requests / rounds));
}

/** E2: a chip is killed in the middle of signatures; some answers are lost after the signature. */
export const killInMidSignature: Drill = async (size) => {
  const fire = await begin(size);
  const step = every(size.requests, size.rounds);
  const outcomes = await fire.load(size.requests, (i) => {
    if (i % step !== 0) return;
    const chip = founders[Math.floor(i / step) % founders.length] ?? 'chip-1';
    fire.faultsOf(chip).losesAnswers += 2;
    fire.kill(chip);
  });
  const figures = await judge(fire, outcomes);
  expect(figures.served).toBe(figures.requests);
  const released = new Set(outcomes.map(({ requestId }) => requestId));
  expect(released.size).toBe(outcomes.length);
  // The same request again is the same signature, although some were made twice inside.
  for (const { key, requestId, signature } of outcomes.slice(0, 20)) {
    const again = await fire.run(fire.sign(key, requestId));
    expect(again.signature).toEqual(signature);
  }
  return figures;
};

/** E2: a chip loses its storage and comes back empty. */
export const loseStorage: Drill = async (size) => {
  const fire = await begin(size);
  const step = every(size.requests, size.rounds);
  // One loss after the other: three replicas do not promise to survive three at once.
  let last = Promise.resolve();
  const lose = async (chip: string) => {
    fire.cluster.cellsOf(chip).clear();
    fire.kill(chip);
    await repaired(fire);
    await emptiedAndBack(fire.cluster.directory, chip);
  };
  const outcomes = await fire.load(size.requests, async (i) => {
    if (i === 0 || i % step !== 0) return;
    const chip = founders[Math.floor(i / step) % founders.length] ?? 'chip-1';
    last = last.then(() => lose(chip));
    await last;
  });
  const figures = await judge(fire, outcomes);
  expect(figures.served).toBe(figures.requests);
  const { events } = await fire.run(fire.cluster.directory.status());
  expect(events.map(({ what }) => what)).toContain('storage_lost');
  return figures;
};

/** Waits, inside the load, until the directory has moved what a fault endangered. */
async function repaired(fire: UnderFire): Promise<void> {
  while (await fire.cluster.directory.tick(200)) await fire.time.waits.after(1).done;
}

/** E2: two of three chips are lost: keys still sign, new ones are refused, repair heals. */
export const loseTwoOfThree: Drill = async (size) => {
  const fire = await begin(size);
  const { directory } = fire.cluster;
  await fire.run(directory.drain('chip-4'));
  await fire.settle();
  for (const chip of ['chip-2', 'chip-3']) fire.faultsOf(chip).down = true;
  // One chip works for three: so fast as it lets one tenant (`tenantRateDefault`), and no faster.
  const pause = () => fire.time.waits.after(20).done;
  const outcomes = await fire.load(size.requests, pause);
  expect(fire.figures(outcomes).served).toBe(size.requests);
  const input = { tenant, id: fire.nextId(), algorithm: 'sm2' as const, uses: ['sign' as const] };
  const refused = await fire.run(fire.keys.create(input).catch((error) => error.code));
  expect(refused).toBe('chips_unavailable');
  for (const chip of ['chip-2', 'chip-3']) fire.faultsOf(chip).down = false;
  const figures = await judge(fire, outcomes);
  expect((await fire.run(fire.keys.create(input))).state).toBe('active');
  return figures;
};

/** E2: one chip answers five seconds late; the pool goes on nearly as before. */
export const slowChip: Drill = async (size) => {
  const fire = await begin(size);
  const usual = fire.figures(await fire.load(size.requests));
  fire.faultsOf('chip-2').delayMs = 5_000;
  const outcomes = await fire.load(size.requests);
  const slowed = fire.figures(outcomes);
  expect(slowed.served).toBe(size.requests);
  // Until the directory has seen it, a request may be overtaken: once the hedge's time.
  const later = await fire.load(size.requests);
  const after = fire.figures(later);
  expect(after.p99Ms).toBeLessThanOrEqual(2 * usual.p99Ms);
  fire.faultsOf('chip-2').delayMs = 0;
  await judge(fire, [...outcomes, ...later]);
  return slowed;
};

/**
 * E2: a chip whose answers come late now and then: a second ticket overtakes it. The late answer
 * changes nothing, and the limit of a key counts one use for one request.
 */
export const hedgedTicket: Drill = async (size) => {
  const fire = await clusterUnderFire(size.seed, size.plant);
  // As often as each key is asked for, and once more by `judge`: a use that counted twice is missed.
  const uses = (2 * size.requests) / size.keys + 1;
  await fire.makeKeys(size.keys, { usesMax: size.plant === 'counts-half' ? 2 * uses : uses });
  const usual = fire.figures(await fire.load(size.requests));
  const late = fire.faultsOf('chip-1');
  const step = every(size.requests, size.rounds);
  const outcomes = await fire.load(size.requests, (i) => {
    // So short that no heartbeat need see it: only the hedge helps.
    late.delayMs = i % step === 0 ? 900 : 0;
  });
  late.delayMs = 0;
  const figures = await judge(fire, outcomes);
  expect(figures.served).toBe(figures.requests);
  // A request that met the late chip waits once for the hedge, never for the chip.
  expect(figures.maxMs).toBeLessThan(900);
  expect(figures.p50Ms).toBeLessThanOrEqual(2 * usual.p50Ms);
  for (const key of fire.made) {
    expect((await fire.run(fire.sign(key))).code).toBe('key_limit_reached');
  }
  return figures;
};

/** E2: a chip comes and goes every few seconds; keys move no more than they must. */
export const flapping: Drill = async (size) => {
  const fire = await begin(size);
  const { directory } = fire.cluster;
  const chip = fire.faultsOf('chip-3');
  let isOver = false;
  const flap = async () => {
    for (let round = 0; !isOver || round < size.rounds; round++) {
      chip.down = round % 2 === 0;
      await fire.time.waits.after(700 + 1_600 * fire.chance()).done;
    }
    chip.down = false;
  };
  const flapped = flap();
  const pause = () => fire.time.waits.after(20).done;
  const outcomes = await fire.load(size.requests, pause);
  isOver = true;
  await fire.run(flapped);
  const figures = await judge(fire, outcomes);
  expect(figures.served).toBe(figures.requests);
  const { chips, events } = await fire.run(directory.status());
  const after = chips.find(({ chip: name }) => name === 'chip-3');
  expect(after).toMatchObject({ duty: 'active', health: 'healthy' });
  expect(events.map(({ what }) => what)).toContain('suspect');
  for (const { tenant, id } of fire.made) {
    expect((await fire.run(fire.keys.find(tenant, id))).replicas.length).toBe(3);
  }
  return figures;
};

/** E2: two hosts claim one chip; the older is refused by tickets and found by the heartbeat. */
export const splitBrain: Drill = async (size) => {
  const fire = await begin(size);
  let refused = 0;
  const outcomes = await fire.load(size.requests);
  for (let round = 0; round < size.rounds; round++) {
    const key = fire.made[round % fire.made.length];
    if (!key) break;
    const home = key.replicas[0] ?? 'chip-1';
    const before = await fire.run(fire.cluster.directory.view());
    const old = fire.chipOf(home, before.find(({ chip }) => chip === home)?.incarnation);
    fire.kill(home);
    // The new host works for every key once, so that its incarnation is known.
    await fire.run(fire.cluster.directory.tick(0));
    const { chips } = { chips: await fire.run(fire.cluster.directory.view()) };
    const view = chips.find(({ chip }) => chip === home);
    if (!view) throw new Error('a chip is missing');
    const ticket = {
      tenant: key.tenant,
      keyId: key.id,
      epoch: key.epoch,
      number: 1_000_000 + round,
      requestId: `split-${round}`,
      chip: home,
      notAfterMs: fire.time.clock.now() + 1_000,
      incarnation: view.incarnation,
    };
    const use = { ...ticket, scheme: 'sm2-sm3' as const, message: new Uint8Array(1) };
    const error = await fire
      .run(old.use(ticket, { kind: 'sign', request: use }))
      .catch((thrown: unknown) => thrown);
    if (error instanceof ChipFault && error.code === 'superseded') refused += 1;
  }
  expect(refused).toBe(size.rounds);
  return judge(fire, outcomes);
};

/** E2: old tickets, offers and packages do nothing. */
export const replay: Drill = async (size) => {
  const fire = await begin(size);
  const outcomes = await fire.load(size.requests);
  for (let round = 0; round < size.rounds; round++) {
    const key = fire.made[round % fire.made.length];
    const [home = '', other = ''] = key?.replicas ?? [];
    if (!key) break;
    const name = { tenant: key.tenant, keyId: key.id };
    const chip = fire.chipOf(home);
    const views = await fire.run(fire.cluster.directory.view());
    const incarnation = views.find((view) => view.chip === home)?.incarnation;
    if (!incarnation) throw new Error('a chip is missing');
    const ticket = {
      ...name,
      epoch: key.epoch,
      number: 1,
      requestId: 'replayed',
      chip: home,
      notAfterMs: fire.time.clock.now() + 1_000,
      incarnation,
    };
    const request = {
      ...name,
      requestId: 'x',
      scheme: 'sm2-sm3' as const,
      message: new Uint8Array(1),
    };
    const used = { ...ticket, number: 2_000_000 + round };
    await fire.run(chip.use(used, { kind: 'sign', request }));
    const again = chip.use(used, { kind: 'sign', request });
    await expect(fire.run(again)).rejects.toMatchObject({ code: 'stale_ticket' });
    const late = { ...used, number: 3_000_000, notAfterMs: fire.time.clock.now() - 1 };
    const expired = chip.use(late, { kind: 'sign', request });
    await expect(fire.run(expired)).rejects.toMatchObject({ code: 'not_for_us' });
    await replayClone(fire, name, home, other);
  }
  return judge(fire, outcomes);
};

async function replayClone(
  fire: UnderFire,
  name: { tenant: string; keyId: string },
  from: string,
  to: string,
): Promise<void> {
  const [source, target] = [fire.cluster.chip(from), fire.cluster.chip(to)];
  const offer: CloneOffer = await fire.run(target.offer(name, 1));
  const clone: ClonePackage = await fire.run(source.exportTo(name, offer));
  await fire.run(target.import(clone));
  await expect(fire.run(target.import(clone))).rejects.toMatchObject({ code: 'not_for_us' });
  const fresh = await fire.run(target.offer(name, 1));
  const moved = { ...clone, nonceHex: fresh.nonceHex };
  await expect(fire.run(target.import(moved))).rejects.toMatchObject({ code: 'not_authentic' });
  const later = { ...fresh, epoch: 2 };
  await expect(fire.run(source.exportTo(name, later))).rejects.toMatchObject({
    code: 'stale_epoch',
  });
  const altered = { ...fresh, notAfterMs: fresh.notAfterMs + 1 };
  await expect(fire.run(source.exportTo(name, altered))).rejects.toMatchObject({
    code: 'not_authentic',
  });
}

/** E2: a chip's storage of an earlier time is put back. */
export const rollBack: Drill = async (size) => {
  const fire = await begin(size);
  const restore = fire.cluster.cellsOf('chip-2').snapshot();
  const first = await fire.load(size.requests);
  // As many starts as before, and an older log: only the counters outside can tell.
  restore();
  fire.kill('chip-2');
  const second = await fire.load(size.requests);
  await fire.settle();
  const status = await fire.run(fire.cluster.directory.status());
  const chip = status.chips.find((view) => view.chip === 'chip-2');
  expect(chip).toMatchObject({ duty: 'quarantined' });
  const figures = await judge(fire, [...first, ...second]);
  expect(figures.served).toBe(figures.requests);
  return figures;
};

/** E2: jobs come twice and in another order; the end is the same. */
export const duplicatedJobs: Drill = async (size) => {
  const fire = await begin(size);
  const { directory, guardOf } = fire.cluster;
  await fire.run(directory.drain('chip-3'));
  const jobs = fire.made.flatMap((key) => [key, key, key]);
  jobs.sort(() => fire.chance() - 0.5);
  const outcomes = await fire.load(size.requests, async (i) => {
    const key = jobs[i % jobs.length];
    if (key) await guardOf(key.tenant, key.id).repair();
  });
  await fire.settle();
  for (const key of fire.made) {
    const { replicas } = await fire.run(fire.keys.find(key.tenant, key.id));
    expect(new Set(replicas).size).toBe(3);
    expect(replicas).not.toContain('chip-3');
  }
  const status = await fire.run(directory.status());
  expect(status.chips.find(({ chip }) => chip === 'chip-3')).toMatchObject({
    duty: 'drained',
    keysToMove: 0,
  });
  const figures = await judge(fire, outcomes);
  expect(figures.served).toBe(figures.requests);
  return figures;
};

/** E2: of 500 simultaneous uses of a key for ten, exactly ten succeed. */
export const limitRace: Drill = async (size) => {
  const fire = await clusterUnderFire(size.seed, size.plant);
  const outcomes = [];
  for (let round = 0; round < size.rounds; round++) {
    await fire.makeKeys(1, { usesMax: size.plant === 'counts-half' ? 20 : 10 });
    const key = fire.made.at(-1);
    if (!key) break;
    fire.faultsOf('chip-1').losesAnswers = 3;
    const asked = await fire.run(Promise.all(Array.from({ length: 500 }, () => fire.sign(key))));
    expect(asked.filter(({ signature }) => signature)).toHaveLength(10);
    outcomes.push(...asked);
  }
  const figures = fire.figures(outcomes);
  expect(figures.wrong).toBe(0);
  expect(figures.codes).toEqual({ key_limit_reached: outcomes.length - figures.served });
  return figures;
};

/** E2: no use is released after the revocation was answered, and no chip keeps the key. */
export const revocationRace: Drill = async (size) => {
  const fire = await clusterUnderFire(size.seed, size.plant);
  const outcomes = [];
  for (let round = 0; round < size.rounds; round++) {
    await fire.makeKeys(1);
    const key = fire.made.at(-1);
    if (!key) break;
    let revokedAtMs = Number.POSITIVE_INFINITY;
    const revoke = async () => {
      await fire.time.waits.after(fire.chance() * 30).done;
      revokedAtMs = fire.time.clock.now();
      await fire.keys.setState(key.tenant, key.id, 'revoked');
    };
    const uses = Array.from({ length: 30 }, async (_, i) => {
      await fire.time.waits.after(i).done;
      return fire.sign(key);
    });
    const [, ...asked] = await fire.run(Promise.all([revoke(), ...uses]));
    for (const { receipt } of asked) {
      if (receipt) expect(receipt.atMs).toBeLessThanOrEqual(revokedAtMs);
    }
    for (const chip of founders) {
      const held = fire.cluster.chip(chip).prove({ tenant, keyId: key.id }, new Uint8Array(1));
      await expect(fire.run(held)).rejects.toMatchObject({ code: 'not_held' });
    }
    outcomes.push(...asked);
  }
  const figures = fire.figures(outcomes);
  expect(figures.wrong).toBe(0);
  return figures;
};

/** E2: a chip that gives a wrong signature is not believed. */
export const lyingChip: Drill = async (size) => {
  const fire = await begin(size);
  fire.faultsOf('chip-1').lies = true;
  const outcomes = await fire.load(size.requests);
  fire.faultsOf('chip-1').lies = false;
  const figures = await judge(fire, outcomes);
  expect(figures.served).toBe(figures.requests);
  return figures;
};

/**
 * Service under wear: ten requests a second, and once a minute a chip is killed and stays away for
 * ten seconds. Minutes are those of the simulated clock.
 */
export async function oneChipAMinute(size: Size, minutes: number): Promise<Figures> {
  const fire = await begin(size);
  const width = 8;
  const pauseMs = (1_000 * width) / 10;
  let isOver = false;
  const wear = async () => {
    for (let minute = 0; !isOver; minute++) {
      await fire.time.waits.after(50_000).done;
      const chip = founders[minute % founders.length] ?? 'chip-1';
      fire.kill(chip);
      fire.faultsOf(chip).down = true;
      await fire.time.waits.after(10_000).done;
      fire.faultsOf(chip).down = false;
    }
  };
  const wearing = wear();
  const pause = () => fire.time.waits.after(pauseMs).done;
  const outcomes = await fire.load(minutes * 600, pause, width);
  isOver = true;
  await fire.run(wearing);
  return judge(fire, outcomes);
}
