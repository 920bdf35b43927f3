import type { Client } from '../client/index.ts';
import { ApiError } from '../client/index.ts';
import { command, UsageError } from './command.ts';
import { connect, serviceOptions } from './service.ts';
import { table } from './table.ts';

const dayMs = 24 * 60 * 60 * 1000;

/** Something that may be changed at any time, without a ceremony and without anybody noticing. */
interface Rotatable {
  readonly kind: 'signing key' | 'webhook secret';
  readonly name: string;
  readonly since: string;
  /** Changes it; the answer is what the operator has to carry somewhere, if anything. */
  readonly change: () => Promise<string | undefined>;
}

/** What needs people, and the part of docs/operations.md that says how. */
const byHand = [
  ['keys of institutions', "Renewing an institution's keys"],
  ['keys of business systems', 'Tokens: signing keys, withdrawal'],
  ['certification authorities', 'The certification authorities'],
  ['keys of the ledger and its witnesses', 'Deploying'],
  ['CHIP_STORAGE_KEY', 'Secrets and settings'],
] as const;

/** What this caller may not see is not theirs to rotate. */
async function visible<T>(ask: Promise<readonly T[]>): Promise<readonly T[]> {
  try {
    return await ask;
  } catch (error) {
    if (error instanceof ApiError && error.code === 'forbidden') return [];
    throw error;
  }
}

async function rotatables({ issuerKeys, webhooks }: Client): Promise<readonly Rotatable[]> {
  const [keys, hooks] = await Promise.all([
    visible(issuerKeys.list().then(({ items }) => items)),
    visible(webhooks.list().then(({ items }) => items)),
  ]);
  return [
    ...keys
      .filter(({ state, algorithm }) => state === 'active' && isRoutine(algorithm))
      .map(
        ({ id, algorithm, changedAt }): Rotatable => ({
          kind: 'signing key',
          name: `${algorithm} ${id}`,
          since: changedAt,
          change: async () => void (await issuerKeys.rotate(algorithm as 'ES256' | 'SM2-SM3')),
        }),
      ),
    ...hooks.map(
      ({ id, secretAt }): Rotatable => ({
        kind: 'webhook secret',
        name: id,
        since: secretAt,
        change: async () => (await webhooks.rotateSecret(id)).secret,
      }),
    ),
  ];
}

function isRoutine(algorithm: string): boolean {
  return algorithm === 'ES256' || algorithm === 'SM2-SM3';
}

function daysOf(text: string | undefined): number {
  const days = Number(text ?? '90');
  if (Number.isInteger(days) && days >= 0) return days;
  throw new UsageError(`--older is a whole number of days, not ${text}`);
}

export const rotate = command({
  summary: 'changes the keys and secrets that have served long enough',
  operands: [],
  options: {
    older: { type: 'string', value: 'DAYS', about: 'those in use for this long or longer; 90' },
    yes: { type: 'boolean', about: 'change them; without this they are only listed' },
    ...serviceOptions,
  },
  details:
    'Signing keys of tokens and secrets of webhooks: the one before stays good for a while, so nobody is interrupted. A new webhook secret is shown once and must reach the receiver within a day. Everything else needs people; docs/operations.md says how.',
  async run(_operands, { older, yes, ...service }) {
    const untilMs = Date.now() - daysOf(older) * dayMs;
    const found = await rotatables(connect(service));
    const due = found.filter(({ since }) => Date.parse(since) <= untilMs);
    const done: { kind: string; name: string; secret?: string }[] = [];
    if (yes) {
      for (const { kind, name, change } of due) {
        const secret = await change();
        done.push({ kind, name, ...(secret === undefined ? {} : { secret }) });
      }
    }
    const rows = found.map((one) => [
      one.kind,
      one.name,
      one.since,
      due.includes(one) ? (yes ? 'changed' : 'due') : 'not yet',
    ]);
    const secrets = done.flatMap(({ name, secret }) =>
      secret === undefined ? [] : [`${name}: new secret, shown once: ${secret}`],
    );
    const text = [
      table(['what', 'which', 'since', ''], rows).trimEnd(),
      ...secrets,
      ...(due.length > 0 && !yes ? ['nothing was changed: repeat it with --yes'] : []),
      '',
      'by hand, in docs/operations.md:',
      table(['what', 'under'], byHand),
    ].join('\n');
    const items = found.map(({ kind, name, since }) => ({ kind, name, since }));
    return { exit: 0, json: { items, due: due.map(({ name }) => name), changed: done }, text };
  },
});
