import { beforeAll, describe, expect, it } from 'vitest';
import { SealError } from '../../../src/core/seal-error.ts';
import type { Caller } from '../../../src/domain/actor.ts';
import { openAccount } from '../../../src/domain/seals/accounts.ts';
import { addCard } from '../../../src/domain/seals/cards.ts';
import { verificationPictures } from '../../../src/domain/seals/pictures.ts';
import { defaultPolicy, replayDraw, type SealPolicy } from '../../../src/domain/seals/policy.ts';
import type { SealDeps, SealEngine } from '../../../src/domain/seals/ports.ts';
import type { Seal } from '../../../src/domain/seals/types.ts';
import { verifyImprint } from '../../../src/domain/seals/verify.ts';
import { memoryPlatform } from '../../../src/platform/memory/platform.ts';
import { gridEngine } from '../../helpers/grid-engine.ts';
import { ringWithCross, ringWithSquare } from '../../helpers/imprints.ts';
import { enrolled } from '../../helpers/seal-machine.ts';
import { seededRandom, tickingClock } from '../../helpers/time-and-chance.ts';

const caller: Caller = {
  actor: { id: 'teller-1', tenant: 'bank', branch: '0102', roles: ['teller'], name: 'T' },
  requestId: 'request-1',
};
const money = { currency: 'CNY', amountMinor: 100 };
const imprint = { bytes: ringWithCross };
const askingFor = (defaultCount: number): SealPolicy => ({ ...defaultPolicy, defaultCount });

async function machine(engine: SealEngine, policy: SealPolicy) {
  const deps: SealDeps = memoryPlatform({
    clock: tickingClock(),
    random: seededRandom(4),
    engine,
    policy,
    requestsPerMinute: 1,
  });
  await openAccount(deps, caller, { id: 'a', number: '1', name: 'n', contact: 'c' });
  const dates = { startDate: '2026-01-01', endDate: '2030-12-31' };
  await addCard(deps, caller, { id: 'c', accountId: 'a', number: '1', ...dates });
  const enrol = (id: string): Promise<Seal> =>
    enrolled(deps, caller, { id, cardId: 'c', serial: id, shape: 'round', remark: '', imprint });
  const verify = (id: string, bytes = ringWithCross, sealId = 's') =>
    verifyImprint(deps, caller, { id, sealId, money, branch: '0102', imprint: { bytes } });
  return { deps, enrol, verify };
}

/** An engine in which one vendor says what the test wants. */
function withVendor(
  engine: SealEngine,
  code: string,
  change: { enrol?: () => Uint8Array; match?: Partial<ReturnType<SealEngine['match']>> },
): SealEngine {
  return {
    ...engine,
    enrol: (raster, vendor) =>
      vendor === code && change.enrol ? change.enrol() : engine.enrol(raster, vendor),
    match: (vendor, reserved, query) => ({
      ...engine.match(vendor, reserved, query),
      ...(vendor === code ? change.match : {}),
    }),
  };
}

const breakDown = () => {
  throw new SealError('core_failed', 'trap');
};

