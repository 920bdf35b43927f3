import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import { base64Bytes } from '../../lib/base64.ts';
import { canonicalJson, type Json } from '../../lib/canonical-json.ts';
import { type Gm, loadGm } from '../gm.ts';
import type { LedgerPolicy, VerifiedCheckpoint } from '../ledger/checkpoint.ts';
import { LedgerError } from '../ledger/error.ts';
import { leafHash } from '../ledger/merkle.ts';
import { type StatusBody, verifyKeptStatus } from '../ledger/status.ts';
import { type ParsedCertificate, parseCertificate } from '../pki/certificate.ts';
import { verifyCertificateChain } from '../pki/chain.ts';
import { checkCheckpoint, isIncluded, readEvent } from '../pki/evidence.ts';
import { parsePublicKey } from '../pki/public-key.ts';
import { checkRecord, type RecordCode } from './check-record.ts';
import { readDecision } from './decision.ts';
import {
  exportDigest,
  type UsageExportHead,
  type UsageExportRecord,
  usageExportFormat,
} from './export.ts';
import { recordHash, type UsageRecordBody, usageSubject } from './record.ts';

/** What must come from a place that the verifier trusts, never from the export. */
export interface UsageTrust {
  /** Root certificates, DER. */
  readonly roots: readonly Uint8Array[];
  readonly ledger: LedgerPolicy;
  /** Identity keys of the chips in hex; absent: whichever chip signed a receipt. */
  readonly chips?: readonly string[];
}

export type UsageCode =
  | RecordCode
  | 'export_malformed'
  | 'checkpoint_refused'
  | 'status_refused'
  | 'digest_differs'
  | 'records_missing'
  | 'certificate_unused'
  | 'certificate_missing'
  | 'certificate_untrusted'
  | 'key_differs'
  | 'inclusion_failed'
  | 'chain_broken'
  | 'hash_differs'
  | 'record_repeated';

export interface UsageFinding {
  /** Line of the file, the head being 1. */
  readonly line: number;
  readonly ok: boolean;
  readonly code?: UsageCode;
  /** Of a record that could be read. */
  readonly index?: number;
  readonly operationId?: string;
  readonly actor?: string;
  readonly operation?: string;
  readonly documentType?: string;
  readonly atMs?: number;
}

export interface UsageVerdict {
  readonly ok: boolean;
  /** Of the first line that does not hold. */
  readonly code?: UsageCode;
  readonly line?: number;
  readonly institutionKeyId?: string;
  /** The moment for which the log says that there is no newer record; RFC 3339. */
  readonly asOf?: string;
  readonly size?: number;
  readonly findings: readonly UsageFinding[];
}

/**
 * Verifies an export of usage records without asking anybody (C8). Every line is judged by itself,
 * so what was changed is named; the order and the number of the records are held by the ledger.
 * A long export is several parts in one file, each with its own head.
 *
 * It says what held when the records were made: each certificate stood under a trusted root at the
 * time of use. That nobody had revoked it by then is in the decision that the person signed for.
 */
export async function verifyUsageExport(
  text: string,
  trust: UsageTrust,
  nowMs: number,
): Promise<UsageVerdict> {
  const lines = text.split('\n');
  // The last line ends, too: a file that was cut short does not.
  if (lines.pop() !== '' || !lines[0]?.startsWith(headStart)) return verdictOf([malformed(1)]);
  const gm = await loadGm();
  const starts = lines.flatMap((line, i) => (line.startsWith(headStart) ? [i] : []));
  const findings: UsageFinding[] = [];
  const progress: Progress = { gm, trust, seen: new Set(), previous: null };
  let last: Checking | undefined;
  for (const [i, start] of starts.entries()) {
    const part = lines.slice(start, starts[i + 1]);
    const isLast = i === starts.length - 1;
    const checked = await checkPart(progress, part, { line: start + 1, isLast, nowMs });
    findings.push(...checked.findings);
    last = checked.checking;
  }
  return verdictOf(findings, last);
}

/** What goes on from one part to the next. */
interface Progress {
  readonly gm: Gm;
  readonly trust: UsageTrust;
  /** Operations that had a record. */
  readonly seen: Set<string>;
  /** Leaf hash of the record before, in hex; undefined when it could not be read. */
  previous: string | null | undefined;
}

async function checkPart(
  progress: Progress,
  lines: readonly string[],
  { line, isLast, nowMs }: { line: number; isLast: boolean; nowMs: number },
): Promise<{ readonly findings: readonly UsageFinding[]; readonly checking?: Checking }> {
  const head = readLine<UsageExportHead>(lines[0] ?? '', headMembers);
  if (head?.format !== usageExportFormat) return { findings: [malformed(line)] };
  const { trust } = progress;
  const open = await openHead(head, trust, nowMs);
  if (typeof open === 'string') return { findings: [{ line, ok: false, code: open }] };
  const checking: Checking = { ...open, progress, used: new Set() };
  const from = progress.seen.size;
  const findings: UsageFinding[] = [];
  for (const [i, text] of lines.slice(1).entries()) {
    findings.push(await checkLine(checking, text, line + 1 + i));
  }
  const code = wholeCode(checking, lines, { from, isLast });
  return { checking, findings: [{ line, ok: !code, ...(code ? { code } : {}) }, ...findings] };
}

