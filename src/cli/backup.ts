import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { type Manifest, readBackup, writeBackup } from './backup-file.ts';
import { command, required, UsageError } from './command.ts';
import { firstLine } from './files.ts';

const passphraseOption = {
  'passphrase-file': {
    type: 'string',
    value: 'FILE',
    about: 'its first line protects the backup; - is the standard input',
  },
} as const;

const stateOption = {
  state: { type: 'string', value: 'FOLDER', about: 'the stores; .cinnabar if not given' },
} as const;

const shortestPassphrase = 12;

/** A host that runs writes into the stores while they are read, or holds files that are replaced. */
async function refuseWhileRunning(state: string): Promise<void> {
  const text = await readFile(join(state, 'host.json'), 'utf8').catch(() => undefined);
  if (text === undefined) return;
  const { pid, port } = JSON.parse(text) as { pid: number; port: number };
  try {
    process.kill(pid, 0);
  } catch {
    // The number of a process that is gone: the host was killed.
    return;
  }
  throw new UsageError(
    `the service runs from ${state} (process ${pid}, port ${port}); stop it first`,
    'state_in_use',
  );
}

/** One line on the error output that is written over; nothing where nobody watches. */
function progressOf(label: string) {
  const { stderr } = process;
  let done = 0;
  return {
    onFile: (_path: string, total: number) => {
      done++;
      if (stderr.isTTY) stderr.write(`\r${label} ${done}/${total}`);
    },
    end: () => {
      if (stderr.isTTY) stderr.write('\r\x1b[K');
    },
  };
}

function answer(what: string, { madeAt, files }: Manifest) {
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  const text = `${what}: ${files.length} files, ${bytes} bytes, made at ${madeAt}\n`;
  return { exit: 0 as const, json: { madeAt, files: files.length, bytes }, text };
}

export const backup = command({
  summary: 'keeps the stores and secrets of a local service in one encrypted file',
  operands: ['FILE'],
  options: { ...stateOption, ...passphraseOption },
  details: `
The service must be stopped. The file is new, for this user only, and holds all that the state
folder does, keys and secrets too: it is as secret as they are. Whoever loses the passphrase has
lost the backup. Try it at once: cinnabar verify-backup FILE.`,
  async run([file = ''], { state = '.cinnabar', 'passphrase-file': from }) {
    const passphrase = await firstLine(required('passphrase-file', from));
    if (passphrase.length < shortestPassphrase) {
      throw new UsageError(
        `a passphrase has ${shortestPassphrase} characters or more`,
        'bad_input',
      );
    }
    await refuseWhileRunning(state);
    const { onFile, end } = progressOf('saving');
    try {
      return answer(`saved ${file}`, await writeBackup(state, file, passphrase, onFile));
    } catch (error) {
      // What was begun is no backup; one that was there before is not ours to remove.
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) {
        await rm(file, { force: true });
      }
      throw error;
    } finally {
      end();
    }
  },
});

export const verifyBackup = command({
  summary: 'reads a whole backup and says whether it would restore; writes nothing',
  operands: ['FILE'],
  options: passphraseOption,
  async run([file = ''], { 'passphrase-file': from }) {
    const passphrase = await firstLine(required('passphrase-file', from));
    const { onFile, end } = progressOf('reading');
    try {
      return answer(`${file} is whole`, await readBackup(file, passphrase, undefined, onFile));
    } finally {
      end();
    }
  },
});

export const restore = command({
  summary: 'makes a state folder from a backup',
  operands: ['FILE'],
  options: { ...stateOption, ...passphraseOption },
  details: `
The folder must be empty or absent: nothing is ever written over. It appears only when the whole
backup was read and found unchanged.`,
  async run([file = ''], { state = '.cinnabar', 'passphrase-file': from }) {
    const passphrase = await firstLine(required('passphrase-file', from));
    const target = resolve(state);
    if (existsSync(target) && (await readdir(target)).length > 0) {
      throw new UsageError(`${state} is not empty; give another --state`, 'state_in_use');
    }
    const unfinished = `${target}.restoring-${process.pid}`;
    const { onFile, end } = progressOf('restoring');
    try {
      await mkdir(dirname(target), { recursive: true });
      await mkdir(unfinished, { mode: 0o700 });
      const manifest = await readBackup(file, passphrase, unfinished, onFile);
      // The lock of the host that was backed up says nothing about this folder.
      await rm(join(unfinished, 'host.json'), { force: true });
      await rm(target, { recursive: true, force: true });
      await rename(unfinished, target);
      return answer(`restored ${state}`, manifest);
    } finally {
      await rm(unfinished, { recursive: true, force: true });
      end();
    }
  },
});
