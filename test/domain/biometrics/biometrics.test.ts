import { beforeEach, describe, expect, test } from 'vitest';
import { consentText } from '../../../src/core/biometric-consent.ts';
import {
  assertConsentText,
  consentTo,
  enrolBiometric,
  listEnrolments,
  retentionDays,
  withdrawBiometric,
} from '../../../src/domain/biometrics/enrol.ts';
import type { BiometricRows } from '../../../src/domain/biometrics/ports.ts';
import { answerChallenge } from '../../../src/domain/payments/biometric.ts';
import { decideChallenge, getOrder, placeOrder } from '../../../src/domain/payments/order.ts';
import { type BiometricUse, defaultRiskPolicy } from '../../../src/domain/risk/policy.ts';
import { memoryRowStore } from '../../../src/platform/memory/row-store.ts';
import { enrolled, featureService, sampleOf } from '../../helpers/biometrics.ts';
import { ordering, paymentDeps, signOrder } from '../../helpers/payments.ts';
import { callerOf, certifiedTerminal, type Terminal } from '../../helpers/signing.ts';

const day = 24 * 60 * 60 * 1000;
const face = sampleOf(1);
const sameFace = sampleOf(1, 0.1);
const stranger = sampleOf(2);
const officer = callerOf('risk-officer-xu', 'risk_officer');

function makeDeps() {
  const faces = featureService();
  return {
    ...paymentDeps(),
    faces,
    biometrics: [faces.service],
    biometricRows: memoryRowStore<BiometricRows>(),
  };
}

let deps: ReturnType<typeof makeDeps>;
let person: Terminal;

beforeEach(async () => {
  deps = makeDeps();
  person = await certifiedTerminal(deps, 'customer-chen');
});

/** An order that the risk engine challenges, under a policy that makes this of a match. */
async function challenged(biometric: BiometricUse) {
  deps.known.policy = { ...defaultRiskPolicy, biometric };
  deps.known.device = { enrolledAtMs: deps.clock.now(), keyStore: 'hardware' };
  const order = await placeOrder(deps, person.caller, ordering(deps, person));
  expect(order.state).toBe('challenged');
  return order.id;
}

const look = (id: string, sample: Uint8Array) =>
  answerChallenge(deps, person.caller, { id, modality: 'face', sample });
const stateOf = async (id: string) => (await getOrder(deps, person.caller.actor, id)).state;

describe('E7: a face for a challenged order', () => {
  test('E7: a match clears it, says so, and the payer still confirms', async () => {
    await enrolled(deps, person, face);
    const id = await challenged('clears');
    const { order, finding } = await look(id, sameFace);
    expect(finding).toBe('match');
    expect(order).toMatchObject({ state: 'assessed', cleared: { method: 'biometric' } });
    expect(await signOrder(deps, person, order)).toBeInstanceOf(Uint8Array);
  });

  test('E7: after three strangers the risk engine ends it, and no fourth look is made', async () => {
    await enrolled(deps, person, face);
    const id = await challenged('clears');
    expect((await look(id, stranger)).order.state).toBe('challenged');
    expect((await look(id, stranger)).order.state).toBe('challenged');
    const { order } = await look(id, stranger);
    expect(order).toMatchObject({
      state: 'terminated',
      termination: { reason: 'risk' },
      facts: { biometric: 'no_match' },
    });
    expect(order.assessment.reasons[0]?.rule).toBe('biometric_refused');
    await expect(look(id, sameFace)).rejects.toMatchObject({ code: 'order_state' });
    expect(deps.faces.seen.verified).toBe(3);
  });

  test('E7: sixteen looks at once are three looks', async () => {
    await enrolled(deps, person, face);
    const id = await challenged('clears');
    const looks = Array.from({ length: 16 }, () => look(id, stranger));
    await Promise.allSettled(looks);
    expect(deps.faces.seen.verified).toBe(3);
    expect(await stateOf(id)).toBe('terminated');
  });

  test('E7: nothing but a match is a yes', async () => {
    const nobody = await challenged('clears');
    expect((await look(nobody, face)).finding).toBe('unavailable');
    await enrolled(deps, person, face);
    const id = await challenged('clears');
    expect((await look(id, Uint8Array.of(1, 2))).finding).toBe('unusable');
    deps.faces.seen.isDown = true;
    expect((await look(id, face)).finding).toBe('unavailable');
    deps.faces.seen.isDown = false;
    const renamed = [{ ...deps.faces.service, name: 'another' }];
    const request = { id, modality: 'face', sample: face } as const;
    const other = await answerChallenge({ ...deps, biometrics: renamed }, person.caller, request);
    expect(other.finding).toBe('unavailable');
    for (const one of [nobody, id]) expect(await stateOf(one)).toBe('challenged');
    await expect(look(id, face)).rejects.toMatchObject({ code: 'order_state' });
  });

  test('E7: counts only where the policy says so; where it demands one, no officer is enough', async () => {
    await enrolled(deps, person, face);
    const none = await challenged('none');
    await expect(look(none, face)).rejects.toMatchObject({ code: 'order_state' });
    const id = await challenged('demanded');
    const decide = (decision: 'allow' | 'terminate', order: string) =>
      decideChallenge(deps, officer, { payer: 'customer-chen', id: order, decision });
    await expect(decide('allow', id)).rejects.toMatchObject({ code: 'biometric_demanded' });
    expect((await look(id, sameFace)).order.state).toBe('assessed');
    expect((await decide('terminate', await challenged('demanded'))).state).toBe('terminated');
    expect((await decide('allow', await challenged('clears'))).state).toBe('assessed');
  });

  test("E7: nobody answers for somebody else's order", async () => {
    const id = await challenged('clears');
    const other = await certifiedTerminal(deps, 'customer-wang');
    await enrolled(deps, other, stranger);
    await expect(
      answerChallenge(deps, other.caller, { id, modality: 'face', sample: stranger }),
    ).rejects.toMatchObject({ code: 'order_not_found' });
  });
});

