import {
  countOf,
  fieldsOf,
  flagOf,
  listOf,
  patterns,
  textOf,
  wordOf,
} from '../../core/federation/read.ts';
import type { FieldError } from '../errors.ts';
import { monotoneFault, type PolicyTable, type TierPolicy } from './policy.ts';
import { amount, type Permission, permissions, type Rate, type Tier, tiers } from './settings.ts';

/** What an institution may set of a table; name and version say whose it is and which. */
export type TierTable = Omit<PolicyTable, 'name' | 'version'>;

const countMax = 1_000_000;
const ratesMax = 64;
const policyNames = /^[A-Za-z0-9-]{1,64}$/;
const dates = /^\d{4}-\d\d-\d\d$/;

/** A table that came from another party. @throws TypeError */
export function parsePolicy(value: unknown): PolicyTable {
  const fields = fieldsOf(value, [
    'name',
    'version',
    'rows',
    'hysteresisMicros',
    'bestTierWithMissingPart',
    'validDays',
    'rates',
  ]);
  return {
    name: textOf(fields, 'name', policyNames),
    version: countOf(fields, 'version', countMax),
    rows: listOf(fields.rows, tiers.length, parseRow),
    hysteresisMicros: countOf(fields, 'hysteresisMicros', 1_000_000),
    bestTierWithMissingPart: tierOf(fields.bestTierWithMissingPart),
    validDays: countOf(fields, 'validDays', 3650),
    rates: listOf(fields.rates, ratesMax, parseRate),
  };
}

function parseRow(value: unknown): TierPolicy {
  const fields = fieldsOf(value, [
    'tier',
    'pdBelowMicros',
    'permissions',
    'single',
    'daily',
    'count',
    'dualControlAbove',
    'approvers',
  ]);
  const approvers = fieldsOf(fields.approvers, ['min', 'ordered']);
  return {
    tier: tierOf(fields.tier),
    pdBelowMicros: countOf(fields, 'pdBelowMicros', 1_000_001),
    permissions: listOf(
      fields.permissions,
      permissions.length,
      (name): Permission => wordOf({ name }, 'name', permissions),
    ),
    single: textOf(fields, 'single', patterns.amount),
    daily: textOf(fields, 'daily', patterns.amount),
    count: countOf(fields, 'count', countMax),
    dualControlAbove: textOf(fields, 'dualControlAbove', patterns.amount),
    approvers: { min: countOf(approvers, 'min', 9), ordered: flagOf(approvers, 'ordered') },
  };
}

function tierOf(value: unknown): Tier {
  const found = tiers.find((tier) => tier === value);
  if (found === undefined) throw new TypeError('a tier is not in the expected form');
  return found;
}

function parseRate(value: unknown): Rate {
  const fields = fieldsOf(value, ['currency', 'cnyMicros', 'date']);
  return {
    currency: textOf(fields, 'currency', /^[A-Z]{3}$/),
    cnyMicros: textOf(fields, 'cnyMicros', /^[1-9][0-9]{0,17}$/),
    date: textOf(fields, 'date', dates),
  };
}

/**
 * What is wrong with a table: a worse tier gives more than a better one, or somewhere it gives more
 * than `ceiling`, the table of the whole federation. Empty when nothing is.
 */
export function policyFaults(table: TierTable, ceiling: PolicyTable): FieldError[] {
  const faults: FieldError[] = [];
  const expect = (holds: boolean, pointer: string, code: string) => {
    if (!holds) faults.push({ pointer, code });
  };
  const fault = monotoneFault(table.rows);
  if (fault) return [{ pointer: `/rows/${fault.index}`, code: fault.code }];
  for (const [index, row] of table.rows.entries()) {
    const most = ceiling.rows[index];
    expect(most !== undefined && isWithin(row, most), `/rows/${index}`, 'above_federation');
  }
  const above = 'above_federation';
  expect(table.hysteresisMicros >= ceiling.hysteresisMicros, '/hysteresisMicros', above);
  expect(
    table.bestTierWithMissingPart >= ceiling.bestTierWithMissingPart,
    '/bestTierWithMissingPart',
    above,
  );
  expect(table.validDays >= 1 && table.validDays <= ceiling.validDays, '/validDays', above);
  const currencies = table.rates.map(({ currency }) => currency);
  for (const [index, currency] of currencies.entries()) {
    const isOnce = currency !== 'CNY' && currencies.indexOf(currency) === index;
    expect(isOnce, `/rates/${index}`, 'repeated');
  }
  return faults;
}

/** Whoever falls into the row gets no more, and does not fall into it sooner. */
function isWithin(row: TierPolicy, most: TierPolicy): boolean {
  return (
    row.pdBelowMicros <= most.pdBelowMicros &&
    row.permissions.every((permission) => most.permissions.includes(permission)) &&
    amount(row.single) <= amount(most.single) &&
    amount(row.daily) <= amount(most.daily) &&
    row.count <= most.count &&
    amount(row.dualControlAbove) <= amount(most.dualControlAbove) &&
    row.approvers.min >= most.approvers.min &&
    (row.approvers.ordered || !most.approvers.ordered)
  );
}
