import type { RiskPolicy } from '../client/index.ts';
import { command, type Group, required } from './command.ts';
import { answerOf, orderCommands, tableOf } from './pay-order.ts';
import { policyCommands } from './policy-commands.ts';
import { connect, serviceOptions } from './service.ts';
import { table } from './table.ts';

const list = command({
  summary: 'own orders, the newest twenty',
  operands: [],
  options: serviceOptions,
  async run(_operands, values) {
    const page = await connect(values).payments.list();
    return { exit: 0, json: page, text: tableOf(page.items) };
  },
});

const show = command({
  summary: 'an own order, with the words that are signed and why it was judged so',
  operands: ['ORDER'],
  options: serviceOptions,
  run: async ([id = ''], values) => answerOf(await connect(values).payments.get(id)),
});

const stop = command({
  summary: 'stop an own order that was not executed',
  operands: ['ORDER'],
  options: serviceOptions,
  run: async ([id = ''], values) => answerOf(await connect(values).payments.stop(id)),
});

const statement = command({
  summary: 'own executed orders of a period; both days are included',
  operands: [],
  options: {
    from: { type: 'string', value: 'DAY', about: 'first day, YYYY-MM-DD' },
    to: { type: 'string', value: 'DAY', about: 'last day, YYYY-MM-DD' },
    ...serviceOptions,
  },
  async run(_operands, { from, to, ...service }) {
    const period = { from: required('from', from), to: required('to', to) };
    const stated = await connect(service).payments.statement(period);
    return { exit: 0, json: stated, text: tableOf(stated.items) };
  },
});

const queue = command({
  summary: 'for risk officers: the orders that wait for one',
  operands: [],
  options: serviceOptions,
  async run(_operands, values) {
    const page = await connect(values).assessedOrders.list({ state: 'challenged' });
    return { exit: 0, json: page, text: tableOf(page.items) };
  },
});

const decide = (decision: 'allow' | 'terminate', summary: string) =>
  command({
    summary,
    operands: ['ORDER'],
    options: serviceOptions,
    run: async ([id = ''], values) =>
      answerOf(await connect(values).assessedOrders.decide(id, decision)),
  });

/** The rules by which orders are judged, one a line. */
function rulesText({ challengeAt, terminateAt, biometric = 'none', rules }: RiskPolicy): string {
  const rows = Object.entries(rules).map(([rule, { points, threshold }]) => [
    rule,
    String(points),
    String(threshold),
  ]);
  return [
    table(['RULE', 'POINTS', 'THRESHOLD'], rows),
    `challenged from ${challengeAt} points, terminated from ${terminateAt}; biometric: ${biometric}\n`,
  ].join('');
}

export const pay: Group = {
  summary:
    'payment orders: place, confirm, stop; for risk officers the challenged ones, and the rules',
  commands: {
    ...orderCommands,
    list,
    show,
    stop,
    statement,
    queue,
    allow: decide('allow', 'for risk officers: let the payer confirm a challenged order'),
    terminate: decide('terminate', 'for risk officers: end a challenged order'),
    ...policyCommands({
      holds: 'the rules that judge orders',
      calls: (client) => client.riskPolicies,
      text: rulesText,
    }),
  },
};
