import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { AuditRecord as WireRecord } from '../client/index.ts';
import { LedgerError, type LedgerPolicy, verifyKeptStatus } from '../core/ledger.ts';
import { auditSubject } from '../domain/audit/anchor.ts';
import { type ChainVerdict, verifyChain } from '../domain/audit/chain.ts';
import { verifyHeads } from '../domain/audit/heads.ts';
import type { AuditRecord, ChainHead } from '../domain/audit/types.ts';
import { canonicalJson, type Json } from '../lib/canonical-json.ts';
import { instantText } from '../lib/time.ts';
import { type ChainEvidence, provedHeads, recordIn } from './chain-evidence.ts';

// The file of an exported audit chain: lines of canonical JSON, in one or more parts. Each part is
// a head with what the ledger proves, then the records as the API gives them, oldest first.

export const chainFormat = 'cinnabar audit chain 1';

export interface PartHead {
  readonly format: typeof chainFormat;
  /** Number of the first record of the part. */
  readonly from: number;
  readonly ledger: ChainEvidence;
}

export const lineOf = (value: PartHead | WireRecord): string =>
  `${canonicalJson({ ...value } as unknown as Json)}\n`;

type ChainCode =
  | 'line_malformed'
  | 'record_changed'
  | 'record_missing'
  | 'link_broken'
  | 'other_tenant'
  | 'cut'
  | 'differs'
  | 'not_anchored';

export type ExportVerdict =
  | {
      readonly ok: true;
      readonly tenant: string;
      readonly from: number;
      readonly to: number;
      /** How many heads in the ledger are of these records. */
      readonly anchored: number;
      /** When the ledger said that it knows no later head; RFC 3339. */
      readonly asOf: string;
    }
  | {
      readonly ok: false;
      /** From 1; absent when what is missing is behind the last line. */
      readonly line?: number;
      /** Number of the record that does not hold. */
      readonly position?: number;
      readonly code: ChainCode | LedgerError['code'];
    };

type Refusal = Extract<ExportVerdict, { ok: false }>;

const codeOf = {
  hash: 'record_changed',
  link: 'link_broken',
  index: 'record_missing',
  tenant: 'other_tenant',
  head: 'cut',
} as const satisfies Record<Extract<ChainVerdict, { ok: false }>['reason'], ChainCode>;

interface Part {
  readonly line: number;
  readonly head: PartHead;
}

/** What was read of a file so far. */
interface Run {
  readonly parts: Part[];
  readonly hashesHex: string[];
  first: number;
  tenant: string | undefined;
  head: ChainHead | undefined;
}

/**
 * Verifies an exported audit chain without asking anybody: every record is what it was when it was
 * written, none is missing between the first and the last, and the ledger knows no later one.
 *
 * @param see is shown every record that is in its place, before the end is judged
 */
export async function verifyExportedChain(
  path: string,
  policy: LedgerPolicy,
  nowMs: number,
  see: (record: AuditRecord) => void = () => undefined,
): Promise<ExportVerdict> {
  const run: Run = { parts: [], hashesHex: [], first: 0, tenant: undefined, head: undefined };
  let line = 0;
  for await (const text of linesOf(path)) {
    line += 1;
    const value = canonicalObject(text);
    const refusal = isPartHead(value)
      ? partRefused(run, { line, head: value })
      : recordRefused(run, recordOf(value), see);
    if (refusal) return { ok: false, line, ...refusal };
  }
  return judged(run, policy, nowMs);
}

/** By line feeds alone: other separators of lines may stand inside a text of JSON. */
async function* linesOf(path: string): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of createReadStream(path, { encoding: 'utf8', highWaterMark: 1 << 20 })) {
    const pieces = `${rest}${chunk}`.split('\n');
    rest = pieces.pop() ?? '';
    yield* pieces;
  }
  if (rest !== '') yield rest;
}

/** `undefined` for what is not one object in its canonical text: nothing may hide in a line. */
function canonicalObject(text: string): Readonly<Record<string, Json>> | undefined {
  try {
    const value = JSON.parse(text);
    return typeof value === 'object' && value !== null && canonicalJson(value) === text
      ? value
      : undefined;
  } catch {
    return undefined;
  }
}

function isPartHead(value: unknown): value is PartHead {
  const head = value as Partial<PartHead> | undefined;
  return (
    head?.format === chainFormat &&
    Number.isSafeInteger(head.from) &&
    typeof head.ledger?.checkpoint === 'string' &&
    typeof head.ledger.status === 'string' &&
    Array.isArray(head.ledger.entries)
  );
}

