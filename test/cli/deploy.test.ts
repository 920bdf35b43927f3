import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Finding } from '../../src/cli/deploy-files.ts';
import { formatNoteKey } from '../../src/core/ledger/note.ts';
import { workerConfigs } from '../../src/hosts/workers.mjs';
import { processEd25519Signer } from '../../src/platform/note-signers.ts';
import { buildTool, cinnabar, repository } from './tool.ts';

let folder: string;
const edgeFile = 'wrangler.toml';
const chipsFile = 'src/workers/chips.toml';

interface Result {
  holds: boolean;
  findings: Finding[];
  secrets: Record<string, string[]>;
}

async function check(...words: string[]): Promise<{ status: number | null; result: Result }> {
  const { status, stdout } = await cinnabar(['deploy', 'check', '--json', ...words]);
  return { status, result: JSON.parse(stdout) };
}

const failing = ({ findings }: Result) => findings.filter(({ holds }) => !holds);

async function change(file: string, edit: (text: string) => string): Promise<void> {
  const path = join(folder, file);
  const text = await readFile(path, 'utf8');
  const next = edit(text);
  if (next === text) throw new Error(`nothing was changed in ${file}`);
  await writeFile(path, next);
}

/** What `/ledger/trust` of a new log gives. */
async function trustOf(origin: string): Promise<string> {
  const keyOf = async (kind: 'ed25519' | 'cosignature', name: string) =>
    formatNoteKey(await processEd25519Signer(kind, name).key());
  const witnesses = await Promise.all(
    ['witness-1', 'witness-2', 'witness-3'].map((id) => keyOf('cosignature', `${origin}/${id}`)),
  );
  return JSON.stringify({ log: await keyOf('ed25519', origin), witnesses, quorum: 2 });
}

/** The files as they are in the repository, with what only the deployer knows filled in. */
async function filledIn(): Promise<void> {
  for (const file of workerConfigs) {
    await mkdir(dirname(join(folder, file)), { recursive: true });
    await cp(join(repository, file), join(folder, file));
  }
  const pinned = await trustOf('ledger.seals.bank.example/production');
  await change(edgeFile, (text) => {
    const at = text.indexOf('[env.production');
    const production = text
      .slice(at)
      .replaceAll('cinnabar.example', 'seals.bank.example')
      .replace('LEDGER_TRUST = ""', `LEDGER_TRUST = '${pinned}'`)
      .replace('SERVICE_INSTITUTION = ""', 'SERVICE_INSTITUTION = "seals-bank"')
      .replace('database_name =', 'database_id = "1"\ndatabase_name =')
      .replace('binding = "NOTICES"', 'binding = "NOTICES"\nid = "2"')
      .replace(/^\[env\.production\.vars\]/m, '[env.production]\nroutes = ["x.example/*"]\n\n$&');
    return text.slice(0, at) + production;
  });
  const key = (text: string) => text.replaceAll('LEDGER_KEY = ""', 'LEDGER_KEY = "x"');
  await change('src/workers/witness.toml', key);
}

beforeAll(async () => {
  await buildTool();
  folder = await mkdtemp(join(tmpdir(), 'cinnabar-deploy-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('deploy check', () => {
  it('finds that only what the deployer knows is missing from the files as delivered', async () => {
    const { status, result } = await check('--folder', repository);
    expect(status).toBe(1);
    expect(failing(result).map(({ what }) => what)).toEqual([
      'cinnabar-edge: resources',
      'cinnabar-edge: own names',
      'cinnabar-edge: settings',
      'cinnabar-edge: way in',
      'cinnabar-witness: settings',
    ]);
    expect(result.secrets[chipsFile]).toContain('CHIP_STORAGE_KEY');
  });

  it('is content when that is filled in', async () => {
    await filledIn();
    const { status, result } = await check('--folder', folder);
    expect(failing(result)).toEqual([]);
    expect(status).toBe(0);
  });

  it.each([
    ['a demo', edgeFile, 'sample data', /(\[env\.production\.vars\][^[]*?)"service"/, '$1"demo"'],
    [
      'a lost binding',
      edgeFile,
      'bindings',
      /(env\.production\.services\]\]\nbinding = )"CHIPS"/,
      '$1"X"',
    ],
    [
      'the keys of another log',
      edgeFile,
      'settings',
      /ledger\.seals\.bank\.example\/production"/,
      'ledger.seals.bank.example/other"',
    ],
    ['keys of the ledger that are none', edgeFile, 'settings', /"quorum":2/, '"quorum":9'],
    ['chips on the internet', chipsFile, 'way in', /workers_dev = false/, 'workers_dev = true'],
  ])('names %s', async (_what, file, finding, from, to) => {
    await filledIn();
    await change(file, (text) => text.replace(from, to));
    const { status, result } = await check('--folder', folder);
    expect(status).toBe(1);
    expect(failing(result)).toHaveLength(1);
    expect(failing(result)[0]?.what).toContain(finding);
  });

  it('looks at a service as a stranger does', async () => {
    await filledIn();
    const server: Server = createServer((request, response) => {
      // Everything that should be closed is open here.
      response.writeHead(request.url === '/readyz' ? 503 : 200).end('{}');
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    const { port } = server.address() as AddressInfo;
    const { result } = await check('--folder', folder, '--url', `http://127.0.0.1:${port}`);
    server.close();
    expect(failing(result).map(({ what }) => what)).toEqual([
      'service: ready',
      'service: encrypted',
      'service: no demo',
      'service: closed without a token',
      'service: headers',
    ]);
    const { result: away } = await check('--folder', folder, '--url', 'http://127.0.0.1:9');
    expect(failing(away)).toMatchObject([{ what: 'service answers' }]);
  });
});
