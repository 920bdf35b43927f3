import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { NewCertificateApplication } from '../../src/client/index.ts';
import { type Edge, startEdge } from '../helpers/edge.ts';
import { clientAs, issued, pin } from '../helpers/key-people.ts';
import { served } from '../helpers/served.ts';
import { buildTool, cinnabar } from './tool.ts';

let edge: Edge;
let server: Server;
let url: string;
let folder: string;
const file = (name: string) => join(folder, name);

beforeAll(async () => {
  await buildTool();
  edge = await startEdge();
  ({ server, url } = await served(edge));
  folder = await mkdtemp(join(tmpdir(), 'cinnabar-key-'));
});
afterAll(async () => {
  server.close();
  await rm(folder, { recursive: true, force: true });
});

const run = (as: string, words: readonly string[], secret = pin) =>
  asked(as, ['key', ...words], secret);

async function asked(as: string, words: readonly string[], secret = pin) {
  const env = {
    CINNABAR_URL: url,
    CINNABAR_TOKEN: await edge.tokenOf(as),
    CINNABAR_PIN: secret,
    CINNABAR_VAULT: file(`${as}.json`),
  };
  const { status, stdout } = await cinnabar([...words, '--json'], { env });
  return { status, json: JSON.parse(stdout) };
}

/** A personal key made and certified from the shell. */
async function certified(
  as: string,
  requested: NewCertificateApplication['requested'] = {
    role: 'maker',
    permissions: ['view', 'make'],
    limits: [],
  },
): Promise<string> {
  const made = await run(as, ['make', `laptop of ${as}`]);
  expect(made).toMatchObject({ status: 0, json: { state: 'active' } });
  const { id } = made.json;
  await run(as, ['request', id, '--out', file(`${as}.csr`)]);
  const client = clientAs(url, as);
  const application = await client.certificates.applications.create({
    kind: 'person',
    algorithm: 'sm2',
    subject: { commonName: as, country: 'CN' },
    dnsNames: [],
    request: await readFile(file(`${as}.csr`), 'utf8'),
    requested,
  });
  const [serial = ''] = await issued(url, application.id);
  expect((await run(as, ['bind', id, serial])).status).toBe(0);
  return id;
}

test('C2 C3 C4 C5 C6 C7: from a personal key to signed documents, all from the shell', async () => {
  const zhou = await certified('teller-zhou');
  const song = await certified('developer-song');
  expect((await stat(file('teller-zhou.json'))).mode & 0o777).toBe(0o600);
  const lin = (words: readonly string[]) => run('administrator-lin', words);
  expect((await lin(['holders'])).json.items).toMatchObject(
    [song, zhou].map((personalKeyId) => expect.objectContaining({ personalKeyId })),
  );
  const register = ['institution', '北辰银行', '--officers', song, '--threshold'];
  expect(await lin([...register, '2'])).toMatchObject({
    status: 2,
    json: { error: { code: 'invalid_request' } },
  });
  const { json: institution } = await lin([...register, '1']);
  expect((await lin(['institutions'])).json.items).toMatchObject([{ id: institution.id }]);
  const wanted = {
    algorithm: 'sm2',
    requested: { role: 'authoriser', permissions: ['authorise'], limits: [] },
  };
  await writeFile(file('keys.json'), JSON.stringify(wanted));
  const { json: applied } = await lin(['apply', institution.id, file('keys.json')]);
  await issued(url, applied.applicationId);
  const nowMs = edge.clock.now();
  const terms = ['--from', new Date(nowMs).toISOString(), '--uses', '10', '--types', 'guarantee'];
  terms.push('--until', new Date(nowMs + 86_400_000).toISOString());
  const grant = (key: string, holder: string, ...more: readonly string[]) =>
    lin(['grant', key, holder, ...terms, ...more]);
  for (const { id, purpose } of applied.keys) {
    const operation = purpose === 'signature' ? 'sign' : 'decrypt';
    const { json } = await grant(id, zhou, '--operations', operation);
    expect(json).toMatchObject({ grant: { actor: 'teller-zhou', operations: [operation] } });
    const waiting = await run('developer-song', ['pending']);
    expect(waiting.json.changes.map((one: { id: string }) => one.id)).toEqual([json.change.id]);
    const approved = await run('developer-song', ['approve', json.change.id]);
    expect(approved).toMatchObject({ status: 0, json: { state: 'done' } });
  }
  const [signing, encryption] = applied.keys;
  const signingId = signing?.id ?? '';
  const listed = await run('teller-zhou', ['list']);
  expect(listed.json.institutions).toHaveLength(2);

  await writeFile(file('guarantee.txt'), '担保函 No. 42\n');
  const about = ['--type', 'guarantee', '--reason', 'supplier'];
  const signed = await run('teller-zhou', [
    'cms',
    signing?.id ?? '',
    file('guarantee.txt'),
    '--detached',
    ...about,
    '--out',
    file('guarantee.p7s'),
  ]);
  expect(signed).toMatchObject({ status: 0, json: { operation: { state: 'completed' } } });
  const check = ['verify', file('guarantee.p7s'), '--kind', 'cms', '--content'];
  expect(await run('teller-zhou', [...check, file('guarantee.txt')])).toMatchObject({
    status: 0,
    json: { ok: true, signers: [{ subject: '北辰银行', standing: 'good' }] },
  });
  await writeFile(file('other.txt'), '担保函 No. 43\n');
  expect((await run('teller-zhou', [...check, file('other.txt')])).status).toBe(1);

  const key = encryption?.id ?? '';
  const envelope = file('guarantee.p7e');
  await run('customer-chen', ['encrypt', key, file('guarantee.txt'), '--out', envelope]);
  const opened = ['decrypt', key, envelope, ...about, '--out', file('opened.txt')];
  expect((await run('teller-zhou', opened)).status).toBe(0);
  expect(await readFile(file('opened.txt'), 'utf8')).toBe('担保函 No. 42\n');

  expect(await run('teller-zhou', opened, '000111')).toMatchObject({
    status: 2,
    json: { error: { code: 'pin_wrong' } },
  });
  expect(await run('developer-song', opened)).toMatchObject({
    status: 2,
    json: { error: { code: 'grant_not_found' } },
  });
  const wrong = await run('teller-zhou', [
    'cms',
    signing?.id ?? '',
    file('guarantee.txt'),
    '--type',
    'loan',
    '--reason',
    'x',
    '--out',
    file('no'),
  ]);
  expect(wrong).toMatchObject({ status: 2, json: { error: { code: 'operation_refused' } } });

  expect(await grant(signingId, zhou, '--operations', 'copy')).toMatchObject({
    status: 2,
    json: { error: { code: 'wrong_use' } },
  });
  expect(await grant(signingId, institution.id)).toMatchObject({
    status: 2,
    json: { error: { code: 'holder_not_found' } },
  });
  const [given] = (await lin(['grants', signingId])).json.items;
  expect(given).toMatchObject({ state: 'active', used: 1, usesMax: 10 });
  expect((await run('teller-zhou', ['revoke-grant', given.id])).status).toBe(2);
  const taken = await lin(['revoke-grant', given.id]);
  expect(taken).toMatchObject({ status: 0, json: { grant: { state: 'revoked' } } });
  const out = ['--out', file('late.p7s')];
  const late = ['cms', signingId, file('guarantee.txt'), ...about, ...out];
  expect(await run('teller-zhou', late)).toMatchObject({
    status: 2,
    json: { error: { code: 'grant_not_found' } },
  });
  const gone = await run('developer-song', ['approve', taken.json.change.id]);
  expect(gone).toMatchObject({ status: 0, json: { state: 'done' } });
  const officers = ['officers', signingId, '--officers', `${song},${zhou}`, '--threshold', '2'];
  const { json: handing } = await lin(officers);
  expect(handing).toMatchObject({ action: 'officers', state: 'open' });
  expect(await run('developer-song', ['approve', handing.id])).toMatchObject({
    json: { state: 'done' },
  });
}, 120_000);