const fieldsOfRecord = 11;

function recordOf(value: Readonly<Record<string, Json>> | undefined): AuditRecord | undefined {
  if (value === undefined || Object.keys(value).length !== fieldsOfRecord) return undefined;
  try {
    const record = recordIn(value as unknown as WireRecord);
    return instantText(record.atMs) === value.at ? record : undefined;
  } catch {
    return undefined;
  }
}

type PlaceRefused = Omit<Refusal, 'ok' | 'line'> | undefined;

function partRefused(run: Run, part: Part): PlaceRefused {
  const { from } = part.head;
  if (run.parts.length === 0) run.first = from;
  const position = run.first + run.hashesHex.length;
  if (from !== position) return { position, code: 'record_missing' };
  run.parts.push(part);
  return undefined;
}

function recordRefused(
  run: Run,
  record: AuditRecord | undefined,
  see: (record: AuditRecord) => void,
): PlaceRefused {
  if (!record || run.parts.length === 0) return { code: 'line_malformed' };
  const position = run.first + run.hashesHex.length;
  run.tenant ??= record.tenant;
  if (record.tenant !== run.tenant) return { position, code: 'other_tenant' };
  const isLater = run.head === undefined && run.first > 0;
  const after = isLater ? { index: run.first - 1, hashHex: record.previousHashHex } : run.head;
  const verdict = chainVerdict(record, after);
  if (!verdict) return { position, code: 'line_malformed' };
  if (!verdict.ok) return { position: verdict.index, code: codeOf[verdict.reason] };
  run.head = verdict.head;
  run.hashesHex.push(record.hashHex);
  see(record);
  return undefined;
}

/** `undefined` when a field is of a type that no record has. */
function chainVerdict(record: AuditRecord, after: ChainHead | undefined): ChainVerdict | undefined {
  try {
    return verifyChain([record], after === undefined ? {} : { after });
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

/** Holds the records against the ledger's heads. */
async function judged(run: Run, policy: LedgerPolicy, nowMs: number): Promise<ExportVerdict> {
  const { parts, first, hashesHex, tenant } = run;
  if (tenant === undefined) return { ok: false, code: 'line_malformed' };
  const chain = { type: 'audit_head', subject: auditSubject(tenant) } as const;
  let [anchored, proved, asOf] = [0, first - 1, ''];
  for (const { line, head } of parts) {
    const { from, ledger } = head;
    try {
      const status = await verifyKeptStatus(ledger.status, policy.log, nowMs);
      const heads = await provedHeads(ledger, status, policy, { ...chain, from });
      const verdict = verifyHeads(first, hashesHex, heads);
      if (!verdict.ok) return { ok: false, position: verdict.position, code: verdict.reason };
      anchored += heads.filter(({ position }) => position > proved).length;
      proved = Math.max(proved, ...heads.map(({ position }) => position));
      asOf = status.issuedAt;
    } catch (error) {
      if (!(error instanceof LedgerError)) throw error;
      return { ok: false, line, code: error.code };
    }
  }
  const to = first + hashesHex.length - 1;
  // Anybody can write a record that follows another: only what a head in the ledger covers holds.
  if (proved < to) return { ok: false, position: proved + 1, code: 'not_anchored' };
  return { ok: true, tenant, from: first, to, anchored, asOf };
}

/** Where an export that is there already goes on. */
export interface KeptExport {
  readonly next: number;
  readonly hashHex: string;
  /** Bytes of whole lines; what is behind them was being written when it broke off. */
  readonly bytes: number;
}

/** `undefined` for a file without a record, or with a whole line that is of no export. */
export async function keptExport(path: string): Promise<KeptExport | undefined> {
  const { size } = await stat(path);
  let bytes = 0;
  let parts = 0;
  let last: AuditRecord | undefined;
  for await (const text of linesOf(path)) {
    const value = canonicalObject(text);
    const isHead = isPartHead(value);
    const record = isHead ? last : recordOf(value);
    const isWhole = bytes + Buffer.byteLength(text) + 1 <= size;
    if (!isWhole) break;
    if (!isHead && (!record || parts === 0)) return undefined;
    bytes += Buffer.byteLength(text) + 1;
    parts += isHead ? 1 : 0;
    last = record;
  }
  return last && { next: last.index + 1, hashHex: last.hashHex, bytes };
}
