import type { Webhook, WebhookChange, WebhookSecret } from '../client/index.ts';
import { command, type Group, UsageError } from './command.ts';
import { connect, serviceOptions } from './service.ts';
import { table } from './table.ts';

const headings = ['webhook', 'state', 'address', 'hears', 'last attempt', 'answer'];

function rowOf({ id, state, url, actions, recent, failingSince }: Webhook): string[] {
  const last = recent[0];
  return [
    id,
    failingSince === undefined ? state : `${state}, failing since ${failingSince}`,
    url,
    actions.join(' '),
    last?.at ?? '-',
    last ? String(last.status) : '-',
  ];
}

const tableOf = (found: readonly Webhook[]) => table(headings, found.map(rowOf));
const answerOf = (found: Webhook) => ({ exit: 0 as const, json: found, text: tableOf([found]) });

function secretAnswer(made: WebhookSecret) {
  const { id, actions } = made.webhook;
  const text = `${id} hears ${actions.join(', ')}\nsecret, shown once: ${made.secret}\n`;
  return { exit: 0 as const, json: made, text };
}

const actionsOption = {
  type: 'string',
  value: 'A,A',
  about: 'what it hears: actions as the audit log names them, families of them (payment.*), or *',
} as const;

const list = command({
  summary: 'lists the webhooks and their last attempts',
  operands: [],
  options: serviceOptions,
  async run(_operands, values) {
    const found = await connect(values).webhooks.list();
    return { exit: 0, json: found, text: tableOf(found.items) };
  },
});

const show = command({
  summary: 'the last attempts of a webhook',
  operands: ['WEBHOOK'],
  options: serviceOptions,
  async run([id = ''], values) {
    const found = await connect(values).webhooks.get(id);
    const rows = found.recent.map((one) => [one.id, one.type, one.at, String(one.status)]);
    const attempts = table(['message', 'type', 'at', 'answer'], rows);
    return { exit: 0, json: found, text: `${tableOf([found])}\n${attempts}` };
  },
});

const add = command({
  summary: 'posts audit records to an address, from the next one on',
  operands: ['URL'],
  options: { actions: actionsOption, ...serviceOptions },
  details:
    'Messages are signed as Standard Webhooks 1.0 says; the secret for it is shown once. Left out, --actions is *.',
  async run([address = ''], { actions = '*', ...service }) {
    const { webhooks } = connect(service);
    return secretAnswer(await webhooks.create({ url: address, actions: actions.split(',') }));
  },
});

const change = command({
  summary: 'changes where a webhook goes or what it hears',
  operands: ['WEBHOOK'],
  options: {
    to: { type: 'string', value: 'URL', about: 'the new address' },
    actions: actionsOption,
    ...serviceOptions,
  },
  async run([id = ''], { to, actions, ...service }) {
    if (to === undefined && actions === undefined) {
      throw new UsageError('nothing to change: give --to or --actions');
    }
    const wanted: WebhookChange = {
      ...(to === undefined ? {} : { url: to }),
      ...(actions === undefined ? {} : { actions: actions.split(',') }),
    };
    return answerOf(await connect(service).webhooks.change(id, wanted));
  },
});

const pause = command({
  summary: 'delivers nothing until it is resumed; nothing is lost meanwhile',
  operands: ['WEBHOOK'],
  options: serviceOptions,
  run: async ([id = ''], values) =>
    answerOf(await connect(values).webhooks.change(id, { state: 'paused' })),
});

const resume = command({
  summary: 'delivers again, from where it stopped',
  operands: ['WEBHOOK'],
  options: {
    'from-now': { type: 'boolean', about: 'leaves out what was missed' },
    ...serviceOptions,
  },
  async run([id = ''], { 'from-now': fromNow, ...service }) {
    const change: WebhookChange = { state: 'active', ...(fromNow ? { from: 'now' } : {}) };
    return answerOf(await connect(service).webhooks.change(id, change));
  },
});

const remove = command({
  summary: 'removes a webhook; what it did not hear yet it never will',
  operands: ['WEBHOOK'],
  options: {
    yes: { type: 'boolean', about: 'it is meant; without this nothing is done' },
    ...serviceOptions,
  },
  async run([id = ''], { yes, ...service }) {
    if (!yes) throw new UsageError('this cannot be undone; repeat it with --yes');
    await connect(service).webhooks.remove(id);
    return { exit: 0, json: { id, state: 'removed' }, text: `${id} is removed\n` };
  },
});

const secret = command({
  summary: 'makes a new secret; for a day messages carry the signatures of both',
  operands: ['WEBHOOK'],
  options: serviceOptions,
  run: async ([id = ''], values) => secretAnswer(await connect(values).webhooks.rotateSecret(id)),
});

const test = command({
  summary: 'sends a message of type webhook.test now, and says what was answered',
  operands: ['WEBHOOK'],
  options: serviceOptions,
  async run([id = ''], values) {
    const made = await connect(values).webhooks.test(id);
    const isTaken = made.status >= 200 && made.status < 300;
    const answer = made.status === 0 ? 'no answer' : `answered ${made.status}`;
    return { exit: isTaken ? 0 : 1, json: made, text: `${made.id}: ${answer}\n` };
  },
});

export const webhook: Group = {
  summary: 'webhooks: have audit records posted, signed, to an address of yours',
  commands: { list, show, add, change, pause, resume, remove, secret, test },
};
