import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
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

async function run(as: string, words: readonly string[], secret = pin) {
  const env = {
    CINNABAR_URL: url,
    CINNABAR_TOKEN: await edge.tokenOf(as),
    CINNABAR_PIN: secret,
    CINNABAR_VAULT: file(`${as}.json`),
  };
  const { status, stdout } = await cinnabar(['key', ...words, '--json'], { env });
  return { status, json: JSON.parse(stdout) };
}

/** A personal key made and certified from the shell. */
async function certified(as: string): Promise<string> {
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
    requested: { role: 'maker', permissions: ['view', 'make'], limits: [] },
  });
  const [serial = ''] = await issued(url, application.id);
  expect((await run(as, ['bind', id, serial])).status).toBe(0);
  return id;
}

test('C2 C3 C4 C5 C6 C7: from a personal key to signed documents, all from the shell', async () => {
  const zhou = await certified('teller-zhou');
  const song = await certified('developer-song');
  expect((await stat(file('teller-zhou.json'))).mode & 0o777).toBe(0o600);
  const lin = clientAs(url, 'administrator-lin');
  const institution = await lin.institutions.register({
    subject: { commonName: '北辰银行', organization: '北辰银行', country: 'CN' },
    officerKeyIds: [song],
    threshold: 1,
  });
  const applied = await lin.institutions.applyForKeys(institution.id, {
    algorithm: 'sm2',
    requested: { role: 'authoriser', permissions: ['authorise'], limits: [] },
  });
  await issued(url, applied.applicationId);
  const nowMs = edge.clock.now();
  for (const { id, purpose } of applied.keys) {
    const { change } = await lin.institutions.grant(institution.id, {
      institutionKeyId: id,
      actor: 'teller-zhou',
      personalKeyId: zhou,
      operations: [purpose === 'signature' ? 'sign' : 'decrypt'],
      validFrom: new Date(nowMs).toISOString(),
      validUntil: new Date(nowMs + 86_400_000).toISOString(),
      usesMax: 10,
      documentTypes: ['guarantee'],
      approvalsNeeded: 0,
    });
    const waiting = await run('developer-song', ['pending']);
    expect(waiting.json.changes.map((one: { id: string }) => one.id)).toEqual([change.id]);
    const approved = await run('developer-song', ['approve', change.id]);
    expect(approved).toMatchObject({ status: 0, json: { state: 'done' } });
  }
  const [signing, encryption] = applied.keys;
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
}, 120_000);
