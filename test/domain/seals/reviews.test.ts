import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Caller } from '../../../src/domain/actor.ts';
import type { SealPolicy } from '../../../src/domain/seals/policy.ts';
import {
  claimNext,
  claimReview,
  type DecisionRequest,
  decideReview,
  describeReview,
  listReviews,
  releaseReview,
  reviewLeaseMs,
  settleDecision,
  undoMs,
  withdrawDecision,
} from '../../../src/domain/seals/reviews.ts';
import { runWork, sweepWork } from '../../../src/domain/seals/run-work.ts';
import { ringWithSquare } from '../../helpers/imprints.ts';
import { personOf, sealMachine } from '../../helpers/seal-machine.ts';

const teller = personOf('teller-1');
const [first, second, third] = ['reviewer-1', 'reviewer-2', 'reviewer-3'].map((id) =>
  personOf(id, 'reviewer'),
) as [Caller, Caller, Caller];
const onePerson: SealPolicy = { defaultCount: 'all', branches: {}, levels: [] };
const twoPeople: SealPolicy = {
  ...onePerson,
  levels: [{ currency: 'CNY', fromMinor: 0, vendorCount: 1, secondReviewer: true }],
};

function yes(id: string, verificationId: string): DecisionRequest {
  return { id, verificationId, decision: 'pass', reason: 'strokes_agree', note: '' };
}

function no(id: string, verificationId: string): DecisionRequest {
  return { id, verificationId, decision: 'fail', reason: 'strokes_differ', note: '' };
}

async function waiting(policy = onePerson, ids: readonly string[] = ['v1']) {
  const machine = await sealMachine({ policy });
  await machine.enrol('s');
  for (const id of ids) await machine.verify(id, ringWithSquare);
  return machine;
}

const code = (expected: string) => expect.objectContaining({ code: expected });

describe('B7: the queue of reviews', () => {
  it('holds what the vendors did not pass, oldest first, and nothing else', async () => {
    const { deps, verify } = await waiting(onePerson, ['v1', 'v2']);
    await verify('v3');
    const { items } = await listReviews(deps, first.actor, 'open', { limit: 10 });
    expect(items.map(({ verificationId }) => verificationId)).toEqual(['v1', 'v2']);
    await expect(describeReview(deps, first.actor, 'v3')).rejects.toEqual(code('review_not_found'));
  });

  it('gives each item to one person at a time', async () => {
    const { deps, clock } = await waiting(onePerson, ['v1', 'v2']);
    const [a, b] = await Promise.all([claimNext(deps, first), claimNext(deps, second)]);
    expect([a?.verificationId, b?.verificationId].sort()).toEqual(['v1', 'v2']);
    expect(await claimNext(deps, third)).toBeUndefined();
    const mine = a?.verificationId ?? '';
    await expect(claimReview(deps, second, mine)).rejects.toEqual(code('review_taken'));
    await expect(decideReview(deps, second, no('d', mine))).rejects.toEqual(code('review_taken'));
    // Given back, or kept too long, it is free again.
    await releaseReview(deps, second, mine);
    expect((await claimReview(deps, first, mine)).holder).toBe('reviewer-1');
    await releaseReview(deps, first, mine);
    expect((await claimReview(deps, third, mine)).holder).toBe('reviewer-3');
    clock.advance(reviewLeaseMs);
    expect((await claimReview(deps, first, mine)).holder).toBe('reviewer-1');
  });

  it('never before the one who asked', async () => {
    const { deps, audit } = await waiting();
    const asker = personOf('teller-1', 'reviewer');
    expect(await claimNext(deps, asker)).toBeUndefined();
    await expect(decideReview(deps, asker, yes('d', 'v1'))).rejects.toEqual(code('own_work'));
    expect(await audit()).toContainEqual(
      expect.objectContaining({ action: 'review.decide', outcome: 'refused', actor: 'teller-1' }),
    );
  });
});

