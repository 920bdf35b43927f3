import type { Chip } from '../client/index.ts';
import { backup, checkBackup, giveShare, officers, restore } from './chip-backup.ts';
import { anchorLogs, checkLog } from './chip-log.ts';
import { command, type Group, required } from './command.ts';
import { connect, serviceOptions } from './service.ts';
import { table } from './table.ts';

/** Milliseconds of the middle heartbeat. */
function medianOf(values: readonly number[]): string {
  const sorted = values.toSorted((a, b) => a - b);
  return String(sorted[Math.floor(sorted.length / 2)] ?? 0);
}

const chipRow = (chip: Chip) => [
  chip.chip,
  chip.zone,
  chip.pool,
  chip.protection,
  chip.health,
  chip.reason === '' ? chip.duty : `${chip.duty} (${chip.reason})`,
  String(chip.keys),
  medianOf(chip.latenciesMs),
  String(chip.operations),
];
const headings = ['chip', 'zone', 'pool', 'protection', 'health', 'duty', 'keys', 'ms', 'log'];

function answerOf(chip: Chip) {
  return { exit: 0 as const, json: chip, text: table(headings, [chipRow(chip)]) };
}

const status = command({
  summary: 'the chips of the cluster; status 1 when one is not as it should be',
  operands: [],
  options: serviceOptions,
  async run(_operands, values) {
    const cluster = await connect(values).chips.status();
    const isWell = cluster.chips.every(
      ({ health, duty }) => health === 'healthy' && duty !== 'quarantined',
    );
    const text = `${table(headings, cluster.chips.map(chipRow))}\n${cluster.keys} keys, placement ${cluster.placementEpoch}\nprotection offered: ${cluster.offers.join(', ') || 'none'}\nroot key ${cluster.rootKey}\nlink key ${cluster.linkKey}\n`;
    return { exit: isWell ? 0 : 1, json: cluster, text };
  },
});

const add = command({
  summary: 'add a chip',
  operands: ['CHIP'],
  options: {
    zone: { type: 'string', value: 'ZONE', about: 'where it stands; copies go to different zones' },
    pool: {
      type: 'string',
      value: 'TENANT',
      about: 'for the keys of one tenant only; -service is ours',
    },
    ...serviceOptions,
  },
  async run([chip = ''], values) {
    const { zone, pool } = values;
    const place = pool === undefined ? {} : { pool };
    const input = { chip, zone: required('zone', zone), ...place };
    return answerOf(await connect(values).chips.add(input));
  },
});

const drain = command({
  summary: 'move the keys of a chip elsewhere; `status` shows how many are left',
  operands: ['CHIP'],
  options: serviceOptions,
  run: async ([chip = ''], values) => answerOf(await connect(values).chips.drain(chip)),
});

const reset = command({
  summary: 'have a drained or quarantined chip forget everything and prove it',
  operands: ['CHIP'],
  options: {
    'accept-loss': { type: 'boolean', about: 'although it may have the only copies of keys' },
    ...serviceOptions,
  },
  details: `Refused while keys are in no two other chips; \`status\` shows how many are left.
Then take it back with readmit.`,
  async run([chip = ''], values) {
    const acceptLoss = values['accept-loss'] === true;
    return answerOf(await connect(values).chips.reset(chip, acceptLoss));
  },
});

const readmit = command({
  summary: 'take an emptied chip back',
  operands: ['CHIP'],
  options: serviceOptions,
  run: async ([chip = ''], values) => answerOf(await connect(values).chips.readmit(chip)),
});

const halt = command({
  summary: 'stop a chip for a minute, in demo mode',
  operands: ['CHIP'],
  options: serviceOptions,
  async run([chip = ''], values) {
    await connect(values).chips.halt(chip);
    return { exit: 0, json: { chip, halted: true }, text: `${chip} is away for a minute\n` };
  },
});

export const chips: Group = {
  summary: 'the chips that hold the keys',
  commands: {
    status,
    add,
    drain,
    reset,
    readmit,
    halt,
    'check-log': checkLog,
    'anchor-logs': anchorLogs,
    officers,
    backup,
    'check-backup': checkBackup,
    restore,
    'give-share': giveShare,
  },
};
