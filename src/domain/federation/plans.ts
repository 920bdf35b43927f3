import type { Expression } from './expression.ts';
import { type Direction, type FeaturePlan, sourcesOf } from './features.ts';
import type { PartyTable } from './table.ts';

/**
 * What parties derive from their columns, and which way the risk goes. Names are codes: they stand
 * in the reasons that a person gets.
 *
 * The plans for card holders were chosen by cross-validation inside the training rows of the public
 * data set (docs/federation.md).
 */
const months = [1, 2, 3, 4, 5, 6] as const;
const monthly = (prefix: string) => months.map((month) => `${prefix}${month}`);

function number(name: string, value: Expression, direction: Direction): FeaturePlan {
  return { kind: 'number', name, value, direction };
}

const limit = 'LIMIT_BAL';
const bills = monthly('BILL_AMT');
const delays = monthly('PAY_');
const payments = monthly('PAY_AMT');

/** Of the limit, in thousandths. */
const ofLimit = (value: Expression): Expression => ({ op: 'permille', of: [value, limit] });
const uses = bills.map(ofLimit);
const change = (from: number, to: number): Expression =>
  ofLimit({ op: 'difference', of: [`BILL_AMT${from}`, `BILL_AMT${to}`] });

/** A bank: credit limit and bills of six months, the newest first. */
const bankCore: readonly FeaturePlan[] = [
  number('credit-limit', limit, -1),
  number('bill-newest', 'BILL_AMT1', 0),
  number('bill-largest', { op: 'max', of: bills }, 0),
  number('months-billed', { op: 'above', of: bills, value: 0 }, 0),
  number('limit-used-1', ofLimit('BILL_AMT1'), 1),
  number('limit-used-2', ofLimit('BILL_AMT2'), 1),
  number('limit-used-mean', ofLimit({ op: 'mean', of: bills }), 1),
  number('limit-used-most', { op: 'max', of: uses }, 1),
  number('limit-used-least', { op: 'min', of: uses }, 0),
  number('months-near-limit', { op: 'above', of: uses, value: 900 }, 1),
  number('use-change-1-2', change(1, 2), 0),
  number('use-change-1-3', change(1, 3), 0),
  number('use-change-2-3', change(2, 3), 0),
];

/** Months in arrears; -2 is no use, -1 paid in full, 0 the minimum. */
const delayLimits = [-1.5, -0.5, 0.5, 1.5, 2.5];
const lateOnly = (month: string): Expression => ({ op: 'positive', of: [month] });
const bothLate = (first: number, second: number): FeaturePlan => ({
  kind: 'pair',
  name: `arrears-${first}-and-${second}`,
  values: [`PAY_${first}`, `PAY_${second}`],
  directions: [1, 1],
  bins: [delayLimits, delayLimits],
});

/** Payment behaviour: arrears of six months, the newest first. */
const paymentBehaviour: readonly FeaturePlan[] = [
  ...months.map((month) => number(`arrears-${month}`, `PAY_${month}`, 1)),
  number('arrears-most', { op: 'max', of: delays }, 1),
  number('months-in-arrears', { op: 'above', of: delays, value: 0 }, 1),
  number('recent-months-in-arrears', { op: 'above', of: delays.slice(0, 3), value: 0 }, 1),
  number('arrears-sum', { op: 'sum', of: delays.map(lateOnly) }, 1),
  number('arrears-change', { op: 'difference', of: ['PAY_1', 'PAY_2'] }, 0),
  number('months-minimum-paid', { op: 'equal', of: delays, value: 0 }, 0),
  number('months-unused', { op: 'equal', of: delays, value: -2 }, 0),
  bothLate(1, 2),
  bothLate(1, 3),
  bothLate(2, 3),
];

/** A registry: education, age and payments of six months, the newest first. */
const registry: readonly FeaturePlan[] = [
  number('education', 'EDUCATION', 0),
  number('age', 'AGE', 0),
  number('paid-1', 'PAY_AMT1', -1),
  number('paid-2', 'PAY_AMT2', -1),
  number('paid-sum', { op: 'sum', of: payments }, -1),
  number('paid-least', { op: 'min', of: payments }, -1),
  number('paid-most', { op: 'max', of: payments }, -1),
  number('paid-recent', { op: 'sum', of: payments.slice(0, 3) }, -1),
  number('months-nothing-paid', { op: 'equal', of: payments, value: 0 }, 1),
];

const knownPlans = [bankCore, paymentBehaviour, registry];

/** Columns that are for audits only, never for a decision. */
export const protectedByDefault: readonly string[] = [
  'SEX',
  'MARRIAGE',
  'PERSONAL_STATUS_AND_SEX',
  'FOREIGN',
];

/**
 * The plan for a party's columns: a known one when they are all there, else each column that is not
 * protected by itself, as a number or as a category, without a direction.
 */
export function planFor(
  { columns }: PartyTable,
  protectedColumns: readonly string[] = protectedByDefault,
): readonly FeaturePlan[] {
  const known = knownPlans.find((plan) =>
    plan.flatMap(sourcesOf).every((name) => columns.has(name) && !protectedColumns.includes(name)),
  );
  if (known) return known;
  return [...columns]
    .filter(([name]) => !protectedColumns.includes(name))
    .map(([name, cells]) =>
      cells.every((cell) => Number.isFinite(Number(cell)))
        ? number(name, name, 0)
        : { kind: 'category', name, column: name },
    );
}
