import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readBackup } from '../../src/cli/backup-file.ts';
import { commandsOf, snippetWith } from '../helpers/snippets.ts';
import { seededRandom } from '../helpers/time-and-chance.ts';
import { buildTool, cinnabar, documented } from './tool.ts';

let folder: string;
const at = (...names: string[]) => join(folder, ...names);
const passphrase = 'correct horse battery staple';
const run = (...words: string[]) => cinnabar([...words, '--passphrase-file', at('passphrase')]);

beforeAll(async () => {
  await buildTool();
  folder = await mkdtemp(join(tmpdir(), 'cinnabar-backup-'));
  await writeFile(at('passphrase'), `${passphrase}\n`);
  await mkdir(at('state', 'stores', 'd1'), { recursive: true });
  const random = seededRandom(5);
  // Sizes about the borders of a chunk, and an empty one.
  for (const [i, size] of [0, 1, 65_535, 65_536, 65_537, 400_000].entries()) {
    await writeFile(at('state', 'stores', 'd1', `印章 ${i}.sqlite`), random.bytes(size));
  }
  await writeFile(at('state', 'secrets.env'), 'CHIP_STORAGE_KEY=marked-secret\n');
  await chmod(at('state', 'secrets.env'), 0o600);
  const saved = await run('backup', at('whole.backup'), '--state', at('state'));
  expect(saved).toMatchObject({ status: 0, stderr: '' });
  expect(saved.stdout).toContain('7 files, 596');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function contentsOf(root: string): Promise<[string, string, number][]> {
  const found = await readdir(root, { recursive: true, withFileTypes: true });
  const files = found.filter((item) => item.isFile());
  const rows = files.map(async (item): Promise<[string, string, number]> => {
    const path = join(item.parentPath, item.name);
    const { mode } = await stat(path);
    return [path.slice(root.length), (await readFile(path)).toString('base64'), mode & 0o777];
  });
  return (await Promise.all(rows)).sort();
}

describe('backup and restore (R5)', () => {
  it('bring back every byte, name and mode', async () => {
    const restored = await run('restore', at('whole.backup'), '--state', at('again'));
    expect(restored).toMatchObject({ status: 0, stderr: '' });
    expect(await contentsOf(at('again'))).toEqual(await contentsOf(at('state')));
  });

  it('do what docs/operations.md shows', async () => {
    const commands = commandsOf(await snippetWith('docs/operations.md', 'sh', 'verify-backup'));
    expect(commands).toHaveLength(3);
    const file = { FILE: at('shown.backup'), PATH: at('passphrase'), FOLDER: at('shown') };
    for (const [n, command] of commands.entries()) {
      const filled = command.replace(/\b(FILE|PATH|FOLDER)\b/g, (word) => file[word as 'FILE']);
      const line = n === 0 ? `${filled} --state ${at('state')}` : filled;
      expect(await documented(line, folder), command).toMatchObject({ status: 0, stderr: '' });
    }
    expect(await contentsOf(at('shown'))).toEqual(await contentsOf(at('state')));
  });

  it('keep the file for this user and nothing readable in it', async () => {
    expect((await stat(at('whole.backup'))).mode & 0o777).toBe(0o600);
    const file = (await readFile(at('whole.backup'))).toString('latin1');
    for (const part of ['marked-secret', 'sqlite', 'secrets.env']) expect(file).not.toContain(part);
  });

  it('answer programs', async () => {
    const { stdout } = await run('verify-backup', at('whole.backup'), '--json');
    expect(JSON.parse(stdout)).toMatchObject({ files: 7, bytes: 596_640 });
  });

  it('never write over a backup or a state', async () => {
    const before = await readFile(at('whole.backup'));
    const again = await run('backup', at('whole.backup'), '--state', at('state'));
    expect(again).toMatchObject({ status: 2, stderr: expect.stringContaining('EEXIST') });
    expect(await readFile(at('whole.backup'))).toEqual(before);
    const full = await run('restore', at('whole.backup'), '--state', at('state'));
    expect(full).toMatchObject({ status: 2, stderr: expect.stringContaining('not empty') });
  });

  it('wait for a service that runs', async () => {
    await mkdir(at('running'));
    const host = { pid: process.pid, port: 8787 };
    await writeFile(at('running', 'host.json'), JSON.stringify(host));
    const refused = await run('backup', at('running.backup'), '--state', at('running'));
    expect(refused).toMatchObject({ status: 2, stderr: expect.stringContaining('stop it first') });
    await expect(stat(at('running.backup'))).rejects.toThrow('ENOENT');
  });

  it('refuse a short passphrase, a wrong one, and a file of another kind', async () => {
    await writeFile(at('short'), 'abc');
    const short = ['backup', at('x.backup'), '--state', at('state'), '--passphrase-file'];
    expect(await cinnabar([...short, at('short')])).toMatchObject({ status: 2 });
    const wrong = ['verify-backup', at('whole.backup'), '--passphrase-file', '-'];
    expect(await cinnabar(wrong, { input: 'not the passphrase' })).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('wrong passphrase, or it was changed'),
    });
    expect(await run('verify-backup', at('passphrase'))).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('not one of ours'),
    });
  });

  it('refuse a file that was changed, cut or continued, and leave nothing behind', async () => {
    const whole = await readFile(at('whole.backup'));
    const spoilt: [string, Buffer][] = [18, 50, 74, 100, 70_000, 300_000, whole.length - 1].map(
      (where) => {
        const copy = Buffer.from(whole);
        copy.writeUInt8(copy.readUInt8(where) ^ 1, where);
        return [`a bit at ${where}`, copy];
      },
    );
    const sealedChunk = 65_536 + 17;
    const first = 18 + 32 + 24;
    const swapped = Buffer.from(whole);
    whole.copy(swapped, first + sealedChunk, first + 2 * sealedChunk, first + 3 * sealedChunk);
    whole.copy(swapped, first + 2 * sealedChunk, first + sealedChunk, first + 2 * sealedChunk);
    spoilt.push(
      ['two chunks swapped', swapped],
      [
        'a chunk left out',
        Buffer.concat([whole.subarray(0, first), whole.subarray(first + sealedChunk)]),
      ],
      ['cut at a chunk', whole.subarray(0, first + 2 * sealedChunk)],
      ['cut within a chunk', whole.subarray(0, -5)],
      ['one byte more', Buffer.concat([whole, Buffer.of(0)])],
    );
    for (const [what, bytes] of spoilt) {
      await writeFile(at('spoilt'), bytes);
      await expect(readBackup(at('spoilt'), passphrase, undefined), what).rejects.toMatchObject({
        code: 'backup_invalid',
      });
    }
    await writeFile(at('spoilt'), whole.subarray(0, -5));
    const refused = await run('restore', at('spoilt'), '--state', at('from-spoilt'));
    expect(refused.status).toBe(2);
    const left = (await readdir(folder)).filter((name) => name.startsWith('from-spoilt'));
    expect(left).toEqual([]);
  });
});
