import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type Checkpoint,
  LedgerError,
  type LedgerPolicy,
  type LogSource,
  type ProofFile,
  parseCheckpoint,
  policyFrom,
  type TrustFile,
  type VerifiedCheckpoint,
  verifyLog,
  verifyProofFile,
} from '../core/ledger.ts';
import { base64Bytes, base64Text } from '../lib/base64.ts';
import { readAnchor } from './chain-anchor.ts';
import { type Answer, command, type Group, UsageError } from './command.ts';
import { deployAnchor } from './deploy-anchor.ts';
import { readJsonFile, writeJsonFile } from './files.ts';

const answerMsMax = 30_000;

async function get(address: string): Promise<Response> {
  // A busy service asks to come back; a whole log is many requests.
  for (let attempt = 0; ; attempt++) {
    const response = await fetch(address, { signal: AbortSignal.timeout(answerMsMax) });
    if (response.status !== 429 || attempt === 5) return response;
    const seconds = Number(response.headers.get('retry-after') ?? 1);
    await new Promise((wake) => setTimeout(wake, Math.min(seconds, 60) * 1000));
  }
}

function serviceSource(base: string): LogSource & { trust(): Promise<TrustFile> } {
  const found = async (path: string) => {
    const response = await get(`${base}/ledger/${path}`).catch(() => {
      throw new UsageError(`${base} does not answer`, 'network');
    });
    if (response.ok) return response;
    if (response.status === 404) return undefined;
    throw new UsageError(`${base} answered ${response.status} for ${path}`, 'unexpected_answer');
  };
  const needed = async (path: string) => {
    const response = await found(path);
    if (!response) throw new UsageError(`${base} has no ledger`, 'unexpected_answer');
    return response;
  };
  return {
    checkpoint: async () => (await needed('checkpoint')).text(),
    async tile(path) {
      const response = await found(path);
      return response && new Uint8Array(await response.arrayBuffer());
    },
    trust: async () => (await (await needed('trust')).json()) as TrustFile,
  };
}

function folderSource(folder: string): LogSource {
  return {
    checkpoint: () => readFile(join(folder, 'checkpoint'), 'utf8'),
    async tile(path) {
      try {
        return await readFile(join(folder, path));
      } catch (error) {
        if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
        throw error;
      }
    },
  };
}

interface KnownState {
  readonly origin: string;
  readonly size: number;
  readonly root: string;
}

async function readKnown(path: string | undefined): Promise<Checkpoint | undefined> {
  if (path === undefined || !(await stat(path).catch(() => undefined))) return undefined;
  const { origin, size, root } = (await readJsonFile(path)) as Partial<KnownState>;
  const bytes = typeof root === 'string' ? base64Bytes(root) : undefined;
  if (typeof origin !== 'string' || !Number.isSafeInteger(size) || bytes?.length !== 32) {
    throw new UsageError(`${path} is not the state of a log`, 'bad_input');
  }
  return { origin, size: size as number, root: bytes };
}

function parseSeconds(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const seconds = Number(text);
  if (!Number.isSafeInteger(seconds) || seconds < 1) {
    throw new UsageError(`--max-age is a whole number of seconds, not ${text}`);
  }
  return seconds;
}

const isAddress = (text: string) => /^https?:\/\//.test(text);

async function trustOf(
  place: string,
  path: string | undefined,
): Promise<{ readonly trust: TrustFile; readonly pinned: boolean }> {
  if (path !== undefined) return { trust: (await readJsonFile(path)) as TrustFile, pinned: true };
  if (isAddress(place)) return { trust: await serviceSource(place).trust(), pinned: false };
  throw new UsageError('--trust is missing: a file cannot say itself whom to trust');
}

function refused(error: LedgerError, place: string): Answer {
  const { code, message, index } = error;
  const where = index === undefined ? '' : `, entry ${index}`;
  return {
    exit: 1,
    json: { ok: false, code, message, ...(index === undefined ? {} : { index }) },
    text: `refused: ${place}: ${message} (${code}${where})\n`,
  };
}

interface Checked {
  readonly checkpoint: VerifiedCheckpoint;
  readonly entries: number;
  readonly what: string;
}

async function check(
  place: string,
  policy: LedgerPolicy,
  known: readonly Checkpoint[],
): Promise<Checked> {
  const nowSeconds = Math.floor(Date.now() / 1000);
  const isFolder = !isAddress(place) && (await stat(place)).isDirectory();
  if (isAddress(place) || isFolder) {
    const source = isFolder ? folderSource(place) : serviceSource(place);
    const { stderr } = process;
    const report = await verifyLog(source, policy, {
      nowSeconds,
      known,
      progress: (entries, of) => {
        if (stderr.isTTY) stderr.write(`\rentries ${entries}/${of}`);
      },
    });
    if (stderr.isTTY) stderr.write('\r\x1b[K');
    const { checkpoint, entries, subjects } = report;
    return { checkpoint, entries, what: `${entries} entries about ${subjects} subjects` };
  }
  const file = (await readJsonFile(place)) as ProofFile;
  const { checkpoint } = await verifyProofFile(file, policy, nowSeconds);
  return { checkpoint, entries: 1, what: `entry ${file.index} of ${checkpoint.size}` };
}

