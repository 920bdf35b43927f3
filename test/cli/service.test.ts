import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadSeal } from '../../src/core/seal.ts';
import { type Edge, startEdge } from '../helpers/edge.ts';
import { writeInventedFolder } from '../helpers/invented-folder.ts';
import { served } from '../helpers/served.ts';
import { zipFile } from '../helpers/zip-file.ts';
import { buildTool, cinnabar, samples } from './tool.ts';

const sample = (name: string) => join(samples, `${name}.jpg`);
let edge: Edge;
let server: Server;
let url: string;

/** The whole app over the memory platform, with the real vendor, behind a socket of this machine. */
beforeAll(async () => {
  await buildTool();
  const engine = await loadSeal();
  edge = await startEdge(() => ({ engine }));
  ({ server, url } = await served(edge));
});
afterAll(() => server.close());

/** A command in JSON, with the token in the environment as its help advises. */
async function asked(words: readonly string[], identity = 'teller-zhou') {
  const env = { CINNABAR_URL: url, CINNABAR_TOKEN: await edge.tokenOf(identity) };
  const { status, stdout } = await cinnabar(['seal', ...words, '--json'], { env });
  return { status, json: JSON.parse(stdout) };
}

describe('payments of a running service', () => {
  it('E8: are listed, and one that is not there is named as missing', async () => {
    const env = { CINNABAR_URL: url, CINNABAR_TOKEN: await edge.tokenOf('customer-chen') };
    const listed = await cinnabar(['pay', 'list', '--json'], { env });
    expect(JSON.parse(listed.stdout)).toEqual({ items: [], nextCursor: null });
    const id = '019aa3c1-5c00-7a31-9c2b-8f3f0d6f1a10';
    const stopped = await cinnabar(['pay', 'stop', id, '--json'], { env });
    expect(stopped.status).toBe(2);
    expect(JSON.parse(stopped.stdout)).toMatchObject({ error: { code: 'order_not_found' } });
  });
});

describe('training reported to a running service', () => {
  it('A4: the analyst sees every round, and how it ended', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'cinnabar-training-'));
    await writeInventedFolder(folder, 400);
    const env = { CINNABAR_URL: url, CINNABAR_TOKEN: await edge.tokenOf('developer-song') };
    const out = join(folder, 'model.json');
    const words = ['federation', 'train', folder, '--out', out, '--lambda', '5', '--report'];
    const trained = await cinnabar([...words, '--json'], { env });
    expect(trained.stderr).toBe('');
    const { hash, history } = JSON.parse(trained.stdout);
    const response = await edge.call('/v1/federation/training-runs', { as: 'risk-officer-xu' });
    const { items } = (await response.json()) as { items: readonly Record<string, unknown>[] };
    expect(items).toMatchObject([{ state: 'finished', modelHash: hash, parties: 3 }]);
    expect(items[0]?.history).toHaveLength(history.length);

    // A service that is not there does not stop a training.
    const nobody = { ...env, CINNABAR_URL: 'http://127.0.0.1:9' };
    const alone = await cinnabar(words, { env: nobody });
    expect(alone.status).toBe(0);
    expect(alone.stdout).toContain('not reported');
    await rm(folder, { recursive: true });
  });
});

describe('scoring policy of a running service', () => {
  it('A10: one person proposes, another approves, and the version goes up', async () => {
    const run = async (words: readonly string[], identity: string) => {
      const env = { CINNABAR_URL: url, CINNABAR_TOKEN: await edge.tokenOf(identity) };
      const { status, stdout } = await cinnabar(['federation', ...words, '--json'], { env });
      return { status, json: JSON.parse(stdout) };
    };
    const before = await run(['policy'], 'administrator-lin');
    expect(before.json).toMatchObject({ version: 0, policy: { requestsPerHour: 60, caps: {} } });
    const folder = await mkdtemp(join(tmpdir(), 'cinnabar-policy-'));
    const file = join(folder, 'policy.json');
    const caps = { account: { permissions: ['view'] }, accounts: { 'customer-chen': {} } };
    await writeFile(file, JSON.stringify({ ...before.json.policy, requestsPerHour: 5, caps }));
    const propose = ['propose-policy', file, '--reason', 'quarterly'];
    const { json: change } = await run(propose, 'administrator-lin');
    const approve = ['approve-policy', change.id, '--reason', 'checked'];
    expect(await run(approve, 'administrator-lin')).toMatchObject({
      status: 2,
      json: { error: { code: 'own_work' } },
    });
    expect((await run(approve, 'risk-officer-xu')).json).toMatchObject({ state: 'approved' });
    const after = await run(['policy'], 'risk-officer-xu');
    expect(after.json).toMatchObject({ version: 1, policy: { requestsPerHour: 5, caps } });
    expect(after.json.policyHash).not.toBe(before.json.policyHash);
    const generous = structuredClone(before.json.policy);
    generous.table.rows[0].single = '99999999999';
    await writeFile(file, JSON.stringify(generous));
    expect(await run(propose, 'administrator-lin')).toMatchObject({
      status: 2,
      json: { error: { code: 'invalid_request' } },
    });
    expect((await run(['policy-changes'], 'auditor-gao')).json.items).toHaveLength(1);
    await rm(folder, { recursive: true });
  });
});

