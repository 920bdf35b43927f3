import { describe, expect, it } from 'vitest';
import { isWeakPin } from '../../src/console/person/pin.ts';
import { draftOf, policyOf } from '../../src/console/risk/draft.ts';
import { defaultRiskPolicy } from '../../src/domain/risk/policy.ts';

describe('a PIN', () => {
  it.each(['', '12345', '000000', '111111', '123456', '654321', 'abcdef', '9876543210'])(
    'C2: %s is weak',
    (pin) => expect(isWeakPin(pin)).toBe(true),
  );
  it.each(['271828', '112233', '135791', 'correct'])('C2: %s is not', (pin) =>
    expect(isWeakPin(pin)).toBe(false),
  );
});

describe('the rules of a risk policy as they are typed', () => {
  const draft = draftOf(defaultRiskPolicy);

  it('E7: come back as they were', () => {
    expect(policyOf(draft)).toEqual(defaultRiskPolicy);
    expect(policyOf({ ...draft, challengeAt: '\uff14\uff10' })?.challengeAt).toBe(40);
  });

  it.each([
    { challengeAt: '' },
    { challengeAt: '0' },
    { challengeAt: '1001' },
    { challengeAt: '4.5' },
    { challengeAt: '-1' },
    { challengeAt: '101' },
    { terminateAt: '39' },
    { rules: { ...draft.rules, payee_new: { points: '1001', threshold: '2' } } },
    { rules: { ...draft.rules, payee_new: { points: '1', threshold: '1000001' } } },
    { rules: { ...draft.rules, payee_new: { points: 'x', threshold: '2' } } },
  ])('E7: are none for %j', (change) => {
    expect(policyOf({ ...draft, ...change })).toBeUndefined();
  });
});