async function checkLine(checking: Checking, text: string, line: number): Promise<UsageFinding> {
  const { progress } = checking;
  const record = readLine<UsageExportRecord>(text, recordMembers);
  const entry = record && readEntry(record);
  if (!record || !entry) {
    progress.previous = undefined;
    return malformed(line, 'record_malformed');
  }
  const code = await recordCode(checking, record, entry).catch(() => 'record_malformed' as const);
  progress.previous = bytesToHex(leafHash(entry));
  return finding(line, record, code);
}

interface Opened {
  readonly head: UsageExportHead;
  readonly checkpoint: VerifiedCheckpoint;
  readonly status: StatusBody;
  readonly certificates: ReadonlyMap<string, ParsedCertificate>;
  readonly authorities: readonly ParsedCertificate[];
}

interface Checking extends Opened {
  readonly progress: Progress;
  /** Fingerprints of the certificates that some record rests on. */
  readonly used: Set<string>;
}

const headStart = '{"authorities":';

const headMembers =
  'authorities,certificates,checkpoint,format,from,institutionKeyId,records,sha256,status';
const recordMembers = 'body,entry,index,proof';

/** A line as it was written: canonical, with exactly these members. */
function readLine<T>(line: string, members: string): T | undefined {
  try {
    const value: Json = JSON.parse(line);
    const isExact = Object.keys(value ?? {}).join() === members && canonicalJson(value) === line;
    return isExact ? (value as T) : undefined;
  } catch {
    return undefined;
  }
}

async function openHead(
  head: UsageExportHead,
  trust: UsageTrust,
  nowMs: number,
): Promise<Opened | UsageCode> {
  const { sha256: digest, ...rest } = head;
  if (digest !== exportDigest(rest)) return 'digest_differs';
  const { verified } = await checkCheckpoint(String(head.checkpoint), trust.ledger, nowMs);
  if (!verified) return 'checkpoint_refused';
  const status = await statusOf(head, trust.ledger, nowMs);
  if (!status) return 'status_refused';
  try {
    const parse = (text: string) => parseCertificate(base64Bytes(text) ?? new Uint8Array(0));
    const authorities = head.authorities.map(parse);
    const parsed = head.certificates.map(parse);
    const certificates = new Map(parsed.map((one) => [one.serialHex, one]));
    if (certificates.size !== parsed.length) return 'export_malformed';
    return { head, checkpoint: verified, status, certificates, authorities };
  } catch {
    return 'export_malformed';
  }
}

async function statusOf(
  { status, institutionKeyId }: UsageExportHead,
  { log }: LedgerPolicy,
  nowMs: number,
): Promise<StatusBody | undefined> {
  try {
    const body = await verifyKeptStatus(status, log, nowMs);
    return body.subject === usageSubject(institutionKeyId) ? body : undefined;
  } catch (error) {
    if (error instanceof LedgerError || error instanceof TypeError) return undefined;
    throw error;
  }
}

function readEntry({ entry, index, proof }: UsageExportRecord): Uint8Array | undefined {
  const isFormed =
    typeof entry === 'string' &&
    Number.isSafeInteger(index) &&
    Array.isArray(proof) &&
    proof.every((hash) => /^[0-9a-f]{64}$/.test(hash));
  return isFormed ? base64Bytes(entry) : undefined;
}

async function recordCode(
  checking: Checking,
  { index, proof, body }: UsageExportRecord,
  entry: Uint8Array,
): Promise<UsageCode | undefined> {
  const { head, checkpoint, progress } = checking;
  const { gm, trust, seen, previous } = progress;
  const hashes = proof.map((hash) => hexToBytes(hash));
  if (!isIncluded({ index, bytes: entry, proof: hashes }, checkpoint)) return 'inclusion_failed';
  const event = readEvent(entry);
  if (event?.type !== 'key_usage' || event.subject !== usageSubject(head.institutionKeyId)) {
    return 'chain_broken';
  }
  if (previous !== undefined && event.prev !== previous) return 'chain_broken';
  // Whatever form the body has: it is what was logged, or it is refused here.
  if (event.recordSha256 !== recordHash(body)) return 'hash_differs';
  if (body.institutionKeyId !== head.institutionKeyId) return 'key_differs';
  if (seen.has(body.operationId)) return 'record_repeated';
  seen.add(body.operationId);
  const own = checkRecord(gm, body, trust.chips);
  return own ?? (await holdersCode(checking, body));
}