describe('several vendors', () => {
  let engine: SealEngine;

  beforeAll(async () => {
    engine = await gridEngine(['alpha', 'beta', 'gamma']);
  });

  it('B2: enrolment keeps the templates of all, or nothing when one breaks down', async () => {
    const { deps, enrol } = await machine(engine, askingFor(1));
    const seal = await enrol('s');
    expect(seal.templates.map(({ vendor }) => vendor.code)).toEqual(['alpha', 'beta', 'gamma']);
    const { deps: halves, enrol: enrolHalf } = await machine(
      withVendor(engine, 'gamma', { enrol: breakDown }),
      askingFor(1),
    );
    await expect(enrolHalf('s')).rejects.toMatchObject({ code: 'internal' });
    expect(await halves.seals.listSeals('bank', {}, { limit: 9 })).toEqual([]);
    expect(await deps.seals.findSeal('bank', 's')).toEqual(seal);
  });

  it('B5: draws as many as the policy asks, over time every one', async () => {
    const { enrol, verify } = await machine(engine, askingFor(2));
    await enrol('s');
    const drawn = new Set<string>();
    for (let i = 0; i < 24; i++) {
      const { vendors, policy } = await verify(`v${i}`);
      expect(vendors).toHaveLength(2);
      expect(policy).toMatchObject({ source: 'default', vendorCount: 2, version: 0 });
      expect(vendors.map(({ vendor }) => vendor.code).sort()).toEqual(
        [...replayDraw(2, policy.draw)].sort(),
      );
      drawn.add(vendors.map(({ vendor }) => vendor.code).join());
    }
    expect([...drawn].sort()).toEqual(['alpha,beta', 'alpha,gamma', 'beta,gamma']);
  });

  it('B6: one that does not agree fails the request, and the others are still heard', async () => {
    const forged = withVendor(engine, 'alpha', { match: { match: false, score: 0.1 } });
    const { enrol, verify } = await machine(forged, askingFor(3));
    await enrol('s');
    const verification = await verify('v');
    expect(verification).toMatchObject({ match: false, verdict: 'fail', nextStep: 'review' });
    expect(verification.vendors.map(({ match }) => match)).toEqual([false, true, true]);
    expect(verification.vendors.slice(1).map(({ score }) => score)).toEqual([1, 1]);
  });

  it('B6: compares each query template with the reserved one of the same vendor', async () => {
    const { enrol, verify } = await machine(engine, askingFor(3));
    const seal = await enrol('s');
    const { vendors, templates } = await verify('v', ringWithSquare);
    for (const [index, { vendor, reservedTemplateId }] of vendors.entries()) {
      const reserved = seal.templates.find(({ id }) => id === reservedTemplateId);
      expect(reserved?.vendor).toEqual(vendor);
      expect(templates[index]?.vendor).toEqual(vendor);
    }
  });

  it('one that breaks down has not agreed, and hides nothing of the others', async () => {
    let broken = false;
    const failing = withVendor(engine, 'beta', {});
    const engineThatBreaks: SealEngine = {
      ...failing,
      enrol: (raster, code) =>
        broken && code === 'beta' ? breakDown() : failing.enrol(raster, code),
    };
    const { deps, enrol, verify } = await machine(engineThatBreaks, askingFor(3));
    await enrol('s');
    broken = true;
    const verification = await verify('v');
    expect(verification).toMatchObject({ match: false, verdict: 'review', nextStep: 'review' });
    expect(verification.reasons).toContainEqual({ code: 'vendor_failed', detail: 'beta' });
    expect(verification.vendors.map(({ match }) => match)).toEqual([true, false, true]);
    expect(verification.templates).toHaveLength(2);
    await expect(verificationPictures(deps, caller.actor, 'v', 'beta')).rejects.toMatchObject({
      code: 'vendor_not_found',
    });
    const shown = await verificationPictures(deps, caller.actor, 'v', 'gamma');
    expect(shown.result.vendor.code).toBe('gamma');
  });

  it('one that doubts sends an agreement of the others to a person', async () => {
    const doubtful = withVendor(engine, 'gamma', { match: { match: false, score: 0.92 } });
    const { enrol, verify } = await machine(doubtful, askingFor(3));
    await enrol('s');
    expect(await verify('v')).toMatchObject({ match: false, verdict: 'review' });
  });

  it('fewer than the policy asks cannot pass an imprint by themselves', async () => {
    const { enrol, verify } = await machine(engine, askingFor(4));
    await enrol('s');
    const verification = await verify('v');
    expect(verification).toMatchObject({ match: true, verdict: 'review', nextStep: 'review' });
    expect(verification.reasons).toContainEqual({ code: 'too_few_vendors' });
  });

  it('B1: a vendor installed later is not asked about seals that it has not enrolled', async () => {
    const { deps, enrol } = await machine(await gridEngine(['alpha']), askingFor(1));
    await enrol('s');
    const later = { ...deps, engine };
    const verification = await verifyImprint(later, caller, {
      id: 'v',
      sealId: 's',
      money,
      branch: '0102',
      imprint,
    });
    expect(verification.vendors.map(({ vendor }) => vendor.code)).toEqual(['alpha']);
    const gone = { ...deps, engine: await gridEngine(['delta']) };
    const request = { id: 'w', sealId: 's', money, branch: '0102', imprint };
    await expect(verifyImprint(gone, caller, request)).rejects.toMatchObject({
      code: 'vendor_not_found',
    });
  });

  it('B7: shows a mismatching vendor first', async () => {
    const forged = withVendor(engine, 'gamma', { match: { match: false, score: 0.1 } });
    const { deps, enrol, verify } = await machine(forged, askingFor(3));
    await enrol('s');
    await verify('v');
    const shown = await verificationPictures(deps, caller.actor, 'v', undefined);
    expect(shown.result.vendor.code).toBe('gamma');
  });
});
