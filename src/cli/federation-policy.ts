import type { ScoringPolicy } from '../client/index.ts';
import { policyCommands } from './policy-commands.ts';
import { table } from './table.ts';

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

/** `cinnabar federation policy…`: tiers, rates and caps of an institution. */
export const scoringPolicyCommands = policyCommands({
  holds: 'tiers, rates and caps',
  calls: (client) => client.scoringPolicies,
  text: policyText,
});
