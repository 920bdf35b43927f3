import { readFile } from 'node:fs/promises';
import type { ScoringPolicy, ScoringPolicyChange } from '../client/index.ts';
import { type Command, command, required, UsageError } from './command.ts';
import { connect, serviceOptions } from './service.ts';
import { table } from './table.ts';

const changeRow = ({ id, state, baseVersion, proposedBy, reason }: ScoringPolicyChange) => [
  id,
  state,
  String(baseVersion + 1),
  proposedBy,
  reason,
];

function policyText({ table: { rows, validDays, rates }, requestsPerHour, caps }: ScoringPolicy) {
  const yuan = (fen: string) =>
    `${fen.padStart(3, '0').slice(0, -2)}.${fen.slice(-2).padStart(2, '0')}`;
  const tiers = table(
    ['TIER', 'PD BELOW', 'SINGLE', 'DAILY', 'A DAY', 'SECOND PERSON FROM', 'PERMISSIONS'],
    rows.map((row) => [
      String(row.tier),
      (row.pdBelowMicros / 1e6).toFixed(4),
      yuan(row.single),
      yuan(row.daily),
      String(row.count),
      yuan(row.dualControlAbove),
      row.permissions.join(' '),
    ]),
  );
  const money = rates.map(({ currency, cnyMicros, date }) => `${currency} ${cnyMicros} (${date})`);
  return [
    `${tiers}amounts in CNY; settings hold ${validDays} days`,
    `rates, millionths of a fen for each minor unit: ${money.join(', ') || 'none'}`,
    `${requestsPerHour} applications an hour from one person`,
    `caps: ${JSON.stringify(caps)}`,
    '',
  ].join('\n');
}

async function readPolicy(path: string): Promise<ScoringPolicy> {
  const text = await readFile(path, 'utf8');
  try {
    // The service checks every field and says which is wrong.
    return JSON.parse(text) as ScoringPolicy;
  } catch {
    throw new UsageError(`${path} holds no JSON`, 'file_invalid');
  }
}

/** Asked of the one who approves or rejects. */
function deciding(decision: 'approve' | 'reject', summary: string): Command {
  return command({
    summary,
    operands: ['CHANGE'],
    options: {
      reason: { type: 'string', value: 'TEXT', about: 'why; kept with the change' },
      ...serviceOptions,
    },
    async run([id = ''], { reason, ...service }) {
      const wanted = { decision, reason: required('reason', reason) };
      const change = await connect(service).scoringPolicies.decide(id, wanted);
      return { exit: 0, json: change, text: `change ${change.id} is ${change.state}\n` };
    },
  });
}

/** `cinnabar federation policy…`: tiers, rates and caps of an institution at a running service. */
export const policyCommands: Readonly<Record<string, Command>> = {
  policy: command({
    summary: 'shows tiers, rates and caps in force',
    operands: [],
    options: serviceOptions,
    details: 'With --json: { version, policy, policyHash }; `policy` is what propose-policy reads.',
    async run(_, service) {
      const inForce = await connect(service).scoringPolicies.current();
      const text = `version ${inForce.version}, ${inForce.policyHash}\n${policyText(inForce.policy)}`;
      return { exit: 0, json: inForce, text };
    },
  }),

  'propose-policy': command({
    summary: 'puts tiers, rates and caps before a second person',
    operands: ['FILE'],
    options: {
      reason: { type: 'string', value: 'TEXT', about: 'why; kept with the change' },
      ...serviceOptions,
    },
    details: 'It is held against the version that is in force when this runs.',
    async run([path = ''], { reason, ...service }) {
      const client = connect(service);
      const why = required('reason', reason);
      const policy = await readPolicy(path);
      const { version: baseVersion } = await client.scoringPolicies.current();
      const change = await client.scoringPolicies.propose({ baseVersion, policy, reason: why });
      return { exit: 0, json: change, text: `change ${change.id} waits for a second person\n` };
    },
  }),

  'policy-changes': command({
    summary: 'shows what was proposed, newest first',
    operands: [],
    options: serviceOptions,
    async run(_, service) {
      const page = await connect(service).scoringPolicies.changes();
      const head = ['CHANGE', 'STATE', 'VERSION', 'BY', 'REASON'];
      return { exit: 0, json: page, text: table(head, page.items.map(changeRow)) };
    },
  }),

  'approve-policy': deciding('approve', 'puts a proposed policy into force'),
  'reject-policy': deciding('reject', 'refuses a proposed policy'),
};
