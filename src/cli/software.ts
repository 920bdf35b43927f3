import type { Software } from '../client/index.ts';
import { command, type Group, required } from './command.ts';
import { readInput } from './files.ts';
import { connect, serviceOptions } from './service.ts';
import { table } from './table.ts';

const headings = ['hash', 'version', 'state', 'released'];
const rowOf = ({ hash, version, state, releasedAt }: Software) => [
  hash,
  version,
  state,
  releasedAt,
];

function answerOf(software: Software) {
  return { exit: 0 as const, json: software, text: table(headings, [rowOf(software)]) };
}

const release = command({
  summary: "have the key manager sign a build's software.json, so that terminals run it",
  operands: ['FILE'],
  options: serviceOptions,
  async run([path = ''], values) {
    const manifest = Buffer.from(await readInput(path)).toString('utf8');
    return answerOf(await connect(values).software.release(manifest));
  },
});

const list = command({
  summary: 'what was released, and what was withdrawn',
  operands: [],
  options: serviceOptions,
  async run(_operands, values) {
    const page = await connect(values).software.list();
    return { exit: 0, json: page, text: table(headings, page.items.map(rowOf)) };
  },
});

const revoke = command({
  summary: 'withdraw a release for good: terminals that run it open no session any more',
  operands: ['HASH'],
  options: {
    reason: { type: 'string', value: 'TEXT', about: 'why; it stays with the release' },
    ...serviceOptions,
  },
  async run([hash = ''], { reason, ...service }) {
    const why = required('reason', reason);
    return answerOf(await connect(service).software.revoke(hash, why));
  },
});

export const software: Group = {
  summary: 'software of terminals: release, list, withdraw',
  commands: { release, list, revoke },
};
