import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { assertEvent } from '../../../src/core/business/event.ts';
import { visitsOf } from '../../../src/core/business/visits.ts';
import {
  actionChain,
  type BehaviourEvent,
  type BehaviourRules,
  keyDataOf,
  memoryBehaviourLog,
  referenceBehaviourRules,
  visitEnd,
} from '../../../src/core/business.ts';
import { behaviourLogContract } from '../../contract/behaviour-log.ts';
import { seededRandom } from '../../helpers/time-and-chance.ts';

const actions = ['balance.view', 'bill.list', 'bill.pay', 'bill.discount', 'limit.view'];
const rules: BehaviourRules = { ...referenceBehaviourRules, actions };
const day = 24 * 60 * 60 * 1000;
/** Eleven in the morning where the people are. */
const start = Date.UTC(2026, 2, 2, 3);

describe('log of behaviour in memory', () => behaviourLogContract(memoryBehaviourLog));

/** Visits, one a day, each action a minute after the one before. */
function history(visits: readonly (readonly string[])[], more: Partial<BehaviourEvent> = {}) {
  return visits.flatMap((path, at) =>
    path.map(
      (action, step): BehaviourEvent => ({
        id: `event-${at}-${step}`,
        atMs: start + at * day + step * 60_000,
        session: `session-${at}`,
        action,
        outcome: 'done',
        durationMs: 1_000,
        ...more,
      }),
    ),
  );
}

const pathArb = fc.array(fc.constantFrom(...actions), { minLength: 1, maxLength: 6 });
const visitsArb = fc.array(pathArb, { maxLength: 12 });

describe('D7: what comes next', () => {
  test('is a distribution over all actions and the end, whatever was seen', () => {
    fc.assert(
      fc.property(visitsArb, pathArb, (visits, recent) => {
        const seen = visitsOf(history(visits));
        const next = actionChain(seen, actions, start + 12 * day, 30).next(recent);
        const sum = next.reduce((total, { probability }) => total + probability, 0);
        expect(sum).toBeCloseTo(1, 9);
        expect(next.every(({ probability }) => probability > 0)).toBe(true);
        expect(next.map(({ action }) => action).sort()).toEqual([...actions, visitEnd].sort());
      }),
      { numRuns: 200 },
    );
  });

  test('is the same for the same events, and for no events nothing is likelier', () => {
    const events = history([['bill.list', 'bill.pay'], ['balance.view']]);
    const at = { nowMs: start + 3 * day };
    expect(keyDataOf(events, rules, at)).toEqual(keyDataOf(events, rules, at));
    const none = keyDataOf([], rules, at);
    const chances = new Set(none.next.map(({ probability }) => probability));
    expect([none.events, none.visits, none.preference, chances.size]).toEqual([0, 0, [], 1]);
  });

  test('follows the formula of Witten and Bell on figures made by hand', () => {
    // One visit a: with no decay, at the start of a visit. Vocabulary {a, b, end}.
    const visits = [{ actions: ['a'], startMs: 0, durationMs: 0, isWhole: true }];
    const next = actionChain(visits, ['a', 'b'], 0, 30).next([]);
    // p0(a) = (1 + 2·1/3) / (2 + 2) = 5/12; p1(a) = (1 + 1·5/12) / 2; p2(a) = (1 + p1) / 2.
    const first = next.find(({ action }) => action === 'a')?.probability;
    expect(first).toBeCloseTo((1 + (1 + 5 / 12) / 2) / 2, 12);
    const b = next.find(({ action }) => action === 'b')?.probability;
    // p0(b) = (2/3) / 4 = 1/6; then halved twice.
    expect(b).toBeCloseTo(1 / 24, 12);
  });

  test('beats the most frequent action on visits with a habit in them', () => {
    const { visits } = syntheticVisits(240);
    const [train, held] = [visits.slice(0, 180), visits.slice(180)];
    const chain = actionChain(visitsOf(history(train)), actions, start + 180 * day, 30);
    const counts = new Map<string, number>();
    for (const action of train.flat()) counts.set(action, (counts.get(action) ?? 0) + 1);
    const [frequent] = [...counts].sort((a, b) => b[1] - a[1])[0] ?? [];
    const score = { one: 0, three: 0, frequent: 0, of: 0 };
    for (const path of held) {
      path.forEach((action, at) => {
        const next = chain.next(path.slice(0, at)).map((likely) => likely.action);
        score.one += Number(next[0] === action);
        score.three += Number(next.slice(0, 3).includes(action));
        score.frequent += Number(frequent === action);
        score.of++;
      });
    }
    expect(score.one / score.of).toBeGreaterThan(score.frequent / score.of + 0.25);
    expect(score.three / score.of).toBeGreaterThan(0.9);
  });
});

/** Visits of somebody with two habits: lists and pays, or looks at balance and limit. */
function syntheticVisits(count: number) {
  const random = seededRandom(20_260);
  const chance = () => (random.bytes(1)[0] ?? 0) / 256;
  const visits = Array.from({ length: count }, () => {
    const path = chance() < 0.7 ? ['bill.list', 'bill.pay'] : ['balance.view', 'limit.view'];
    if (chance() < 0.3) path.push('balance.view');
    return chance() < 0.1 ? [actions[Math.floor(chance() * actions.length)] ?? '', ...path] : path;
  });
  return { visits };
}