describe('B7: a decision', () => {
  it('can be taken back for five seconds, then is signed and stands', async () => {
    const { deps, clock, queue } = await waiting();
    await decideReview(deps, first, no('d1', 'v1'));
    clock.advance(undoMs - 100);
    expect((await withdrawDecision(deps, first, 'v1')).holder).toBe('reviewer-1');
    await decideReview(deps, first, yes('d2', 'v1'));
    await expect(withdrawDecision(deps, second, 'v1')).rejects.toEqual(code('undo_too_late'));
    clock.advance(undoMs);
    await expect(withdrawDecision(deps, first, 'v1')).rejects.toEqual(code('undo_too_late'));
    for (const message of queue()) expect(await runWork(deps, message)).toBe(true);
    const { review, decisions } = await describeReview(deps, teller.actor, 'v1');
    expect(review).toMatchObject({ isSettled: true, outcome: 'pass', reviewers: ['reviewer-1'] });
    expect(decisions.map(({ state }) => state)).toEqual(['withdrawn', 'final']);
    await expect(decideReview(deps, second, no('d3', 'v1'))).rejects.toEqual(
      code('review_settled'),
    );
    // A retry of the same request finds the decision that it made.
    expect((await decideReview(deps, first, yes('d2', 'v1'))).state).toBe('final');
  });

  it('is not settled early, and only once however often it is tried', async () => {
    const { deps, clock, audit } = await waiting();
    await decideReview(deps, first, no('d', 'v1'));
    expect(await settleDecision(deps, 'bank', 'd')).toBe(false);
    clock.advance(undoMs);
    await Promise.all(Array.from({ length: 8 }, () => settleDecision(deps, 'bank', 'd')));
    const { review, decisions } = await describeReview(deps, first.actor, 'v1');
    expect(review.reviewers).toEqual(['reviewer-1']);
    expect(decisions).toHaveLength(1);
    const actions = (await audit()).map(({ action, outcome }) => `${action} ${outcome}`);
    expect(actions.filter((text) => text === 'review.decide done')).toHaveLength(1);
  });

  it('of many at the same moment one counts', async () => {
    const { deps, clock } = await waiting();
    const people = [first, second, third];
    const tries = people.map((person, i) => decideReview(deps, person, no(`d${i}`, 'v1')));
    const done = (await Promise.allSettled(tries)).filter(({ status }) => status === 'fulfilled');
    expect(done).toHaveLength(1);
    clock.advance(undoMs);
    expect((await describeReview(deps, first.actor, 'v1')).decisions).toHaveLength(1);
  });

  it('is settled by the hourly sweep when its message was lost', async () => {
    const { deps, clock, queue } = await waiting();
    await decideReview(deps, first, no('d', 'v1'));
    queue();
    clock.advance(undoMs);
    await sweepWork(deps);
    const { items } = await listReviews(deps, first.actor, 'settled', { limit: 10 });
    expect(items).toMatchObject([{ verificationId: 'v1', outcome: 'fail' }]);
  });

  it('a "yes" takes two people where the policy says so, a "no" one', async () => {
    const { deps, clock } = await waiting(twoPeople, ['v1', 'v2', 'v3']);
    await decideReview(deps, first, yes('d1', 'v1'));
    await decideReview(deps, first, no('d2', 'v2'));
    await decideReview(deps, first, yes('d3', 'v3'));
    clock.advance(undoMs);
    const stateOf = async (id: string) => (await describeReview(deps, first.actor, id)).review;
    expect(await stateOf('v1')).toMatchObject({ isSettled: false, step: 'waiting' });
    expect(await stateOf('v2')).toMatchObject({ isSettled: true, outcome: 'fail' });
    await expect(decideReview(deps, first, yes('d4', 'v1'))).rejects.toEqual(code('own_work'));
    await decideReview(deps, second, yes('d5', 'v1'));
    await decideReview(deps, second, no('d6', 'v3'));
    clock.advance(undoMs);
    const both = ['reviewer-1', 'reviewer-2'];
    expect(await stateOf('v1')).toMatchObject({ outcome: 'pass', reviewers: both });
    expect(await deps.ledger.history('review/v1')).toHaveLength(2);
    expect(await stateOf('v3')).toMatchObject({ outcome: 'fail', reviewers: both });
  });
});

describe('B7: the signature over a decision', () => {
  let folder: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'cinnabar-review-'));
    return () => rmSync(folder, { recursive: true, force: true });
  });

  it('is one that OpenSSL verifies, over the evidence and the person, and over nothing else', async () => {
    const { deps, clock } = await waiting();
    await decideReview(deps, first, no('d', 'v1'));
    clock.advance(undoMs);
    const [decision] = (await describeReview(deps, first.actor, 'v1')).decisions;
    const { statement = '', signature } = decision ?? {};
    const verification = await deps.seals.findVerification('bank', 'v1');
    expect(JSON.parse(statement)).toMatchObject({
      decision: 'fail',
      reviewer: 'reviewer-1',
      verification: 'v1',
      evidence: verification?.templates.map(({ digestHex, vendor }) => ({
        sha256: digestHex,
        vendor: vendor.code,
      })),
    });
    const file = (name: string, content: string | Buffer) => {
      writeFileSync(join(folder, name), content);
      return join(folder, name);
    };
    const entry = await deps.ledger.head('review/v1');
    expect(entry).toMatchObject({
      index: decision?.ledger?.index,
      event: {
        type: 'seal_review',
        recordSha256: createHash('sha256').update(statement).digest('hex'),
      },
    });
    const hex = (text = '') => Buffer.from(text, 'hex');
    const key = file('key.der', hex(signature?.publicKeyHex));
    const value = file('value.der', hex(signature?.valueHex));
    const verify = (text: string) =>
      execFileSync(
        'openssl',
        [
          ...['pkeyutl', '-verify', '-rawin', '-digest', 'sm3', '-pubin', '-keyform', 'DER'],
          ...['-inkey', key, '-sigfile', value, '-in', file('statement.json', text)],
          ...['-pkeyopt', 'distid:1234567812345678'],
        ],
        { encoding: 'utf8', stdio: 'pipe' },
      );
    expect(verify(statement)).toContain('Success');
    expect(() => verify(statement.replace('"fail"', '"pass"'))).toThrow();
  });
});
