import { hexToBytes } from '@noble/hashes/utils.js';
import { beforeAll, describe, expect, test } from 'vitest';
import { base64urlText } from '../../src/lib/base64url.ts';
import { granted } from '../helpers/bank.ts';
import { askDocument, bankOverHttp, type HttpBank, okOf } from '../helpers/documents.ts';
import { bodyOf, type Edge, startEdge } from '../helpers/edge.ts';
import { callerOf, certifiedTerminal, inForce, type Terminal } from '../helpers/signing.ts';

type Change = { id: string; state: string; signedHex: string; officers: unknown };

async function pending(edge: Edge, as: string) {
  return (await okOf(await edge.call('/v1/approvals', { as }))) as {
    changes: Change[];
    operations: { id: string }[];
  };
}

async function approve(edge: Edge, officer: Terminal, change: Change) {
  const signature = base64urlText(await officer.sign(hexToBytes(change.signedHex)));
  return edge.call(`/v1/grant-changes/${change.id}/approvals`, {
    as: officer.caller.actor.id,
    json: { signature },
  });
}

describe('C5: who governs an institution’s key', () => {
  let edge: Edge;
  let own: HttpBank;
  beforeAll(async () => {
    edge = await startEdge();
    own = await bankOverHttp(edge);
  });

  test('C5: administrators find who holds a key; nobody else does', async () => {
    const found = await okOf(await edge.call('/v1/key-holders', { as: 'administrator-lin' }));
    expect(found.items).toContainEqual({
      personalKeyId: own.clerk.key.id,
      actor: 'teller-zhou',
      label: own.clerk.key.label,
      certificateSerial: expect.stringMatching(/^[0-9a-f]+$/),
    });
    expect((await edge.call('/v1/key-holders', { as: 'customer-chen' })).status).toBe(403);
    const foreign = await edge.call(`/v1/keys/${own.signing.id}`, { as: 'teller-wu' });
    expect(await bodyOf(foreign)).toMatchObject({ code: 'institution_key_not_found' });
    const key = await okOf(await edge.call(`/v1/keys/${own.signing.id}`));
    expect(key).toMatchObject({ purpose: 'signature', standing: 'good', granted: 1 });
  });

  test('C5: a use that needs a second person waits with who may approve it, and only there', async () => {
    const reviewer = await certifiedTerminal(own.deps, 'reviewer-qin');
    await granted(own, reviewer, { documentTypes: [] });
    const signGrant = await granted(own, own.clerk, {
      documentTypes: [],
      approvalsNeeded: 1,
      amountMax: null,
    });
    const file = new TextEncoder().encode('two people');
    const { id } = await okOf(
      await askDocument(edge, own, { action: 'cms', file, grantId: signGrant }),
    );
    const ids = async (as: string) => (await pending(edge, as)).operations.map((one) => one.id);
    expect(await ids('reviewer-qin')).toEqual([id]);
    expect(await ids('teller-zhou')).toEqual([]);
    expect(await ids('customer-chen')).toEqual([]);
    const seen = await okOf(await edge.call(`/v1/operations/${id}`, { as: 'reviewer-qin' }));
    const signature = base64urlText(await reviewer.signText(String(seen.approvalText)));
    const approved = await edge.call(`/v1/operations/${id}/approve`, {
      as: 'reviewer-qin',
      json: { personalKeyId: reviewer.key.id, signature },
    });
    expect(await okOf(approved)).toMatchObject({ state: 'approved' });
    expect(await ids('reviewer-qin')).toEqual([]);
  });

  test('C1 A12: an administrator renews a pair of keys, once, and others may not', async () => {
    const path = `/v1/keys/${own.encryption.id}/renew`;
    const renew = (as: string) => edge.call(path, { as, json: {} });
    expect((await renew('teller-zhou')).status).toBe(403);
    const { applicationId, keys } = await okOf(await renew('administrator-lin'));
    const [signing, encryption] = keys as { id: string; renews: string; standing: string }[];
    expect(signing).toMatchObject({ renews: own.signing.id, purpose: 'signature', granted: 2 });
    expect(encryption).toMatchObject({ renews: own.encryption.id, standing: null });
    expect(await okOf(await edge.call(`/v1/keys/${own.signing.id}`))).toMatchObject({
      renewalId: applicationId,
      standing: 'good',
    });
    expect(await bodyOf(await renew('administrator-lin'))).toMatchObject({ code: 'key_renewed' });
    const approver = callerOf('risk-officer-xu', 'risk_officer');
    await inForce(own.deps, String(applicationId), approver);
    const before = await okOf(await edge.call(`/v1/keys/${own.signing.id}`));
    expect(before).toMatchObject({ standing: 'superseded' });
    const list = await edge.call('/pki/crl?algorithm=sm2', { as: null });
    const der = Buffer.from(await list.arrayBuffer()).toString('hex');
    expect(der).toContain(String(before.certificateSerial));
  });

  test('C5: officers hand over by the quorum of now; who left decides no more', async () => {
    const [song, xu, ma] = own.officers;
    const next = await certifiedTerminal(own.deps, 'customer-chen');
    const path = `/v1/keys/${own.signing.id}/officers`;
    const proposed = { officerKeyIds: [next.key.id, ma.key.id], threshold: 2 };
    expect((await edge.call(path, { as: 'operator-ma', json: proposed })).status).toBe(403);
    const tooFew = await edge.call(path, {
      as: 'administrator-lin',
      json: { ...proposed, threshold: 3 },
    });
    expect(await bodyOf(tooFew)).toMatchObject({ code: 'invalid_request' });
    await okOf(await edge.call(path, { as: 'administrator-lin', json: proposed }));
    const [change] = (await pending(edge, 'developer-song')).changes;
    if (!change) throw new Error('nothing waits');
    expect((await pending(edge, 'customer-chen')).changes).toEqual([]);
    expect((await approve(edge, next, change)).status).toBe(403);
    expect(await okOf(await approve(edge, song, change))).toMatchObject({ state: 'open' });
    expect((await pending(edge, 'developer-song')).changes).toEqual([]);
    expect(await okOf(await approve(edge, xu, change))).toMatchObject({ state: 'done' });
    const key = await okOf(await edge.call(`/v1/keys/${own.signing.id}`));
    const actors = (key.officers as { actor: string }[]).map(({ actor }) => actor);
    expect({ actors, threshold: key.threshold }).toEqual({
      actors: ['customer-chen', 'operator-ma'],
      threshold: 2,
    });
    const [found] = await own.deps.signing.list('beichen-bank', 'institution', {}, { limit: 1 });
    const institution = await okOf(await edge.call(`/v1/institutions/${found?.id}`));
    expect((institution.officers as unknown[]).length).toBe(2);
    const again = { officerKeyIds: [song.key.id], threshold: 1 };
    await okOf(await edge.call(path, { as: 'administrator-lin', json: again }));
    const [second] = (await pending(edge, 'operator-ma')).changes;
    if (!second) throw new Error('nothing waits');
    expect((await approve(edge, song, second)).status).toBe(403);
    await okOf(await approve(edge, ma, second));
    expect(await okOf(await approve(edge, next, second))).toMatchObject({ state: 'done' });
    const history = await own.deps.ledger.history(`grant/${second.id}`);
    expect(history.map(({ event }) => event)).toMatchObject([{ type: 'grant', state: 'active' }]);
  });
});