describe('D7: key data', () => {
  const events = history(Array.from({ length: 12 }, () => ['bill.list', 'bill.pay']));
  const nowMs = start + 12 * day;

  test('names the usual path and offers what comes next', () => {
    const data = keyDataOf(events, rules, { nowMs });
    expect(data.usualPath).toMatchObject({ actions: ['bill.list', 'bill.pay'], visits: 12 });
    expect(data.usualPath?.medianDurationMs).toBe(61_000);
    expect(data.handling.map(({ code }) => code)).toEqual(['offer_next', 'offer_path']);
    const again = history([['bill.list']]).map((event) => ({
      ...event,
      session: 'running',
      id: 'running-0',
      atMs: nowMs - 1,
    }));
    const running = keyDataOf([...events, ...again], rules, { nowMs, session: 'running' });
    expect(running.next[0]?.action).toBe('bill.pay');
  });

  test('prefers what was done lately', () => {
    const old = history(Array.from({ length: 10 }, () => ['limit.view']));
    const late = history([['balance.view'], ['balance.view'], ['balance.view']]).map((event) => ({
      ...event,
      atMs: event.atMs + 200 * day,
      id: `late-${event.id}`,
      session: `late-${event.session}`,
    }));
    const data = keyDataOf([...old, ...late], rules, { nowMs: start + 204 * day });
    expect(data.preference[0]?.action).toBe('balance.view');
  });

  test('offers help where things fail', () => {
    const failed = events.map((event, i) =>
      event.action === 'bill.pay' && i % 4 === 1 ? { ...event, outcome: 'failed' as const } : event,
    );
    expect(keyDataOf(failed, rules, { nowMs }).handling).toContainEqual({
      code: 'assist',
      action: 'bill.pay',
      failed: 6,
      of: 12,
    });
  });

  test('suggests limits that one outlier does not move, and names unusual amounts', () => {
    const paid = events.map((event, i) =>
      event.action === 'bill.pay'
        ? { ...event, amount: { currency: 'CNY', minor: i === 3 ? 99_000_000 : 10_000 + i * 100 } }
        : event,
    );
    const data = keyDataOf(paid, rules, {
      nowMs,
      intended: { action: 'bill.pay', atMs: nowMs, amount: { currency: 'CNY', minor: 500_000 } },
    });
    expect(data.limits).toHaveLength(1);
    expect(data.limits[0]?.typicalMaxMinor).toBeLessThan(20_000);
    expect(data.risk.map(({ code }) => code)).toContain('unusual_amount');
  });

  test('names what is unlike the person, and says nothing before it knows them', () => {
    const at = (hours: number) => nowMs + hours * 60 * 60_000;
    const codes = (intended: { action: string; atMs: number }, past = events) =>
      keyDataOf(past, rules, { nowMs: intended.atMs, intended }).risk.map(({ code }) => code);
    expect(codes({ action: 'bill.list', atMs: at(0) })).toEqual([]);
    expect(codes({ action: 'bill.discount', atMs: at(0) })).toEqual(['new_action']);
    expect(codes({ action: 'bill.list', atMs: at(12) })).toEqual(['unusual_hour']);
    expect(codes({ action: 'bill.discount', atMs: at(12) }, events.slice(0, 4))).toEqual([]);
    const storm = Array.from({ length: 30 }, (_, i) => ({
      ...history([['bill.list']])[0],
      id: `storm-${i}0`,
      atMs: nowMs - 1000,
      outcome: 'failed',
    })) as BehaviourEvent[];
    expect(codes({ action: 'bill.list', atMs: nowMs }, [...events, ...storm])).toEqual(
      expect.arrayContaining(['burst', 'failures']),
    );
  });

  test('looks at nothing that happened later, and is not changed by the order of equal ways', () => {
    fc.assert(
      fc.property(visitsArb, fc.integer({ min: 0, max: 12 }), (visits, days) => {
        const all = history(visits);
        const nowMs = start + days * day;
        const before = all.filter(({ atMs }) => atMs <= nowMs);
        expect(keyDataOf(all, rules, { nowMs })).toEqual(keyDataOf(before, rules, { nowMs }));
      }),
      { numRuns: 100 },
    );
  });
});

test('D7: an event holds no text that a person typed, and no figure out of range', () => {
  const [event] = history([['bill.pay']]) as [BehaviourEvent];
  expect(() => assertEvent(event)).not.toThrow();
  const wrong: Partial<BehaviourEvent>[] = [
    { action: '陈思远' },
    { action: 'bill pay' },
    { id: 'short' },
    { session: '6222 0212 3456' },
    { durationMs: -1 },
    { durationMs: Number.NaN },
    { atMs: 0.5 },
    { amount: { currency: 'cny', minor: 1 } },
    { amount: { currency: 'CNY', minor: 1.5 } },
    { outcome: 'maybe' as never },
  ];
  for (const change of wrong)
    expect(() => assertEvent({ ...event, ...change })).toThrow(RangeError);
});
