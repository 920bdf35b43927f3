import { describe, expect, it } from 'vitest';
import type { ScoringContext } from '../../../src/domain/federation/pieces.ts';
import {
  assertContributors,
  claimAnswer,
  completenessOf,
  contributorsOf,
  hashContributors,
  pad,
  personIntervalMs,
  unpad,
} from '../../../src/domain/federation/rules.ts';
import { sharingOf } from '../../../src/domain/federation/sharing.ts';
import { memoryAnswerBook } from '../../../src/platform/memory/answer-book.ts';

const context: ScoringContext = {
  requestId: new Uint8Array(16),
  modelHash: new Uint8Array(32),
  n: 3,
  t: 2,
  rows: 1,
};
const claim = {
  requestId: 'a',
  persons: ['p'],
  nowMs: 1_000,
  expiresAtMs: 1_000_000,
};

describe('A3: one answer for each request and person (R1, R5)', () => {
  it('a replay is refused until the request has expired, whoever it is for', async () => {
    const book = memoryAnswerBook();
    await claimAnswer(book, claim);
    const later = { ...claim, persons: ['q'], nowMs: claim.expiresAtMs - 1 };
    await expect(claimAnswer(book, later)).rejects.toMatchObject({ code: 'answer_repeated' });
    await claimAnswer(book, { ...later, nowMs: claim.expiresAtMs });
  });

  it('a person is answered once a minute, so that two lists of contributors give no difference', async () => {
    const book = memoryAnswerBook();
    await claimAnswer(book, claim);
    const other = { ...claim, requestId: 'b', nowMs: claim.nowMs + personIntervalMs - 1 };
    await expect(claimAnswer(book, other)).rejects.toMatchObject({ code: 'answer_repeated' });
    await claimAnswer(book, { ...other, nowMs: claim.nowMs + personIntervalMs });
  });

  it('a refused claim uses nothing up', async () => {
    const book = memoryAnswerBook();
    await claimAnswer(book, claim);
    await expect(claimAnswer(book, { ...claim, persons: ['r'] })).rejects.toThrow();
    await claimAnswer(book, { ...claim, requestId: 'c', persons: ['r'] });
  });
});

describe('A3: who contributes (R2, R3)', () => {
  const sharing = sharingOf(3);

  it('at least two parties besides the decision service', () => {
    assertContributors(sharing, [0, 2]);
    assertContributors(sharing, [0, 1, 2], [1]);
    for (const [list, controlled] of [
      [[1], []],
      [[], []],
      [[0, 1], [0]],
      [[0, 0], []],
      [[2, 1], []],
      [[1, 3], []],
    ] as const) {
      expect(() => assertContributors(sharing, list, controlled)).toThrow('at least 2 parties');
    }
  });

  it('a list is bound to the request, and another list has another hash', () => {
    const hashes = [
      hashContributors(context, [0, 1]),
      hashContributors(context, [0, 1, 2]),
      hashContributors({ ...context, rows: 2 }, [0, 1]),
      hashContributors({ ...context, requestId: new Uint8Array(16).fill(1) }, [0, 1]),
    ].map(String);
    expect(new Set(hashes).size).toBe(4);
  });

  it('only a contributor whose piece reached every live holder counts', () => {
    const all = new Set([0, 1, 2]);
    expect(
      contributorsOf(
        sharing,
        new Map([
          [0, all],
          [1, all],
          [2, all],
        ]),
      ),
    ).toEqual([0, 1, 2]);
    // Node 2 is lost after it sent: its pieces are with 0 and 1, those for it do not matter.
    expect(
      contributorsOf(
        sharing,
        new Map([
          [0, all],
          [1, all],
        ]),
      ),
    ).toEqual([0, 1, 2]);
    // Node 2 sent to one holder only.
    const some = new Set([0, 1]);
    expect(
      contributorsOf(
        sharing,
        new Map([
          [0, all],
          [1, some],
          [2, all],
        ]),
      ),
    ).toEqual([0, 1]);
  });

  it('a missing block caps the tier, a missing mandatory one asks a person', () => {
    const whole = { score: 0n, ordinaryAbsent: 0, mandatoryAbsent: 0 };
    const at = (more: Partial<typeof whole>, lost: { mandatory: boolean }[] = []) =>
      completenessOf({ ...whole, ...more }, lost);
    expect(at({})).toEqual({ bestTier: 1, needsReview: false, missing: 0 });
    expect(at({ ordinaryAbsent: 1 })).toEqual({ bestTier: 3, needsReview: false, missing: 1 });
    expect(at({ mandatoryAbsent: 1 })).toMatchObject({ bestTier: 3, needsReview: true });
    expect(at({}, [{ mandatory: false }])).toMatchObject({ bestTier: 3, needsReview: false });
    expect(at({}, [{ mandatory: true }])).toMatchObject({ bestTier: 3, needsReview: true });
  });
});

describe('A2: one length for each step (R6)', () => {
  it('what was padded comes back, anything else is refused', () => {
    const payload = Uint8Array.of(1, 2, 0);
    const padded = pad(payload, 16);
    expect(padded.length).toBe(16);
    expect([...unpad(padded)]).toEqual([1, 2, 0]);
    expect(() => pad(new Uint8Array(13), 16)).toThrow();
    for (let at = 0; at < 16; at++) {
      const changed = padded.slice();
      changed[at] = (changed[at] ?? 0) ^ 0x80;
      if (at >= 4 && at < 7) continue;
      expect(() => unpad(changed), String(at)).toThrow();
    }
    expect(() => unpad(new Uint8Array(3))).toThrow();
  });
});