describe('seals of a running service', () => {
  it('opens an account and a card, enrols a seal and checks imprints against it (B2, B5)', async () => {
    const account = await asked(['add-account', '6222-7001', '杭州启明商务有限公司', '0571-5550']);
    expect(account.status).toBe(0);
    const dates = ['--start', '2020-01-01', '--end', '2090-12-31'];
    const card = await asked(['add-card', account.json.id, 'YJK-7001', ...dates]);
    expect(card.json).toMatchObject({ accountId: account.json.id, number: 'YJK-7001' });
    const about = ['--serial', 'S-7001', '--shape', 'round', '--dpi', '300'];
    const seal = await asked(['enrol', card.json.id, sample('r01-reserved'), ...about]);
    expect(seal.json).toMatchObject({
      serial: 'S-7001',
      templates: [{ vendor: 'stroke' }, { vendor: 'spectrum' }, { vendor: 'glyphs' }],
    });

    const amount = ['--currency', 'CNY', '--amount-minor', '1250000', '--dpi', '200'];
    const genuine = await asked(['check', seal.json.id, sample('r01-g0'), ...amount]);
    expect(genuine).toMatchObject({ status: 0, json: { verdict: 'pass', amountMinor: 1250000 } });
    const forged = await asked(['check', seal.json.id, sample('r01-f-text0'), ...amount]);
    expect(forged).toMatchObject({ status: 1, json: { match: false } });

    const waiting = await asked(['reviews'], 'reviewer-he');
    expect(waiting.json).toMatchObject({ open: 1, items: [{ verificationId: forged.json.id }] });
    const words = ['decide', forged.json.id, 'fail', '--reason', 'strokes_differ'];
    expect(await asked(words, 'reviewer-he')).toMatchObject({
      status: 0,
      json: { decision: 'fail', state: 'pending' },
    });
    expect(await asked([...words.slice(0, 4), 'strokes_agree'], 'reviewer-he')).toMatchObject({
      status: 2,
      json: { error: { code: 'invalid_request' } },
    });
    expect((await asked(['policy'])).json).toMatchObject({ version: 0 });
    expect((await asked(['replace-vendor', 'stroke', 'nobody'], 'administrator-lin')).json).toEqual(
      {
        error: expect.objectContaining({ code: 'vendor_not_found' }),
      },
    );

    const listed = await asked(['accounts', '--search', '启明']);
    expect(listed.json.items).toMatchObject([{ id: account.json.id }]);
    const shown = await asked(['cards', account.json.id], 'auditor-gao');
    expect(shown.json).toMatchObject({
      cards: [{ id: card.json.id }],
      seals: [{ serial: 'S-7001' }],
    });
  });

  it('B3: suspends and closes a seal, by two people where the policy says so', async () => {
    const { json: account } = await asked(['add-account', '6222-7002', '杭州明远', '0571-5551']);
    const dates = ['--start', '2020-01-01', '--end', '2090-12-31'];
    const { json: card } = await asked(['add-card', account.id, 'YJK-7002', ...dates]);
    const about = ['--serial', 'S-7002', '--shape', 'round', '--dpi', '300'];
    const { json: seal } = await asked(['enrol', card.id, sample('r01-reserved'), ...about]);
    const status = (to: string) => asked(['status', seal.id, '--to', to, '--reason', '客户来函']);
    expect(await status('suspended')).toMatchObject({
      status: 0,
      json: { id: seal.id, status: 'suspended', reason: '客户来函', revision: 2 },
    });
    expect((await status('active')).json).toMatchObject({ status: 'active' });
    expect((await status('lost')).json).toMatchObject({ error: { code: 'wrong_use' } });

    const folder = await mkdtemp(join(tmpdir(), 'cinnabar-seal-policy-'));
    const { json: before } = await asked(['policy']);
    const decidePolicy = async (approveChanges: boolean) => {
      const file = join(folder, 'policy.json');
      await writeFile(file, JSON.stringify({ ...before.policy, approveChanges }));
      const propose = ['policy', '--propose', file, '--reason', 'two people'];
      const { json } = await asked(propose, 'administrator-lin');
      const path = `/v1/seal-policies/changes/${json.id}/decision`;
      const approval = { decision: 'approve', reason: 'checked' };
      expect((await edge.call(path, { as: 'risk-officer-xu', json: approval })).status).toBe(200);
    };
    await decidePolicy(true);
    const proposed = await status('closed');
    expect(proposed).toMatchObject({
      status: 0,
      json: { state: 'proposed', action: 'seal.status' },
    });
    const { id } = proposed.json;
    expect((await asked(['changes'], 'reviewer-he')).json.items).toMatchObject([{ id }]);
    const approve = ['approve-change', id, '--reason', '已核对'];
    expect((await asked(approve)).json).toHaveProperty('error.code');
    expect((await asked(approve, 'reviewer-he')).json).toMatchObject({ id, state: 'approved' });
    expect((await asked(['changes'], 'reviewer-he')).json.items).toEqual([]);
    expect((await asked(['changes', '--decided'], 'reviewer-he')).json.items).toHaveLength(1);
    await decidePolicy(false);
    expect(await status('active')).toMatchObject({ status: 2, json: { error: {} } });
    await rm(folder, { recursive: true });
  });

  it('gets a token for a demo identity', async () => {
    const words = ['seal', 'accounts', '--url', url, '--as', 'teller-zhou'];
    expect(await cinnabar(words)).toMatchObject({ status: 0, stderr: '' });
  });

  it("passes the service's refusal on with its code", async () => {
    const refused = await asked(['cards', '019aa3c1-5c00-7a31-9c2b-8f3f0d6f1a10']);
    expect(refused).toMatchObject({ status: 2, json: { error: { code: 'account_not_found' } } });
  });

  it('B2: enrols the imprints of an archive, says which row was refused, and nothing twice', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'cinnabar-archive-'));
    const path = join(folder, 'seals.zip');
    const manifest = [
      'picture,account,card,serial,shape,dpi,name,contact,start,end',
      'r01.jpg,6222-8001,YJK-8001,S-8001,round,300,杭州启明商务有限公司,0571,2020-01-01,2090-12-31',
      'r01.jpg,6222-8001,YJK-9,S-8002,round,300,,,,',
    ];
    const files = [
      { path: 'r01.jpg', bytes: await readFile(sample('r01-reserved')) },
      { path: 'manifest.csv', bytes: Buffer.from(manifest.join('\n')) },
    ];
    await writeFile(path, zipFile(files));
    expect(await asked(['import', path, '--dry-run'])).toMatchObject({
      status: 0,
      json: { seals: [{ state: 'checked' }, { state: 'checked' }], unused: [] },
    });
    const first = await asked(['import', path]);
    expect(first).toMatchObject({
      status: 1,
      json: { seals: [{ state: 'enrolled' }, { state: 'refused', error: 'card_not_found' }] },
    });
    expect(await asked(['import', path])).toEqual(first);
    await writeFile(path, manifest.join('\n'));
    expect(await asked(['import', path])).toMatchObject({
      status: 2,
      json: { error: { code: 'archive_unreadable' } },
    });
    await rm(folder, { recursive: true });
  });

  it.each([
    [['accounts'], 'a token is missing'],
    [['accounts', '--url', 'ftp://x', '--token', 't'], '--url is an http or https address'],
    [['accounts', '--url', 'http://127.0.0.1:9', '--token', 't'], 'does not answer'],
    [['check', 'x', 'y', '--token', 't', '--amount-minor', '1'], '--currency is missing'],
    [['enrol', 'x', 'y', '--token', 't', '--serial', 's', '--shape', 'star'], '--shape is one of'],
  ])('refuses %j with a sentence', async (words, sentence) => {
    const { status, stderr } = await cinnabar(['seal', ...words]);
    expect(status).toBe(2);
    expect(stderr).toContain(sentence);
  });
});
