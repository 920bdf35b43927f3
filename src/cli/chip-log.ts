import type { Client } from '../client/index.ts';
import { policyFrom, type TrustFile, verifyStatus } from '../core/ledger.ts';
import {
  type ChipLogRecord,
  type ChipLogVerdict,
  chipLogSubject,
  verifyChipLog,
} from '../domain/chips/chip-log.ts';
import { evidenceOf, provedHeads, recordIn, refusedBy } from './chain-evidence.ts';
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

/** The heads of the chip's log that the ledger proves now, all of them. @throws LedgerError */
async function anchorsOf(client: Client, trust: TrustFile, chip: string) {
  const subject = chipLogSubject(chip);
  const policy = policyFrom(trust);
  const evidence = await evidenceOf(client, subject);
  const status = await verifyStatus(evidence.status, policy.log, Date.now());
  return provedHeads(evidence, status, policy, { type: 'chip_log', subject, from: 0 });
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
