import { type FileHandle, open, stat } from 'node:fs/promises';
import type { Client } from '../client/index.ts';
import { policyFrom, type TrustFile } from '../core/ledger.ts';
import type { AuditRecord } from '../domain/audit/types.ts';
import { instantMs, instantText } from '../lib/time.ts';
import {
  chainFormat,
  type ExportVerdict,
  type KeptExport,
  keptExport,
  lineOf,
  verifyExportedChain,
} from './audit-chain.ts';
import { evidenceOf, lastHeadOf, patiently } from './chain-evidence.ts';
import { command, required, UsageError } from './command.ts';
import { readJsonFile, trustOptions } from './files.ts';
import { progress } from './progress.ts';
import { connect, serviceOptions } from './service.ts';

/** As many as the service gives at once. */
const pageSize = 100;

/** The records `from` to `to`, oldest first, behind what is in the file. */
async function appendRecords(
  { audit }: Client,
  handle: FileHandle,
  { from, to, hash }: { from: number; to: number; hash: string | undefined },
): Promise<void> {
  const counter = progress('pages of records', Math.ceil((to - from + 1) / pageSize));
  let previous = hash;
  for (let next = from; next <= to; next += pageSize) {
    const end = Math.min(next + pageSize, to + 1);
    const page = { cursor: String(end), limit: end - next };
    const { items } = await patiently(() => audit.list(page));
    const records = items.toReversed();
    for (const [i, record] of records.entries()) {
      const follows = previous === undefined || record.previousHash === previous;
      if (record.index !== next + i || !follows) throw brokenAt(next + i);
      previous = record.hash;
    }
    if (records.length !== end - next) throw brokenAt(next + records.length);
    await handle.appendFile(records.map(lineOf).join(''));
    counter.step();
  }
  counter.end();
}

function brokenAt(position: number): UsageError {
  return new UsageError(
    `record ${position} of the service does not follow the one before it`,
    'chain_broken',
  );
}

/** An export that is there, or `undefined` for a new file. Whatever else is there stays. */
async function keptIn(file: string): Promise<KeptExport | undefined> {
  const size = await stat(file).then(
    (found) => found.size,
    () => 0,
  );
  if (size === 0) return undefined;
  const kept = await keptExport(file);
  if (!kept) {
    throw new UsageError(`${file} is there and no export that could go on`, 'file_exists');
  }
  return kept;
}

function recordNumber(text: string): number {
  if (!/^(?:0|[1-9][0-9]{0,14})$/.test(text)) {
    throw new UsageError(`--from is the number of a record, not ${text}`);
  }
  return Number(text);
}

function startOf(file: string, from: string | undefined, kept: KeptExport | undefined): number {
  const asked = from === undefined ? undefined : recordNumber(from);
  if (kept && asked !== undefined && asked !== kept.next) {
    throw new UsageError(`${file} goes on at record ${kept.next}, not ${asked}`);
  }
  return kept?.next ?? asked ?? 0;
}

export const exportChain = command({
  summary: "exports the institution's audit chain with what proves it, in JSON Lines",
  operands: [],
  options: {
    out: {
      type: 'string',
      value: 'FILE',
      about: 'where the export goes; one that is there goes on',
    },
    from: { type: 'string', value: 'N', about: 'number of the first record of a new file; else 0' },
    ...serviceOptions,
  },
  details: [
    'For auditors and administrators. Fixes the newest record in the ledger, then writes all up to',
    'it. The same command again adds what came since, also after it was interrupted.',
  ].join('\n'),
  async run(_operands, { out, from: first, ...service }) {
    const file = required('out', out);
    const client = connect(service);
    const kept = await keptIn(file);
    const from = startOf(file, first, kept);
    const { subject } = await patiently(() => client.audit.anchor());
    const ledger = await evidenceOf(client, subject, from);
    const to = lastHeadOf(ledger)?.position ?? from - 1;
    if (to < from) {
      if (!kept) throw new UsageError(`there is no record ${from} yet`, 'not_found');
      return { exit: 0, json: { file, records: 0 }, text: `${file}: nothing new\n` };
    }
    const handle = await open(file, 'a', 0o600);
    try {
      if (kept) await handle.truncate(kept.bytes);
      await handle.appendFile(lineOf({ format: chainFormat, from, ledger }));
      await appendRecords(client, handle, { from, to, hash: kept?.hashHex });
      await handle.sync();
    } finally {
      await handle.close();
    }
    const json = { file, from, to, records: to - from + 1 };
    return { exit: 0, json, text: `${file}: records ${from} to ${to}\n` };
  },
});

