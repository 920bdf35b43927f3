import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { KeyRecord } from '../../src/domain/chips/keys.ts';
import { chipKeys, edgeOverCluster } from '../helpers/chip-edge.ts';
import { served } from '../helpers/served.ts';
import { buildTool, cinnabar } from './tool.ts';

const folder = mkdtempSync(join(tmpdir(), 'cinnabar-chips-'));
const file = (name: string) => join(folder, name);
let over: Awaited<ReturnType<typeof edgeOverCluster>>;
let server: Server;
let url: string;
let officers: { backupKey: string; files: string[] };

beforeAll(async () => {
  await buildTool();
  const made = await run(['officers', '--threshold', '2', '--shares', '3', '--out', file('out')]);
  officers = made.json;
  over = await edgeOverCluster(Uint8Array.from(Buffer.from(officers.backupKey, 'hex')));
  ({ server, url } = await served(over.edge));
});
afterAll(() => {
  server?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A dozen starts of the tool, on a machine that may be busy. */
const patience = 120_000;

/** A command of the group in JSON; the token is in the environment, as its help advises. */
async function run(words: readonly string[], identity?: string) {
  const env: Record<string, string> = { CINNABAR_URL: url ?? '' };
  if (identity) env.CINNABAR_TOKEN = await over.edge.tokenOf(identity);
  const { status, stdout, stderr } = await cinnabar(['chips', ...words, '--json'], { env });
  return { status, json: stdout === '' ? undefined : JSON.parse(stdout), stderr };
}
const operate = (...words: string[]) => run(words, 'operator-ma');

describe('the chips of a running service', () => {
  it(
    'E2: are listed, added, drained, taken back and stopped from the shell',
    async () => {
      const status = await operate('status');
      expect(status.status).toBe(0);
      expect(status.json.chips.map(({ chip }: { chip: string }) => chip)).toContain('chip-4');
      expect((await operate('add', 'chip-5', '--zone', 'b')).json).toMatchObject({
        duty: 'active',
      });
      const twice = await operate('add', 'chip-5', '--zone', 'b');
      expect(twice).toMatchObject({ status: 2, json: { error: { code: 'chip_exists' } } });
      expect((await operate('drain', 'chip-5')).json).toMatchObject({ duty: 'draining' });
      await over.cluster.directory.tick(10);
      expect((await operate('readmit', 'chip-5')).json).toMatchObject({
        error: { code: 'chip_not_empty' },
      });
      expect((await operate('reset', 'chip-5')).json).toMatchObject({ duty: 'empty', keys: 0 });
      expect((await operate('readmit', 'chip-5')).json).toMatchObject({ duty: 'active' });
      // The tool looks whether the ledger's word is fresh by the clock of its machine.
      const { clock } = over.edge;
      clock.advance(Date.now() - clock.now());
      const anchored = await operate('anchor-logs');
      expect(anchored.json.items.map(({ subject }: { subject: string }) => subject)).toContain(
        'chip/chip-5',
      );
      expect(await operate('check-log', 'chip-5')).toMatchObject({
        status: 0,
        json: { ok: true, from: 0, anchored: 1 },
      });
      expect((await run(['check-log', 'chip-5'], 'teller-zhou')).json).toMatchObject({
        error: { code: 'forbidden' },
      });
      expect((await operate('halt', 'chip-5')).json).toEqual({ chip: 'chip-5', halted: true });
      await over.cluster.directory.tick(0);
      expect((await operate('status')).status).toBe(1);
      const env = { CINNABAR_URL: url, CINNABAR_TOKEN: await over.edge.tokenOf('operator-ma') };
      const text = await cinnabar(['chips', 'status'], { env });
      expect(text.stdout).toMatch(/^chip-5 +b +shared +software +suspect/m);
      expect((await run(['status'], 'teller-zhou')).json).toMatchObject({
        error: { code: 'forbidden' },
      });
      expect((await operate('add', 'chip-6')).json).toMatchObject({ error: { code: 'wrong_use' } });
    },
    patience,
  );
});

describe('backup and restore from the shell', () => {
  const keys = file('keys.backup');

  it(
    'E1: officers’ shares are files of their own, for their owner only, and never overwritten',
    async () => {
      expect(officers.files).toHaveLength(3);
      for (const path of officers.files) expect(statSync(path).mode & 0o777).toBe(0o600);
      const again = await run([
        'officers',
        '--threshold',
        '2',
        '--shares',
        '3',
        '--out',
        file('out'),
      ]);
      expect(again.json).toMatchObject({ error: { code: 'EEXIST' } });
      const none = await run(['officers', '--threshold', '4', '--shares', '3', '--out', file('x')]);
      expect(none.json).toMatchObject({ error: { code: 'invalid_request' } });
    },
    patience,
  );

  it(
    'E2: all chips lost, and the keys back with two of three officers',
    async () => {
      const made: KeyRecord[] = [];
      for (const key of chipKeys) made.push(await over.edge.deps.keys.create(key));
      const backup = await operate('backup', keys);
      expect(backup).toMatchObject({
        status: 0,
        json: { manifest: { keys: chipKeys.length, missed: 0 } },
      });
      expect(statSync(keys).mode & 0o777).toBe(0o600);
      expect(await run(['check-backup', keys])).toMatchObject({ status: 0, json: { fault: null } });
      await over.loseEveryChip();
      const find = () =>
        Promise.all(made.map((key) => over.edge.deps.keys.find(key.tenant, key.id)));

      const { json: view } = await operate('restore', keys);
      const { rootKeyHex } = view.manifest;
      const give = (share: number, who: string, ...more: string[]) =>
        run(
          [
            ...['give-share', keys, '--id', view.id, '--share', officers.files[share] ?? ''],
            ...['--root-key', rootKeyHex, '--approve', '1', ...more],
          ],
          who,
        );
      expect((await give(0, 'operator-ma')).json).toMatchObject({ error: { code: 'own_work' } });
      expect((await give(0, 'administrator-lin')).json).toMatchObject({
        given: [1],
        isOpen: false,
      });
      expect(await operate('restore', keys, '--id', view.id)).toMatchObject({ status: 1 });
      expect((await give(2, 'administrator-lin')).json).toMatchObject({ isOpen: true });
      const back = await operate('restore', keys, '--id', view.id);
      expect(back).toMatchObject({
        status: 0,
        json: { restored: chipKeys.length, outdated: 0, elsewhere: 0 },
      });
      expect((await find()).map(({ publicKey }) => publicKey)).toEqual(
        made.map(({ publicKey }) => publicKey),
      );
      const late = await operate('restore', keys, '--id', view.id);
      expect(late.json).toMatchObject({ error: { code: 'restore_not_found' } });
    },
    patience,
  );

  it(
    'E2: an older backup, an altered one and a torn one are told apart and refused',
    async () => {
      const twice = await operate('backup', keys);
      expect(twice.json).toMatchObject({ error: { code: 'file_exists' } });
      const newer = file('newer.backup');
      expect((await operate('backup', newer)).status).toBe(0);
      expect((await operate('restore', keys)).json).toMatchObject({
        error: { code: 'backup_outdated' },
      });
      const lines = readFileSync(newer, 'utf8').trimEnd().split('\n');
      const altered = file('altered.backup');
      const fault = async (text: readonly string[]) => {
        writeFileSync(altered, `${text.join('\n')}\n`);
        return (await run(['check-backup', altered])).json;
      };
      expect(await fault(lines.slice(1))).toMatchObject({ fault: 'count' });
      const [one = '', two = '', ...rest] = lines;
      expect(await fault([two, one, ...rest])).toMatchObject({ fault: 'chain' });
      expect(await fault([one.replace('"epoch":', '"epoch":1'), two, ...rest])).toMatchObject({
        fault: 'entry',
      });
      expect(await fault(['{}', two, ...rest])).toMatchObject({ fault: 'entry' });
      const end = lines.at(-1)?.replace(/"keys":\d+/, '"keys":1') ?? '';
      expect(await fault([...lines.slice(0, -1), end])).toMatchObject({ fault: 'manifest' });
      expect(await fault(lines.slice(0, -1))).toMatchObject({ error: { code: 'backup_invalid' } });
      const root = ['--root-key', '0'.repeat(64)];
      const foreign = await run(['check-backup', newer, ...root]);
      expect(foreign).toMatchObject({ status: 1, json: { fault: 'cluster' } });
      const text = await cinnabar(['chips', 'check-backup', altered]);
      expect(text).toMatchObject({
        status: 2,
        stderr: expect.stringContaining('not a whole backup'),
      });
    },
    patience,
  );
});
