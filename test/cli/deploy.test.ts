import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deployedName, type Finding, parseConfiguration } from '../../src/cli/deploy-files.ts';
import { formatNoteKey } from '../../src/core/ledger/note.ts';
import { optionalWorkerConfigs, workerConfigs } from '../../src/hosts/workers.mjs';
import { processEd25519Signer } from '../../src/platform/note-signers.ts';
import { buildTool, cinnabar, repository } from './tool.ts';

let folder: string;
const edgeFile = 'wrangler.toml';
const chipsFile = 'src/workers/chips.toml';
const partyFiles = ['node-bank', 'node-operator', 'node-registry', 'decision'].map(
  (name) => `src/workers/${name}.toml`,
);
const boundNode = /\[\[env\.production\.services\]\]\nbinding = "NODE_BANK"\nservice = .*\n/;

interface Result {
  holds: boolean;
  findings: Finding[];
  order: { file: string; secrets: string[] }[];
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
  for (const party of partyFiles) {
    const route = '[env.production]\nroutes = ["x.example/operator/*"]\n\n[env.production.secrets]';
    await change(party, (text) => text.replace('[env.production.secrets]', route));
  }
}

beforeAll(async () => {
  await buildTool();
  folder = await mkdtemp(join(tmpdir(), 'cinnabar-deploy-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** What docs/operations.md has a reader type to deploy, in its order. */
async function documentedSteps(): Promise<{ text: string; files: string[] }> {
  const whole = await readFile(join(repository, 'docs/operations.md'), 'utf8');
  const text = whole.slice(whole.indexOf('\n## Deploying\n'), whole.indexOf('\n## Tokens:'));
  const deploys = [...text.matchAll(/npx wrangler deploy (?:-c (\S+) )?--env \$E/g)];
  return { text, files: deploys.map(([, file = edgeFile]) => file) };
}

describe('the order of docs/operations.md', () => {
  const delivered = [...workerConfigs, ...optionalWorkerConfigs];
  const configurations = Promise.all(
    delivered.map(async (file) => ({
      file,
      configuration: parseConfiguration(await readFile(join(repository, file), 'utf8')),
    })),
  );

  it.each(['staging', 'production'])(
    '%s: each Worker comes after those it is bound to',
    async (env) => {
      const { files } = await documentedSteps();
      const deployable = (await configurations).filter(
        ({ configuration }) => configuration.env[env],
      );
      expect([...new Set(files)].sort()).toEqual(deployable.map(({ file }) => file).sort());
      const there = new Set<string>();
      for (const file of files) {
        const found = deployable.find((one) => one.file === file);
        const services = found?.configuration.env[env]?.services ?? [];
        const missing = services.filter(({ service }) => !there.has(service ?? ''));
        expect([file, missing]).toEqual([file, []]);
        if (found) there.add(deployedName(found.configuration, env));
      }
    },
  );

  it.each(['staging', 'production'])('%s: each secret is made before its Worker', async (env) => {
    const { text, files } = await documentedSteps();
    for (const { file, configuration } of await configurations) {
      const required = configuration.env[env]?.secrets.required ?? [];
      // wrangler refuses to deploy a new Worker without them, so they go with it.
      const deploy = file === edgeFile ? 'npx wrangler deploy' : `npx wrangler deploy -c ${file}`;
      const at = text.indexOf(`${deploy} --env $E --secrets-file`);
      if (required.length > 0)
        expect([file, at > 0, files.includes(file)]).toEqual([file, true, true]);
      const before = text.slice(0, at);
      // `cinnabar federation keys` and `accept` make these.
      const made = /^(?:NODE_KEY_|FEDERATION_)/;
      const byCommand = (name: string) =>
        before.includes(name === 'FEDERATION_ROSTER' ? 'federation accept' : 'federation keys');
      const missing = required.filter((name) =>
        made.test(name) ? !byCommand(name) : !before.includes(name),
      );
      expect([file, missing]).toEqual([file, []]);
    }
  });
});

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
      'cinnabar-node-bank: way in',
      'cinnabar-node-operator: way in',
      'cinnabar-node-registry: way in',
      'cinnabar-decision: way in',
    ]);
    expect(result.order).toContainEqual({ file: chipsFile, secrets: ['CHIP_STORAGE_KEY'] });
    expect(result.order.at(-1)?.file).toBe(edgeFile);
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
    ['a node that nobody deploys', edgeFile, 'bindings', /node-bank-production/, 'node-bnak'],
    ['a node that is bound to nothing', edgeFile, 'bindings', boundNode, ''],
    ['chips on the internet', chipsFile, 'way in', /workers_dev = false/, 'workers_dev = true'],
  ])('names %s', async (_what, file, finding, from, to) => {
    await filledIn();
    await change(file, (text) => text.replace(from, to));
    const { status, result } = await check('--folder', folder);
    expect(status).toBe(1);
    expect(failing(result)).toHaveLength(1);
    expect(failing(result)[0]?.what).toContain(finding);
  });

  it.each([
    [
      'of a service without a federation',
      (text: string) => text.replaceAll(', "FEDERATION_ROSTER"]', ']'),
    ],
    [
      'that is elsewhere',
      (text: string) =>
        text.replace(
          '[env.production.vars]',
          `[env.production.vars]\nFEDERATION_URLS = '{"bank":"https://node.bank.example"}'`,
        ),
    ],
  ])('asks for no node %s', async (_what, edit) => {
    await filledIn();
    await change(edgeFile, (text) => edit(text.replace(boundNode, '')));
    const { result } = await check('--folder', folder);
    expect(failing(result)).toEqual([]);
    expect(result.order.map(({ file }) => file)).not.toContain(partyFiles[0]);
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