test('E7 E8: from a personal key to a paid order and a stopped one, all from the shell', async () => {
  const pay = (words: readonly string[], as = 'customer-chen', secret = pin) =>
    asked(as, ['pay', ...words], secret);
  const order = ['--account', '6222020200112233445', '--name', '南浦物业有限公司'];
  order.push('--bank', '南浦银行光明支行', '--purpose', '三月物业费');
  const place = (amount: string) => pay(['place', ...order, '--amount', amount]);
  expect(await place('120000')).toMatchObject({
    status: 2,
    json: { error: { code: 'no_terminal_here' } },
  });
  const limit = { currency: 'CNY', single: '10000000', daily: '90000000', count: 40 };
  const key = await certified('customer-chen', {
    role: 'checker',
    permissions: ['view', 'make', 'check'],
    limits: [
      { channel: 'online', ...limit },
      { channel: 'direct', ...limit },
    ],
  });
  expect(await pay(['enrol', key])).toMatchObject({ status: 0, json: { id: key } });
  expect((await pay(['terminals'])).json.items).toMatchObject([{ id: key, state: 'active' }]);
  expect(await place('12.5')).toMatchObject({ status: 2, json: { error: { code: 'wrong_use' } } });

  const placed = await place('120000');
  expect(placed).toMatchObject({ status: 1, json: { state: 'challenged', terminalId: key } });
  const { id } = placed.json;
  const confirm = ['confirm', id, '--yes'];
  expect(await pay(confirm)).toMatchObject({ status: 2, json: { error: { code: 'order_state' } } });
  const allowed = await pay(['allow', id], 'risk-officer-xu');
  expect(allowed).toMatchObject({ status: 0, json: { state: 'assessed' } });
  expect(await pay(['confirm', id])).toMatchObject({
    status: 2,
    json: { error: { code: 'not_agreed' } },
  });
  expect(await pay(confirm, 'customer-chen', '000111')).toMatchObject({
    status: 2,
    json: { error: { code: 'pin_wrong' } },
  });
  expect(await pay(['show', id])).toMatchObject({ json: { state: 'assessed' } });
  const paid = await pay(confirm);
  expect(paid).toMatchObject({ status: 0, json: { state: 'executed' } });
  expect(paid.json.receipt.text).toBe(placed.json.text);
  // Again is the same payment, or refused; never a second one.
  expect((await pay(confirm)).status).toBe(2);

  const { json: open } = await place('5000');
  expect(await pay(['stop', open.id])).toMatchObject({ json: { state: 'terminated' } });
  expect((await pay(['confirm', open.id, '--yes'])).status).toBe(2);
  expect((await pay(['agreements'])).json).toEqual({ items: [], nextCursor: null });
  expect(await pay(['agree', id])).toMatchObject({ status: 2 });
  expect(await pay(['revoke-terminal', key])).toMatchObject({ json: { state: 'revoked' } });
  expect(await place('120000')).toMatchObject({
    status: 2,
    json: { error: { code: 'no_terminal_here' } },
  });
}, 120_000);
