// A chip on a machine of its own: the keys are in a PKCS#11 token, the calls are those of every
// chip, and the cluster reaches it over an encrypted channel (docs/chips.md).
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { hexToBytes } from '@noble/hashes/utils.js';
import { joinShares, parseShare, shareOut } from '../../domain/chips/officers.ts';
import { openTools } from '../../domain/chips/tools.ts';
import { CinnabarError } from '../../domain/errors.ts';
import { systemRandom } from '../../platform/system.ts';
import { hostKeyPair, listening, openChipHost, serveChip } from './host.ts';
import { openJournal } from './journal.ts';
import { initialiseToken, loadModule, openToken, tokenVault } from './token.ts';

const usage = `chip-host COMMAND [options]

  domain   make the key that all tokens of a pool share, as shares for officers
             --threshold M --shares N --out FOLDER
  init     make an uninitialised token a chip of that domain, and show the host's key
             --library FILE --token LABEL --pin FILE --so-pin FILE --chip NAME --state FOLDER
             --share FILE (of M officers)
  serve    answer the cluster
             --library FILE --token LABEL --pin FILE --chip NAME --state FOLDER
             --link-key HEX --root-key HEX (cinnabar chips status)
             [--backup-key HEX (cinnabar chips officers)]
             [--address 127.0.0.1] [--port 9443]
`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    threshold: { type: 'string' },
    shares: { type: 'string' },
    out: { type: 'string' },
    library: { type: 'string' },
    token: { type: 'string' },
    pin: { type: 'string' },
    'so-pin': { type: 'string' },
    chip: { type: 'string' },
    state: { type: 'string' },
    share: { type: 'string', multiple: true },
    'link-key': { type: 'string' },
    'root-key': { type: 'string' },
    'backup-key': { type: 'string' },
    address: { type: 'string', default: '127.0.0.1' },
    port: { type: 'string', default: '9443' },
    help: { type: 'boolean', short: 'h' },
  },
});

/** A mistake in the call: one sentence, no stack. */
class WrongUse extends Error {}

type TextOption = Exclude<keyof typeof values, 'share' | 'help'>;

function given(name: TextOption): string {
  const value = values[name];
  if (value === undefined) throw new WrongUse(`--${name} is missing`);
  return value;
}

/** PINs come from files: the list of processes shows what is on a command line. */
function pinIn(name: 'pin' | 'so-pin'): string {
  return readFileSync(given(name), 'utf8').trim();
}

function keyGiven(name: 'link-key' | 'root-key' | 'backup-key'): Uint8Array {
  const text = given(name);
  if (!/^[0-9a-f]{64}$/.test(text)) throw new WrongUse(`--${name}: 64 hexadecimal digits`);
  return hexToBytes(text);
}

async function makeDomain(): Promise<void> {
  const quorum = { threshold: Number(given('threshold')), shares: Number(given('shares')) };
  const out = given('out');
  const secret = systemRandom.bytes(32);
  const shares = await shareOut('cloning-domain', secret, quorum, systemRandom);
  secret.fill(0);
  mkdirSync(out, { recursive: true, mode: 0o700 });
  for (const share of shares) {
    const file = join(out, `domain-share-${share.index}.json`);
    writeFileSync(file, `${JSON.stringify(share, null, 2)}\n`, { mode: 0o600, flag: 'wx' });
    console.log(file);
  }
}

function journalIn(state: string) {
  mkdirSync(state, { recursive: true, mode: 0o700 });
  return openJournal(join(state, 'chip.journal'));
}

async function init(): Promise<void> {
  const module = loadModule(given('library'));
  const place = { label: given('token'), pin: pinIn('pin') };
  const files = values.share ?? [];
  const shares = files.map((file) => parseShare(JSON.parse(readFileSync(file, 'utf8'))));
  const domainKey = await joinShares('cloning-domain', shares);
  initialiseToken(module, { ...place, securityOfficerPin: pinIn('so-pin'), domainKey });
  domainKey.fill(0);
  const { sodium } = await openTools(crypto.subtle);
  const journal = journalIn(given('state'));
  const vault = tokenVault(openToken(module, place), given('chip'));
  const { publicKey } = hostKeyPair(sodium, journal, vault);
  journal.commit();
  console.log(JSON.stringify({ chip: given('chip'), publicKey: hexOf(publicKey) }));
}

/** What runs here: this file and the module beside it. */
function buildHash(): string {
  const hash = createHash('sha256');
  for (const name of ['chip-host.js', 'gm.wasm']) {
    hash.update(readFileSync(new URL(name, import.meta.url)));
  }
  return hash.digest('hex');
}

async function serve(): Promise<void> {
  const token = openToken(loadModule(given('library')), {
    label: given('token'),
    pin: pinIn('pin'),
  });
  const journal = journalIn(given('state'));
  const { publicKey, answerer } = await openChipHost({
    chip: given('chip'),
    token,
    journal,
    build: buildHash(),
    linkKey: keyGiven('link-key'),
    rootKey: keyGiven('root-key'),
    ...(values['backup-key'] ? { backupKey: keyGiven('backup-key') } : {}),
  });
  const server = serveChip(answerer, (cause) => console.error('failed:', cause));
  const port = await listening(server, Number(given('port')), given('address'));
  console.log(JSON.stringify({ chip: given('chip'), port, publicKey: hexOf(publicKey) }));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      server.close(() => process.exit(0));
      server.closeIdleConnections();
    });
  }
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

const commands: Readonly<Record<string, () => Promise<void>>> = { domain: makeDomain, init, serve };

try {
  const command = commands[positionals[0] ?? ''];
  if (!command || values.help) console.log(usage);
  else await command();
  if (!command && !values.help) process.exitCode = 2;
} catch (error) {
  const isOurs = error instanceof WrongUse || error instanceof CinnabarError;
  console.error(isOurs ? error.message : error);
  process.exitCode = 2;
}
