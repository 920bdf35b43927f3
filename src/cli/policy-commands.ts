import { readFile } from 'node:fs/promises';
import type { Client } from '../client/api.ts';
import { type Command, command, required, UsageError } from './command.ts';
import { connect, serviceOptions } from './service.ts';
import { table } from './table.ts';

interface Change {
  readonly id: string;
  readonly state: string;
  readonly baseVersion: number;
  readonly proposedBy: string;
  readonly reason: string;
}

/** The calls of a policy that two people change, as `cinnabar/client` has them. */
interface PolicyCalls<P> {
  current(): Promise<{ readonly version: number; readonly policy: P; readonly policyHash: string }>;
  propose(proposal: { baseVersion: number; policy: P; reason: string }): Promise<Change>;
  changes(): Promise<{ readonly items: readonly Change[] }>;
  decide(id: string, decision: Decision): Promise<Change>;
}

interface Decision {
  decision: 'approve' | 'reject';
  reason: string;
}

export interface PolicyKind<P> {
  /** What the policy holds, for the summaries: `tiers, rates and caps`. */
  readonly holds: string;
  readonly calls: (client: Client) => PolicyCalls<P>;
  readonly text: (policy: P) => string;
}

const changeRow = ({ id, state, baseVersion, proposedBy, reason }: Change) => [
  id,
  state,
  String(baseVersion + 1),
  proposedBy,
  reason,
];

async function readPolicy<P>(path: string): Promise<P> {
  const text = await readFile(path, 'utf8');
  try {
    // The service checks every field and says which is wrong.
    return JSON.parse(text) as P;
  } catch {
    throw new UsageError(`${path} holds no JSON`, 'file_invalid');
  }
}

/** Asked of the one who approves or rejects. */
function deciding<P>(
  { calls }: PolicyKind<P>,
  decision: Decision['decision'],
  summary: string,
): Command {
  return command({
    summary,
    operands: ['CHANGE'],
    options: {
      reason: { type: 'string', value: 'TEXT', about: 'why; kept with the change' },
      ...serviceOptions,
    },
    async run([id = ''], { reason, ...service }) {
      const wanted = { decision, reason: required('reason', reason) };
      const change = await calls(connect(service)).decide(id, wanted);
      return { exit: 0, json: change, text: `change ${change.id} is ${change.state}\n` };
    },
  });
}

/** The commands of a policy of an institution at a running service, which two people change. */
export function policyCommands<P>(kind: PolicyKind<P>): Readonly<Record<string, Command>> {
  const { holds, calls, text } = kind;
  return {
    policy: command({
      summary: `shows ${holds} in force`,
      operands: [],
      options: serviceOptions,
      details:
        'With --json: { version, policy, policyHash }; `policy` is what propose-policy reads.',
      async run(_, service) {
        const inForce = await calls(connect(service)).current();
        const { version, policy, policyHash } = inForce;
        return {
          exit: 0,
          json: inForce,
          text: `version ${version}, ${policyHash}\n${text(policy)}`,
        };
      },
    }),

    'propose-policy': command({
      summary: `puts ${holds} before a second person`,
      operands: ['FILE'],
      options: {
        reason: { type: 'string', value: 'TEXT', about: 'why; kept with the change' },
        ...serviceOptions,
      },
      details: 'It is held against the version that is in force when this runs.',
      async run([path = ''], { reason, ...service }) {
        const policies = calls(connect(service));
        const why = required('reason', reason);
        const policy = await readPolicy<P>(path);
        const { version: baseVersion } = await policies.current();
        const change = await policies.propose({ baseVersion, policy, reason: why });
        return { exit: 0, json: change, text: `change ${change.id} waits for a second person\n` };
      },
    }),

    'policy-changes': command({
      summary: 'shows what was proposed, newest first',
      operands: [],
      options: serviceOptions,
      async run(_, service) {
        const page = await calls(connect(service)).changes();
        const head = ['CHANGE', 'STATE', 'VERSION', 'BY', 'REASON'];
        return { exit: 0, json: page, text: table(head, page.items.map(changeRow)) };
      },
    }),

    'approve-policy': deciding(kind, 'approve', 'puts a proposed policy into force'),
    'reject-policy': deciding(kind, 'reject', 'refuses a proposed policy'),
  };
}