/** A key that was used at a time, and the certificate that it is said to have had. */
interface Holder {
  readonly serial: string;
  readonly publicKeyHex: string;
  readonly atMs: number;
  /** Its certificate may have ended before. */
  readonly mayBeOver?: boolean;
}

/** Whether the certificates say that these keys are the institution's, the person's, the others'. */
async function holdersCode(
  checking: Checking,
  body: UsageRecordBody,
): Promise<UsageCode | undefined> {
  const { atMs } = body.receipt;
  const decision = readDecision(body.decision);
  // What was encrypted while the key's certificate held is opened after it: it is judged by its end.
  // One that was followed by another is called superseded for ever, also once it is over.
  const mayBeOver =
    decision?.use.kind === 'decrypt' &&
    ['expired', 'superseded'].includes(decision.key.certificate.standing);
  const { institutionSerial, institutionPublicKeyHex, personSerial, personPublicKeyHex } = body;
  const holders: readonly Holder[] = [
    { serial: institutionSerial, publicKeyHex: institutionPublicKeyHex, atMs, mayBeOver },
    { serial: personSerial, publicKeyHex: personPublicKeyHex, atMs },
    ...body.approvals.map(({ serial, publicKeyHex }) => ({ serial, publicKeyHex, atMs })),
  ];
  for (const holder of holders) {
    const code = await holderCode(checking, holder);
    if (code) return code;
  }
  return undefined;
}

async function holderCode(
  { certificates, authorities, progress, used }: Checking,
  { serial, publicKeyHex, atMs, mayBeOver }: Holder,
): Promise<UsageCode | undefined> {
  const leaf = certificates.get(serial);
  if (!leaf) return 'certificate_missing';
  if (bytesToHex(parsePublicKey(leaf.spki).key) !== publicKeyHex) return 'key_differs';
  const above = chainAbove(leaf, authorities);
  const heldAtMs = mayBeOver ? Math.min(atMs, leaf.notAfterMs) : atMs;
  const { ok } = await verifyCertificateChain([leaf, ...above], progress.trust.roots, heldAtMs);
  if (!ok) return 'certificate_untrusted';
  for (const one of [leaf, ...above]) used.add(fingerprint(one));
  return undefined;
}

/** From the certificate's issuer to its root, at most two steps. */
function chainAbove(
  leaf: ParsedCertificate,
  authorities: readonly ParsedCertificate[],
): readonly ParsedCertificate[] {
  const issuerOf = ({ issuer }: ParsedCertificate) =>
    authorities.find(({ subject }) => bytesToHex(subject) === bytesToHex(issuer));
  const issuing = issuerOf(leaf);
  const root = issuing && issuerOf(issuing);
  return [issuing, root].filter((one) => one !== undefined);
}

const fingerprint = ({ der }: ParsedCertificate) => bytesToHex(sha256(der));

/** What is wrong with a part as a whole. */
function wholeCode(
  { head, status, certificates, authorities, used, progress }: Checking,
  lines: readonly string[],
  { from, isLast }: { readonly from: number; readonly isLast: boolean },
): UsageCode | undefined {
  if (head.from !== from || lines.length - 1 !== head.records) return 'records_missing';
  const newest = status.newest?.leafHash ?? null;
  if (isLast && progress.previous !== newest) return 'records_missing';
  const given = [...certificates.values(), ...authorities].map(fingerprint);
  return given.every((one) => used.has(one)) ? undefined : 'certificate_unused';
}

function finding(
  line: number,
  { index, body }: UsageExportRecord,
  code: UsageCode | undefined,
): UsageFinding {
  const { operationId, actor, documentType, receipt } = { ...body };
  return {
    line,
    ok: code === undefined,
    ...(code ? { code } : {}),
    index,
    ...(operationId === undefined ? {} : { operationId }),
    ...(actor === undefined ? {} : { actor }),
    ...(documentType === undefined ? {} : { documentType }),
    ...(receipt ? { operation: receipt.operation, atMs: receipt.atMs } : {}),
  };
}

function malformed(line: number, code: UsageCode = 'export_malformed'): UsageFinding {
  return { line, ok: false, code };
}

/** A changed record names itself, rather than the head that misses it. */
function verdictOf(findings: readonly UsageFinding[], last?: Checking): UsageVerdict {
  const bad = findings.filter(({ ok }) => !ok);
  const first = bad.find(({ index, code }) => index !== undefined || code === 'record_malformed');
  const { code, line } = first ?? bad[0] ?? {};
  return {
    ok: bad.length === 0,
    ...(code === undefined ? {} : { code }),
    ...(line === undefined ? {} : { line }),
    ...(last
      ? {
          institutionKeyId: last.head.institutionKeyId,
          asOf: last.status.issuedAt,
          size: last.checkpoint.size,
        }
      : {}),
    findings,
  };
}