const refusals: Readonly<Record<string, string>> = {
  line_malformed: 'this is no line of an export',
  record_changed: 'the record was changed',
  record_missing: 'the record is missing or out of its place',
  link_broken: 'it names another record before it than the one that is there',
  other_tenant: 'it is of another institution',
  cut: 'the ledger knows this record: the export was cut before it',
  differs: 'the ledger knows another record in this place',
  not_anchored: 'the ledger knows nothing of this record and those after it',
};

function verdictText(verdict: ExportVerdict): string {
  if (verdict.ok) {
    const { tenant, from, to, anchored, asOf } = verdict;
    return `ok: records ${from} to ${to} of ${tenant} are one chain, none is missing as of ${asOf}; ${anchored} heads of it are in the ledger\n`;
  }
  const { line, position, code } = verdict;
  const places = [
    ...(line === undefined ? [] : [`line ${line}`]),
    ...(position === undefined ? [] : [`record ${position}`]),
  ];
  const reason = refusals[code] === undefined ? code : `${code}: ${refusals[code]}`;
  return `refused: ${[...places, reason].join(', ')}\n`;
}

interface Filter {
  readonly action?: string | undefined;
  readonly actor?: string | undefined;
  readonly since?: string | undefined;
  readonly until?: string | undefined;
}

function momentOf(name: string, text: string): number {
  try {
    return instantMs(text);
  } catch {
    throw new UsageError(`--${name} is a date or a moment in RFC 3339, not ${text}`);
  }
}

/** `undefined` without a condition. */
function matcherOf({ action, actor, since, until }: Filter) {
  if ([action, actor, since, until].every((one) => one === undefined)) return undefined;
  const sinceMs = since === undefined ? Number.NEGATIVE_INFINITY : momentOf('since', since);
  const untilMs = until === undefined ? Number.POSITIVE_INFINITY : momentOf('until', until);
  const group = action?.endsWith('.*') ? action.slice(0, -1) : undefined;
  return (record: AuditRecord) =>
    (action === undefined ||
      record.action === action ||
      (group !== undefined && record.action.startsWith(group))) &&
    (actor === undefined || record.actor === actor) &&
    record.atMs >= sinceMs &&
    record.atMs < untilMs;
}

function recordText({ index, atMs, actor, action, subject, outcome }: AuditRecord): string {
  return `  ${index}  ${instantText(atMs)}  ${actor}  ${action}  ${subject}  ${outcome}\n`;
}

export const checkChain = command({
  summary: 'verifies an exported audit chain offline, and lists records of it',
  operands: ['FILE'],
  options: {
    trust: trustOptions.trust,
    action: { type: 'string', value: 'ACTION', about: 'list records of it: seal.enrol, payment.*' },
    actor: { type: 'string', value: 'ACTOR', about: 'list records of this actor' },
    since: { type: 'string', value: 'TIME', about: 'list records from this moment on' },
    until: { type: 'string', value: 'TIME', about: 'list records before this moment' },
  },
  details: [
    'Asks nobody. Every record is hashed again and held against the one before it and against the',
    'heads in the ledger. A part of the records proves nothing: keep the whole file, list from it.',
    'Exit 0: all holds. 1: something does not; its line and record are named, and nothing is listed.',
  ].join('\n'),
  async run([file = ''], { trust, ...filter }) {
    const policy = policyFrom((await readJsonFile(required('trust', trust))) as TrustFile);
    const matches = matcherOf(filter);
    const records: AuditRecord[] = [];
    const verdict = await verifyExportedChain(file, policy, Date.now(), (record) => {
      if (matches?.(record)) records.push(record);
    });
    if (!verdict.ok) return { exit: 1, json: verdict, text: verdictText(verdict) };
    const json = matches ? { ...verdict, records } : verdict;
    return { exit: 0, json, text: verdictText(verdict) + records.map(recordText).join('') };
  },
});
