import { describe, expect, it } from 'vitest';
import { manifestHash } from '../../src/domain/chips/backup.ts';
import { consent } from '../../src/domain/chips/ceremony.ts';
import type { RestoreView } from '../../src/domain/chips/restore-desk.ts';
import { openTools } from '../../src/domain/chips/tools.ts';
import { base64Text } from '../../src/lib/base64.ts';
import { fiveOfficers } from '../helpers/backups.ts';
import { chipKeys, edgeOverCluster } from '../helpers/chip-edge.ts';
import { bodyOf, type Edge } from '../helpers/edge.ts';

const operator = { as: 'operator-ma', method: 'POST' };
const administrator = { as: 'administrator-lin', method: 'POST' };

async function madeOver(edge: Edge) {
  const { number } = await bodyOf(await edge.call('/v1/chips/backups', operator));
  const at = `/v1/chips/backups/${number}`;
  const page = await bodyOf(await edge.call(`${at}/pages/0`, operator));
  const manifest = (await (await edge.call(`${at}/manifest`, operator)).json()) as never;
  const { gm } = await openTools(crypto.subtle);
  const hash = manifestHash(gm, manifest);
  return { at, page, manifest, hash, entries: page.entries as object[] };
}

describe('backups of the chips over HTTP', () => {
  it('E1: without an officers’ key there is none, and only operators ask', async () => {
    const { edge } = await edgeOverCluster();
    const refused = await edge.call('/v1/chips/backups', operator);
    expect(refused.status).toBe(409);
    expect(await bodyOf(refused)).toMatchObject({ code: 'backup_key_missing' });
    expect((await edge.call('/v1/chips/backups', { method: 'POST' })).status).toBe(403);
    expect((await edge.call('/v1/chips/restores', { json: {} })).status).toBe(403);
  });

  it('E2: a backup is fetched, confirmed and listed; its pages come in order', async () => {
    const { edge, cluster } = await edgeOverCluster((await fiveOfficers()).backupKey);
    for (const key of chipKeys.slice(0, 4)) await edge.deps.keys.create(key);
    const made = await madeOver(edge);
    expect(made.entries).toHaveLength(4);
    expect(JSON.stringify(made.page)).not.toContain('secretHex');
    const json = { hash: made.hash };
    const wrong = await edge.call(`${made.at}/confirm`, {
      ...operator,
      json: { hash: '0'.repeat(64) },
    });
    expect(await bodyOf(wrong)).toMatchObject({ code: 'backup_not_found', status: 404 });
    const first = await bodyOf(await edge.call(`${made.at}/confirm`, { ...operator, json }));
    const again = await bodyOf(await edge.call(`${made.at}/confirm`, { ...operator, json }));
    expect(again).toEqual(first);
    const listed = await bodyOf(await edge.call('/v1/chips/backups', { as: 'operator-ma' }));
    expect(listed).toMatchObject({ items: [{ number: 1, keys: 4, missed: 0, hash: made.hash }] });
    const ahead = await edge.call(`${made.at}/pages/2`, operator);
    expect(await bodyOf(ahead)).toMatchObject({ code: 'backup_not_found' });
    // What the edge remembers outlives the cluster: a cluster that forgot goes on counting.
    expect((await cluster.backups.openBackup(7)).number).toBe(8);
    const audited = await edge.deps.audit.list('beichen-bank', { limit: 10 });
    expect(audited.map(({ action }) => action)).toContain('chip.backup.confirm');
  });

  it('E2: two people and three officers bring keys back; one person alone does not', async () => {
    const officers = await fiveOfficers();
    const { edge, loseEveryChip } = await edgeOverCluster(officers.backupKey);
    const [key] = chipKeys;
    if (!key) throw new Error('no key');
    const { publicKey } = await edge.deps.keys.create(key);
    const { at, hash, manifest, entries } = await madeOver(edge);
    await edge.call(`${at}/confirm`, { ...operator, json: { hash } });
    await loseEveryChip();
    const begun = await edge.call('/v1/chips/restores', { ...operator, json: { manifest } });
    expect(begun.status).toBe(201);
    const view = (await begun.json()) as RestoreView & { id: string };
    const to = `/v1/chips/restores/${view.id}`;
    const tools = await openTools(crypto.subtle);
    const { rootKeyHex } = view.manifest;
    const trust = { rootKeyHex, backupRootKeyHex: rootKeyHex };
    const sealed = officers.shares.map((share) => ({
      sealed: base64Text(consent(tools, view.offer, view.manifest, trust, share)),
    }));
    const give = async (i: number, who = administrator) =>
      bodyOf(await edge.call(`${to}/shares`, { ...who, json: sealed[i] }));
    expect(await give(0, operator)).toMatchObject({ code: 'own_work', status: 403 });
    expect(await give(0)).toMatchObject({ given: [1], threshold: 3, isOpen: false });
    expect(await give(0)).toMatchObject({ given: [1] });
    expect(await give(4)).toMatchObject({ given: [1, 5], isOpen: false });
    const back = async (list: object[]) =>
      bodyOf(await edge.call(`${to}/keys`, { ...operator, json: { first: 0, entries: list } }));
    const show = async (list: object[]) =>
      bodyOf(await edge.call(`${to}/checks`, { ...operator, json: { first: 0, entries: list } }));
    expect(await back(entries)).toMatchObject({ code: 'backup_unchecked', status: 409 });
    const forged = entries.map((entry) => ({ ...entry, sealed: 'AAAA' }));
    expect(await show(forged)).toMatchObject({ code: 'backup_invalid', status: 422 });
    expect(await show(entries)).toEqual({ checked: 1, isWhole: true, done: 0 });
    expect(await show(entries)).toEqual({ checked: 1, isWhole: true, done: 0 });
    expect(await back(entries)).toMatchObject({ code: 'shares_too_few', status: 409 });
    expect(await give(2)).toMatchObject({ isOpen: true });
    expect(await back(forged)).toMatchObject({ code: 'backup_invalid', status: 422 });
    expect(await back([{ ...entries[0], kind: 'tombstone' }])).toMatchObject({ status: 400 });
    expect(await back(entries)).toEqual({ outcomes: ['restored'] });
    expect(await back(entries)).toEqual({ outcomes: ['held'] });
    expect((await edge.deps.keys.find(key.tenant, key.id)).publicKey).toEqual(publicKey);
    expect((await edge.call(`${to}/end`, operator)).status).toBe(204);
    expect(await back(entries)).toMatchObject({ code: 'restore_not_found', status: 404 });
    const audited = await edge.deps.audit.list('beichen-bank', { limit: 40 });
    const actions = audited.map(({ action, outcome }) => `${action} ${outcome}`);
    expect(actions).toContain('chip.restore.share failed');
    expect(actions).toContain('chip.restore.keys done');
  });

  it('E2: a consent for another offer, or bytes that are none, are refused', async () => {
    const officers = await fiveOfficers();
    const { edge } = await edgeOverCluster(officers.backupKey);
    for (const key of chipKeys.slice(0, 1)) await edge.deps.keys.create(key);
    const { at, hash, manifest } = await madeOver(edge);
    await edge.call(`${at}/confirm`, { ...operator, json: { hash } });
    const open = async () =>
      (await (
        await edge.call('/v1/chips/restores', { ...operator, json: { manifest } })
      ).json()) as RestoreView & { id: string };
    const [older, newer] = [await open(), await open()];
    const tools = await openTools(crypto.subtle);
    const { rootKeyHex } = newer.manifest;
    const trust = { rootKeyHex, backupRootKeyHex: rootKeyHex };
    const [share] = officers.shares;
    if (!share) throw new Error('no share');
    const replayed = base64Text(consent(tools, older.offer, older.manifest, trust, share));
    const to = `/v1/chips/restores/${newer.id}/shares`;
    for (const sealed of [replayed, 'AAAA', 'AAA']) {
      const answer = await bodyOf(await edge.call(to, { ...administrator, json: { sealed } }));
      expect(answer).toMatchObject({ code: 'share_unreadable', status: 422 });
    }
    const elsewhere = `/v1/chips/restores/${older.id}/shares`;
    const gone = await edge.call(elsewhere, { ...administrator, json: { sealed: replayed } });
    expect(await bodyOf(gone)).toMatchObject({ code: 'restore_not_found' });
    // An officer does not consent where the offer is not of the cluster that it knows.
    const lied = { ...trust, rootKeyHex: '0'.repeat(64) };
    expect(() => consent(tools, newer.offer, newer.manifest, lied, share)).toThrow(
      expect.objectContaining({ code: 'backup_invalid' }),
    );
    const other = { ...trust, backupRootKeyHex: '0'.repeat(64) };
    expect(() => consent(tools, newer.offer, newer.manifest, other, share)).toThrow(
      expect.objectContaining({ code: 'backup_invalid' }),
    );
  });
});
