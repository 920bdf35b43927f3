import { bytesToHex } from '@noble/hashes/utils.js';
import type { Client, AuditRecord as WireRecord } from '../client/index.ts';
import {
  LedgerError,
  leafHash,
  policyFrom,
  type TrustFile,
  verifyCheckpoint,
  verifyProofFile,
  verifyStatus,
} from '../core/ledger.ts';
import {
  type AnchoredHead,
  type ChipLogRecord,
  type ChipLogVerdict,
  chipLogSubject,
  verifyChipLog,
} from '../domain/chips/chip-log.ts';
import { command } from './command.ts';
import { readJsonFile } from './files.ts';
import { connect, serviceOptions } from './service.ts';

/** All that the chip keeps of its log. */
async function recordsOf({ chips }: Client, chip: string): Promise<ChipLogRecord[]> {
  const records: ChipLogRecord[] = [];
  for (let after = -1; ; after = records.at(-1)?.index ?? after) {
    const { items } = await chips.log(chip, after);
    if (items.length === 0) return records;
    records.push(...items.map(recordIn));
  }
}

function recordIn({ at, hash, previousHash, ...record }: WireRecord): ChipLogRecord {
  return { ...record, atMs: Date.parse(at), hashHex: hash, previousHashHex: previousHash };
}

/**
 * The heads of the chip's log that the ledger proves to a holder of its keys: each entry is in the
 * tree of the checkpoint, follows the one before, and the last is the newest.
 *
 * @throws LedgerError
 */
async function anchorsOf({ ledger }: Client, trust: TrustFile, chip: string) {
  const subject = chipLogSubject(chip);
  const policy = policyFrom(trust);
  const { entries } = await ledger.history(subject);
  const status = await ledger.status(subject);
  const { newest, subject: told } = await verifyStatus(status.note, policy.log, Date.now());
  if (told !== subject) throw new LedgerError('status_malformed', 'it is of another subject');
  const checkpoint = await ledger.checkpoint();
  const { size } = await verifyCheckpoint(checkpoint, policy);
  const heads: AnchoredHead[] = [];
  let previous: string | null = null;
  for (const { index, bytes } of entries) {
    const { proof } = await ledger.inclusion(index, size);
    const { entry } = await verifyProofFile({ checkpoint, index, entry: bytes, proof }, policy);
    const event = JSON.parse(new TextDecoder().decode(entry)) as ChipLogEvent;
    if (event.subject !== subject || event.prev !== previous) {
      throw new LedgerError('chain_broken', 'an event before this one is missing', index);
    }
    previous = bytesToHex(leafHash(entry));
    if (event.type === 'chip_log') heads.push(event);
  }
  if ((newest?.leafHash ?? null) !== previous) {
    throw new LedgerError('chain_broken', 'a newer head of the log is kept back');
  }
  return heads;
}

/** An event of the ledger about a chip's log. */
interface ChipLogEvent extends AnchoredHead {
  readonly type: string;
  readonly subject: string;
  readonly prev: string | null;
}

/** A ledger that proves nothing is an answer, too. */
function refusedBy(error: unknown) {
  if (!(error instanceof LedgerError)) throw error;
  const { code, message } = error;
  return { ok: false as const, code, message };
}

const reasonWords = {
  chain: 'the record does not follow the one before it',
  cut: 'the ledger knows a later record: the log was cut',
  differs: 'the ledger knows another record in this place',
} as const;

function verdictText(chip: string, verdict: ChipLogVerdict): string {
  if (!verdict.ok) {
    return `refused: ${chip}, record ${verdict.position}: ${reasonWords[verdict.reason]}\n`;
  }
  const { from, to, anchored, older } = verdict;
  const range = from === undefined ? 'no records' : `records ${from} to ${to}`;
  return `ok: ${range} of ${chip} are one chain, ${anchored} heads of it are in the ledger${older > 0 ? `, ${older} more of records that are not kept` : ''}\n`;
}

export const checkLog = command({
  summary: "check a chip's log against the heads of it in the ledger",
  operands: ['CHIP'],
  options: {
    trust: {
      type: 'string',
      value: 'FILE',
      about: 'keys of the ledger and its witnesses, in JSON',
    },
    ...serviceOptions,
  },
  details: `Without --trust the keys come from the service itself.
Exit 0: it is one chain, and every head in the ledger is of it. 1: it is not.`,
  async run([chip = ''], { trust: path, ...service }) {
    const client = connect(service);
    const trust =
      path === undefined ? await client.ledger.trust() : ((await readJsonFile(path)) as TrustFile);
    // Heads first: what is logged meanwhile only makes the log longer.
    const anchors = await anchorsOf(client, trust, chip).catch(refusedBy);
    if ('code' in anchors) return { exit: 1, json: anchors, text: `refused: ${anchors.message}\n` };
    const verdict = verifyChipLog(await recordsOf(client, chip), anchors);
    return { exit: verdict.ok ? 0 : 1, json: verdict, text: verdictText(chip, verdict) };
  },
});

export const anchorLogs = command({
  summary: "fix the heads of all chips' logs in the ledger now; it also happens every hour",
  operands: [],
  options: serviceOptions,
  async run(_operands, values) {
    const { items } = await connect(values).chips.anchorLogs();
    const lines = items.map(
      ({ subject, position, index }) => `${subject}: record ${position} is entry ${index}\n`,
    );
    return { exit: 0, json: { items }, text: lines.join('') };
  },
});
