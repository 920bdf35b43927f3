import { beforeAll, describe, expect, it } from 'vitest';
import { bodyOf, type Edge, enrolled, startEdge, verificationForm } from '../helpers/edge.ts';
import { ringWithCross } from '../helpers/imprints.ts';

const policy = {
  defaultCount: 1,
  branches: { '0102': 1 },
  levels: [{ currency: 'CNY', fromMinor: 1_000_000, vendorCount: 3, secondReviewer: true }],
};
const path = '/v1/seal-policies/current';

function propose(edge: Edge, change: object = {}) {
  const json = { baseVersion: 0, policy, reason: '年度复核', ...change };
  return edge.call(path, { method: 'PUT', as: 'administrator-lin', json });
}

function decide(edge: Edge, id: unknown, as: string, decision = 'approve') {
  const json = { decision, reason: '已核对' };
  return edge.call(`/v1/seal-policies/changes/${id}/decision`, { as, json });
}

describe('B5: seal policies through the API', () => {
  let edge: Edge;

  beforeAll(async () => {
    edge = await startEdge(() => ({}), ['alpha', 'beta']);
  });

  it('hold from the moment a second person approves, and their history stays', async () => {
    const before = await bodyOf(await edge.call(path));
    expect(before).toMatchObject({ version: 0, policy: { defaultCount: 'all' } });
    const response = await propose(edge);
    expect(response.status).toBe(202);
    const change = await bodyOf(response);
    expect(await bodyOf(await edge.call(path))).toEqual(before);

    const own = await decide(edge, change.id, 'administrator-lin');
    expect([own.status, (await bodyOf(own)).code]).toEqual([403, 'own_work']);
    const approved = await bodyOf(await decide(edge, change.id, 'risk-officer-xu'));
    expect(approved).toMatchObject({ state: 'approved', decidedBy: 'risk-officer-xu' });
    expect(await bodyOf(await edge.call(path))).toMatchObject({ version: 1, policy });

    // Approved twice is approved once; a proposal on an old base is refused.
    expect((await decide(edge, change.id, 'risk-officer-xu')).status).toBe(200);
    expect(await bodyOf(await propose(edge))).toMatchObject({ code: 'policy_changed' });
    const second = await bodyOf(await propose(edge, { baseVersion: 1 }));
    const third = await bodyOf(await propose(edge, { baseVersion: 1 }));
    expect((await decide(edge, second.id, 'risk-officer-xu')).status).toBe(200);
    expect((await decide(edge, third.id, 'risk-officer-xu')).status).toBe(409);
    expect((await decide(edge, third.id, 'risk-officer-xu', 'reject')).status).toBe(200);
    const { items } = await bodyOf(await edge.call('/v1/seal-policies/changes'));
    expect((items as { state: string }[]).map(({ state }) => state)).toEqual([
      'rejected',
      'approved',
      'approved',
    ]);
    const waiting = await edge.call('/v1/seal-policies/changes?state=proposed');
    expect(await bodyOf(waiting)).toMatchObject({ items: [] });
    const foreign = await edge.call('/v1/seal-policies/changes', { as: 'teller-wu' });
    expect(await bodyOf(foreign)).toMatchObject({ items: [] });
  });

  it('a preview tells what a verification then is asked, by the policy and by a draft', async () => {
    const money = { currency: 'CNY', amountMinor: 1_250_000 };
    const ask = async (json: object) =>
      bodyOf(await edge.call('/v1/seal-policies/preview', { json }));
    expect(await ask({ branch: '0102', ...money })).toMatchObject({
      source: 'level',
      vendorCount: 3,
      installed: ['alpha', 'beta'],
      tooFew: true,
      secondReviewer: true,
    });
    const draft = { ...policy, levels: [] };
    expect(await ask({ branch: '0102', ...money, draft })).toMatchObject({
      source: 'branch',
      vendorCount: 1,
      level: null,
      tooFew: false,
    });
    // More are demanded than installed: a person decides, never fewer vendors in silence.
    const { sealId } = await enrolled(edge, ringWithCross);
    const form = verificationForm(sealId, ringWithCross);
    const verification = await bodyOf(await edge.call('/v1/seal-verifications', { form }));
    expect(verification).toMatchObject({
      verdict: 'review',
      reasons: expect.arrayContaining([{ code: 'too_few_vendors' }]),
      policy: { source: 'level', vendorCount: 3, draw: { candidates: ['alpha', 'beta'] } },
    });
  });

  it.each([
    ['no vendors', { ...policy, defaultCount: 0 }],
    ['a branch that is no code', { ...policy, branches: { 'a b': 1 } }],
    ['the same level twice', { ...policy, levels: [policy.levels[0], policy.levels[0]] }],
    ['an unknown field', { ...policy, open: true }],
  ])('refuses a policy with %s', async (_, wrong) => {
    const response = await propose(edge, { policy: wrong });
    expect([response.status, (await bodyOf(response)).code]).toEqual([400, 'invalid_request']);
  });
});