describe('E7: consent, retention, removal', () => {
  test('E7: what was signed is kept; another sample, key or text is refused', async () => {
    const { consent } = await enrolled(deps, person, face);
    expect(JSON.parse(consent.text)).toMatchObject({
      kind: 'cinnabar biometric consent',
      person: 'customer-chen',
      service: 'test features',
      liveness: 'none',
      purpose: 'confirming payments',
      days: retentionDays,
    });
    const signature = await person.signText(consent.text);
    const request = { modality: 'face', personalKeyId: person.key.id, signature } as const;
    await expect(
      enrolBiometric(deps, person.caller, { ...request, sample: stranger }),
    ).rejects.toMatchObject({ code: 'signature_invalid' });
    const other = await certifiedTerminal(deps, 'customer-wang');
    await expect(
      enrolBiometric(deps, other.caller, { ...request, sample: face }),
    ).rejects.toMatchObject({ code: 'personal_key_not_found' });
  });

  test('E7: half of a signature is given over the offered consent only', () => {
    const { actor } = person.caller;
    const sample = { sha256: 'ab'.repeat(32) };
    const terms = consentTo(actor, person.key.id, deps.faces.service, sample);
    const check = (text: string) =>
      assertConsentText(deps, actor, person.key.id, new TextEncoder().encode(text));
    expect(() => check(consentText(terms))).not.toThrow();
    const others = [
      { ...terms, days: 3_650 },
      { ...terms, person: 'customer-wang' },
      { ...terms, liveness: 'provided' as const },
      { ...terms, sampleSha256: '' },
    ].map(consentText);
    for (const text of [...others, `${consentText(terms)} `, '{}', 'null', '']) {
      expect(() => check(text), text).toThrow('invalid_request');
    }
  });

  test('E7: at rest there is neither face nor template, and another enrolment shares nothing with it', async () => {
    const first = await enrolled(deps, person, face);
    const second = await enrolled(deps, person, face);
    expect(second.id).toBe(first.id);
    expect(deps.faces.seen.forgotten).toHaveLength(1);
    expect(second.sealed?.ciphertext).not.toBe(first.sealed?.ciphertext);
    const stored = await deps.biometricRows.find('beichen-bank', 'enrolment', first.id);
    expect(Object.keys(stored?.sealed ?? {}).sort()).toEqual(['ciphertext', 'wrappedKey']);
  });

  test('E7: its time over, or withdrawn, it matches nobody', async () => {
    await enrolled(deps, person, face);
    expect(await listEnrolments(deps, person.caller.actor)).toHaveLength(1);
    await withdrawBiometric(deps, person.caller, 'face');
    expect(await listEnrolments(deps, person.caller.actor)).toEqual([]);
    expect((await look(await challenged('clears'), face)).finding).toBe('unavailable');
    await enrolled(deps, person, face);
    deps.clock.advance(retentionDays * day);
    expect(await listEnrolments(deps, person.caller.actor)).toEqual([]);
  });

  test('E7: a removal that the service does not hear of is finished later, and matches nobody meanwhile', async () => {
    const { id } = await enrolled(deps, person, face);
    deps.faces.seen.isDown = true;
    await expect(withdrawBiometric(deps, person.caller, 'face')).rejects.toMatchObject({
      code: 'biometrics_unavailable',
    });
    deps.faces.seen.isDown = false;
    expect((await look(await challenged('clears'), face)).finding).toBe('unavailable');
    await withdrawBiometric(deps, person.caller, 'face');
    expect(deps.faces.seen.forgotten).toHaveLength(1);
    const row = await deps.biometricRows.find('beichen-bank', 'enrolment', id);
    expect(row).toMatchObject({ state: 'withdrawn' });
    expect(row?.sealed).toBeUndefined();
    expect(row?.consent.text).toContain('biometric consent');
  });
});
