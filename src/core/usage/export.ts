import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { canonicalJson, type Json } from '../../lib/canonical-json.ts';
import type { UsageRecordBody } from './record.ts';

export const usageExportFormat = 'cinnabar-usage-export/1';

/** First line of an export; each record is a line after it. All lines are canonical JSON. */
export interface UsageExportHead {
  readonly format: typeof usageExportFormat;
  readonly institutionKeyId: string;
  /** Signed note of the tree that every proof leads into. */
  readonly checkpoint: string;
  /** The log's signed word on which record is the newest one. */
  readonly status: string;
  /** Of the key, of persons who used it and of those who approved: DER, base64. */
  readonly certificates: readonly string[];
  /** What is above them, roots included: DER, base64. */
  readonly authorities: readonly string[];
  readonly records: number;
  /** How many records of the key come before the first one here. */
  readonly from: number;
  /** SHA-256 of this line without it. Signatures hold the rest; this names a damaged head. */
  readonly sha256: string;
}

export interface UsageExportRecord {
  readonly index: number;
  /** The exact bytes of the ledger's entry, base64. */
  readonly entry: string;
  /** Hashes in hex. */
  readonly proof: readonly string[];
  readonly body: UsageRecordBody;
}

/** Writes an export. It ends in a newline. */
export function formatUsageExport(
  head: Omit<UsageExportHead, 'format' | 'records' | 'sha256'>,
  records: readonly UsageExportRecord[],
): string {
  const lines = records.map((one) => canonicalJson(one as unknown as Json));
  const whole = { format: usageExportFormat, ...head, records: records.length } as const;
  const first = canonicalJson({ ...whole, sha256: exportDigest(whole) });
  return `${[first, ...lines].join('\n')}\n`;
}

/** The digest that the head has, in hex. */
export function exportDigest(head: Omit<UsageExportHead, 'sha256'>): string {
  return bytesToHex(sha256(utf8ToBytes(canonicalJson({ ...head }))));
}