const anchorOptions = ['anchor-rpc', 'anchor-contract'] as const;

/** The newest tree on the chain, when one was named. */
async function anchorOf(
  place: string,
  values: { readonly [name in (typeof anchorOptions)[number]]: string | undefined },
  policy: LedgerPolicy,
): Promise<Checkpoint | undefined> {
  const [rpcUrl, contract] = anchorOptions.map((name) => values[name]);
  if (rpcUrl === undefined && contract === undefined) return undefined;
  const isWhole = isAddress(place) || (await stat(place)).isDirectory();
  if (!isWhole) throw new UsageError('an anchor is checked with a whole log');
  if (!rpcUrl || !isAddress(rpcUrl) || !/^0x[0-9a-fA-F]{40}$/.test(contract ?? '')) {
    throw new UsageError('--anchor-rpc is a URL, --anchor-contract 0x and 40 hex digits');
  }
  return readAnchor({ rpcUrl, contract: contract ?? '' }, policy.log.name);
}

const verify = command({
  summary: 'check a whole log, or the proof of one entry, offline',
  operands: ['URL|FILE'],
  options: {
    trust: {
      type: 'string',
      value: 'FILE',
      about: 'keys of log and witnesses, as URL/ledger/trust gives them',
    },
    state: {
      type: 'string',
      value: 'FILE',
      about: 'the last state that was verified; the log must continue it, and it is renewed',
    },
    'max-age': { type: 'string', value: 'SECONDS', about: 'refuse an older checkpoint' },
    'anchor-rpc': {
      type: 'string',
      value: 'URL',
      about: 'a node of the chain; the log must continue the newest tree anchored there',
    },
    'anchor-contract': { type: 'string', value: 'ADDRESS', about: 'the contract of the anchors' },
  },
  details: [
    'URL is a service, FILE the folder of a copied log (checkpoint, tile/…) or a proof in JSON:',
    '{ checkpoint, index, entry (base64), proof }.',
    'A whole log: signatures, quorum of witnesses, every entry against every tile and the root,',
    'the chain of events of each subject, and consistency with --state.',
    'Exit 0: it holds. 1: refused; the code and the first failing entry are named.',
    'Without --trust the keys are taken from the service itself: keep them, and pin them next time.',
  ].join('\n'),
  async run([place = ''], values) {
    const { trust, pinned } = await trustOf(place, values.trust);
    try {
      const policy = policyFrom(trust, parseSeconds(values['max-age']));
      const known = await readKnown(values.state);
      const anchor = await anchorOf(place, values, policy);
      const states = [known, anchor].filter((state) => state !== undefined);
      const { checkpoint, entries, what } = await check(place, policy, states);
      const { origin, size, cosignedBy, atSeconds } = checkpoint;
      const root = base64Text(checkpoint.root);
      if (values.state !== undefined && (known === undefined || size >= known.size)) {
        await writeJsonFile(values.state, { origin, size, root } satisfies KnownState);
      }
      const at = atSeconds === undefined ? undefined : new Date(atSeconds * 1000).toISOString();
      const witnesses = `${cosignedBy.length} of ${policy.witnesses.length} witnesses`;
      const caution = pinned ? '' : 'keys: from the service itself; pin them with --trust\n';
      const onChain = anchor ? `anchor: the chain has the tree of ${anchor.size} entries\n` : '';
      return {
        exit: 0,
        json: {
          ok: true,
          origin,
          size,
          root,
          entries,
          cosignedBy,
          cosignedAt: at,
          pinned,
          ...(anchor && { anchoredSize: anchor.size }),
        },
        text: `ok: ${what}\nlog: ${origin}, ${size} entries, ${witnesses}, ${at}\n${onChain}${caution}`,
      };
    } catch (error) {
      if (error instanceof LedgerError) return refused(error, place);
      throw error;
    }
  },
});

const checkpoint = command({
  summary: 'show the newest checkpoint of a service',
  operands: ['URL'],
  options: {},
  async run([place = '']) {
    const note = await serviceSource(place).checkpoint();
    const { origin, size, root } = parseCheckpoint(note);
    return { exit: 0, json: { origin, size, root: base64Text(root), note }, text: note };
  },
});

export const ledger: Group = {
  summary: 'the public ledger: check what it says',
  commands: { verify, checkpoint, 'deploy-anchor': deployAnchor },
};
