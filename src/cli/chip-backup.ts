import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { Client } from '../client/index.ts';
import {
  type BackupEntry,
  type BackupManifest,
  faultOfBackup,
  manifestHash,
} from '../domain/chips/backup.ts';
import { bringBack, fetchBackup, showAll } from '../domain/chips/backup-run.ts';
import { consent, makeBackupKey } from '../domain/chips/ceremony.ts';
import { parseShare } from '../domain/chips/officers.ts';
import { openTools } from '../domain/chips/tools.ts';
import { base64Text } from '../lib/base64.ts';
import { command, required, UsageError } from './command.ts';
import { readJsonFile } from './files.ts';
import { connect, serviceOptions } from './service.ts';

const ownerOnly = 0o600;
const random = { bytes: (length: number) => crypto.getRandomValues(new Uint8Array(length)) };

/** A counter on one line of the error output; silent when nobody watches. */
function counter(label: string) {
  return (done: number, of: number) => {
    if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${label} ${done} of ${of}`);
    if (process.stderr.isTTY && done >= of) process.stderr.write('\n');
  };
}

function hexOption(name: string, text: string | undefined): string {
  const value = required(name, text);
  if (!/^[0-9a-f]{64}$/.test(value)) throw new UsageError(`--${name}: 64 hexadecimal digits`);
  return value;
}

function whole(name: string, text: string | undefined): number {
  const value = Number(required(name, text));
  if (!Number.isInteger(value) || value < 1) throw new UsageError(`--${name}: a whole number`);
  return value;
}

/** One entry a line, then the manifest. */
function readBackup(path: string): { manifest: BackupManifest; entries: BackupEntry[] } {
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
  const unreadable = new UsageError(`${path} is not a whole backup`, 'backup_invalid');
  try {
    const values = lines.map((line) => JSON.parse(line));
    const manifest = values.pop() as BackupManifest;
    if (manifest?.format !== 'cinnabar backup 1') throw unreadable;
    return { manifest, entries: values as BackupEntry[] };
  } catch (cause) {
    throw cause instanceof UsageError ? cause : unreadable;
  }
}

/**
 * Writes beside the name, and takes the name when all is on the disk. Never over another file: until
 * the new backup is confirmed, the old one is the one that can be restored.
 */
function openSafe(path: string) {
  if (existsSync(path)) throw new UsageError(`${path} exists; choose another name`, 'file_exists');
  const part = `${path}.part`;
  const file = openSync(part, 'w', ownerOnly);
  return {
    line: (value: object) => void writeSync(file, `${JSON.stringify(value)}\n`),
    keep() {
      fsyncSync(file);
      closeSync(file);
      renameSync(part, path);
      const folder = openSync(dirname(path) || '.', 'r');
      fsyncSync(folder);
      closeSync(folder);
    },
  };
}

export const officers = command({
  summary: 'make the backup key as shares for officers; on a machine without a network',
  operands: [],
  options: {
    threshold: { type: 'string', value: 'M', about: 'how many officers must come together' },
    shares: { type: 'string', value: 'N', about: 'how many there are, at most 16' },
    out: { type: 'string', value: 'FOLDER', about: 'a file for each officer goes there' },
  },
  details:
    'The private key is nowhere but in the shares. Each officer takes one file; then the folder is wiped.',
  async run(_operands, values) {
    const quorum = {
      threshold: whole('threshold', values.threshold),
      shares: whole('shares', values.shares),
    };
    const out = required('out', values.out);
    const { sodium } = await openTools(crypto.subtle);
    const { publicKeyHex, shares } = await makeBackupKey(sodium, quorum, random);
    mkdirSync(out, { recursive: true, mode: 0o700 });
    const files = shares.map((share) => {
      const file = join(out, `backup-share-${share.index}.json`);
      const text = `${JSON.stringify(share, null, 2)}\n`;
      writeFileSync(file, text, { mode: ownerOnly, flag: 'wx' });
      return file;
    });
    const text = `${files.join('\n')}

Give each officer one of these files, on a medium of their own, and wipe the folder.
Any ${quorum.threshold} of the ${quorum.shares} bring the keys back; fewer read nothing.
Set up the chips with the public half, and every chip host with --backup-key:

CHIP_BACKUP_KEY=${publicKeyHex}
`;
    return { exit: 0, json: { backupKey: publicKeyHex, ...quorum, files }, text };
  },
});

export const backup = command({
  summary: 'back up all keys, encrypted for the officers; status 1 when some could not be',
  operands: ['FILE'],
  options: {
    'accept-missed': { type: 'boolean', about: 'confirm the backup although keys are missing' },
    ...serviceOptions,
  },
  details: `From then on only this backup can be restored. Keep it in two places.
When keys are missing, it is kept but not confirmed: the one before stays the one to restore.`,
  async run([path = ''], values) {
    const client = connect(values);
    const { gm } = await openTools(crypto.subtle);
    const safe = openSafe(path);
    const progress = counter('keys backed up:');
    const keep = (entries: readonly BackupEntry[]) => entries.forEach(safe.line);
    const { manifest, missed } = await fetchBackup(deskOf(client), keep, progress);
    safe.line(manifest);
    safe.keep();
    const hash = manifestHash(gm, manifest);
    const accepts = values['accept-missed'] === true;
    const isConfirmed = missed.length === 0 || accepts;
    if (isConfirmed) await client.chipBackups.confirm(manifest.backup.number, hash, accepts);
    const names = missed.map(({ tenant, keyId }) => `missed: ${tenant}/${keyId}\n`).join('');
    const end = isConfirmed ? '' : 'NOT CONFIRMED: the backup before it stays the one to restore\n';
    const text = `${factsOf(manifest)}hash ${hash}\n${names}${end}`;
    const json = { hash, manifest, missed, confirmed: isConfirmed };
    return { exit: missed.length === 0 ? 0 : 1, json, text };
  },
});

export const checkBackup = command({
  summary: 'whether a backup is still whole; needs no service and no officer',
  operands: ['FILE'],
  options: {
    'root-key': { type: 'string', value: 'HEX', about: 'the root key of the cluster, if known' },
  },
  async run([path = ''], values) {
    const { manifest, entries } = readBackup(path);
    const tools = await openTools(crypto.subtle);
    const root = values['root-key'];
    const isForeign = root !== undefined && root !== manifest.rootKeyHex;
    const fault = isForeign ? 'cluster' : faultOf(() => faultOfBackup(tools, manifest, entries));
    const hash = manifestHash(tools.gm, manifest);
    const verdict = fault ? `NOT WHOLE: ${faultWords[fault]}\n` : 'whole\n';
    const text = `${factsOf(manifest)}root key ${manifest.rootKeyHex}\nhash ${hash}\n${verdict}`;
    return { exit: fault ? 1 : 0, json: { fault: fault ?? null, hash, manifest }, text };
  },
});

const faultWords = {
  cluster: 'it is of another cluster',
  manifest: 'its end was not signed by a chip of the cluster that it names',
  entry: 'an entry was altered, or is of another backup',
  chain: 'entries are missing, or in another order',
  count: 'the number of entries is not the one that was signed',
} as const;

/** What is not even in the form of an entry was altered, too. */
function faultOf(check: () => ReturnType<typeof faultOfBackup>) {
  try {
    return check();
  } catch {
    return 'entry' as const;
  }
}

export const restore = command({
  summary: 'bring the keys back; begins the officers’ ceremony, and with --id goes on with it',
  operands: ['FILE'],
  options: {
    chip: { type: 'string', value: 'CHIP', about: 'the chip where the shares come together' },
    id: { type: 'string', value: 'ID', about: 'a ceremony that was begun' },
    ...serviceOptions,
  },
  details: `Without --id it prints the id of a new ceremony. The officers then give their shares with
give-share, and the same command with --id brings the keys back. An hour is time for it.`,
  async run([path = ''], values) {
    const { manifest, entries } = readBackup(path);
    // A file that was cut short must not look like a restore that brought all back.
    const tools = await openTools(crypto.subtle);
    const fault = faultOf(() => faultOfBackup(tools, manifest, entries));
    if (fault) throw new UsageError(faultWords[fault], 'backup_invalid');
    const { chipRestores: restores } = connect(values);
    const show = (id: string) =>
      showAll({ checkEntries: restores.check }, id, entries, counter('entries compared:'));
    if (values.id === undefined) {
      const view = await restores.begin(manifest, values.chip);
      await show(view.id);
      const text = `${factsOf(manifest)}ceremony ${view.id} in ${view.offer.chip.chip}, until ${timeOf(view.offer.notAfterMs)}

Each officer: cinnabar chips give-share ${path} --id ${view.id} --share FILE --root-key HEX --approve ${manifest.backup.number}
Then:         cinnabar chips restore ${path} --id ${view.id}
`;
      return { exit: 0, json: view, text };
    }
    const view = await restores.get(values.id);
    if (!view.isOpen) return { exit: 1, json: view, text: `${stateOf(view)}\n` };
    if (!view.isWhole) await show(view.id);
    const desk = {
      restoreEntries: async (id: string, first: number, page: readonly BackupEntry[]) =>
        (await restores.keys(id, first, page)).outcomes,
    };
    const tally = await bringBack(desk, view.id, entries, counter('entries brought back:'));
    await restores.end(view.id);
    const lost = tally.outdated + tally.conflict + tally.elsewhere;
    const lines = Object.entries(tally).map(([name, count]) => `${outcomeWords[name]} ${count}\n`);
    const text = `${lines.join('')}\nMake a new backup now: this one is from before the restore.\n`;
    return { exit: lost === 0 ? 0 : 1, json: tally, text };
  },
});

const outcomeWords: Readonly<Record<string, string>> = {
  restored: 'brought back:                        ',
  held: 'in the chips all along:              ',
  revoked: 'revoked, and stay so:                ',
  outdated: 'changed since the backup, refused:   ',
  conflict: 'another key has the name, refused:   ',
  elsewhere: 'for a chip of another kind, left:    ',
};

export const giveShare = command({
  summary: 'as an officer, give a share to the chip for one restore of one backup',
  operands: ['FILE'],
  options: {
    id: { type: 'string', value: 'ID', about: 'the ceremony' },
    share: { type: 'string', value: 'FILE', about: 'the officer’s own file' },
    'root-key': {
      type: 'string',
      value: 'HEX',
      about: 'root key of the cluster, from a paper of your own',
    },
    'backup-root-key': {
      type: 'string',
      value: 'HEX',
      about: 'root key of the cluster that made the backup, if it is another',
    },
    approve: { type: 'string', value: 'NUMBER', about: 'the number of the backup that you mean' },
    ...serviceOptions,
  },
  details: `The share leaves this machine encrypted for the chip, for this ceremony and this backup only.
Who began the restore gives no share.`,
  async run([path = ''], values) {
    const { manifest, entries } = readBackup(path);
    const rootKeyHex = hexOption('root-key', values['root-key']);
    const from = values['backup-root-key'];
    const trust = {
      rootKeyHex,
      backupRootKeyHex: from === undefined ? rootKeyHex : hexOption('backup-root-key', from),
    };
    if (whole('approve', values.approve) !== manifest.backup.number) {
      throw new UsageError(`the file is of backup ${manifest.backup.number}`, 'backup_invalid');
    }
    const tools = await openTools(crypto.subtle);
    const fault = faultOf(() => faultOfBackup(tools, manifest, entries));
    if (fault) throw new UsageError(faultWords[fault], 'backup_invalid');
    const share = parseShare(await readJsonFile(required('share', values.share)));
    const { chipRestores: restores } = connect(values);
    const id = required('id', values.id);
    const { offer } = await restores.get(id);
    const sealed = consent(tools, offer, manifest, trust, share);
    const view = await restores.share(id, base64Text(sealed));
    return { exit: 0, json: view, text: `${factsOf(manifest)}${stateOf(view)}\n` };
  },
});

/** The desk over HTTP. */
function deskOf({ chipBackups }: Client): Parameters<typeof fetchBackup>[0] {
  return {
    openBackup: () => chipBackups.begin(),
    backupPage: (number, page) => chipBackups.page(number, page),
    sealBackup: (number) => chipBackups.seal(number),
  };
}

function factsOf({ backup: { number }, keys, tombstones, madeAtMs, missed }: BackupManifest) {
  const without = missed === 0 ? '' : `, ${missed} MISSED`;
  return `backup ${number} of ${timeOf(madeAtMs)}: ${keys} keys, ${tombstones} revoked${without}\n`;
}

function stateOf(view: { given: number[]; threshold: number | null; isOpen: boolean }): string {
  if (view.isOpen) return 'enough officers gave their shares: the backup is open';
  return `shares of ${view.given.length} of ${view.threshold ?? '?'} officers so far`;
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}
