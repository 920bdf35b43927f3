import { FederationError } from '../../core/federated.ts';
import type { PartyTable } from './table.ts';

/**
 * How a feature comes from the columns of one party. Only additions, products, divisions and
 * comparisons of doubles (IEEE 754), so every host derives the same number; a blank cell makes
 * `NaN`, and with it everything that uses it.
 */
export type Expression =
  /** A column of numbers. */
  | string
  | {
      readonly op: /** Of one or more. */
        | 'sum'
        | 'mean'
        | 'max'
        | 'min'
        /** The first where it is more than 0, else 0. */
        | 'positive'
        /** The first minus the second. */
        | 'difference'
        /** 1000 times the first by the second, rounded; 0 when the second is 0. */
        | 'permille'
        /** How many are more than `value`. */
        | 'above'
        /** How many are `value`. */
        | 'equal';
      readonly of: readonly Expression[];
      readonly value?: number;
    };

/** The feature of every row. @throws FederationError `data_invalid` */
export function evaluate(expression: Expression, table: PartyTable): Float64Array {
  if (typeof expression === 'string') return numbersOf(expression, table);
  const { op, of, value = 0 } = expression;
  const parts = of.map((part) => evaluate(part, table));
  const [first, second] = parts;
  if (first === undefined) throw new FederationError('model_invalid', `${op} of nothing`);
  const fold = (step: (total: number, part: number) => number) =>
    first.map((start, row) =>
      parts.slice(1).reduce((total, part) => step(total, part[row] ?? 0), start),
    );
  const count = (test: (part: number) => boolean) =>
    first.map((_, row) =>
      parts.reduce((total, part) => {
        const x = part[row] ?? Number.NaN;
        return Number.isNaN(x) ? Number.NaN : total + (test(x) ? 1 : 0);
      }, 0),
    );
  switch (op) {
    case 'sum':
      return fold((total, part) => total + part);
    case 'mean':
      return fold((total, part) => total + part).map((total) => total / parts.length);
    case 'max':
      return fold(Math.max);
    case 'min':
      return fold(Math.min);
    case 'positive':
      return first.map((x) => Math.max(x, 0));
    case 'difference':
      return first.map((a, row) => a - (second?.[row] ?? 0));
    case 'permille':
      return first.map((a, row) => permille(a, second?.[row] ?? 0));
    case 'above':
      return count((part) => part > value);
    case 'equal':
      return count((part) => part === value);
  }
}

function permille(a: number, b: number): number {
  if (b === 0) return Number.isNaN(a) ? a : 0;
  return Math.round((1000 * a) / b);
}

/** The columns that an expression reads. */
export function columnsOf(expression: Expression): string[] {
  if (typeof expression === 'string') return [expression];
  return expression.of.flatMap(columnsOf);
}

/** Columns that were read before: several features use each, and cells are never changed. */
const read = new WeakMap<readonly string[], Float64Array>();

function numbersOf(name: string, table: PartyTable): Float64Array {
  const cells = table.columns.get(name);
  if (cells === undefined) throw new FederationError('data_invalid', `there is no column ${name}`);
  const known = read.get(cells);
  if (known) return known;
  const numbers = Float64Array.from(cells, (cell) => numberOf(cell, name));
  read.set(cells, numbers);
  return numbers;
}

function numberOf(cell: string, column: string): number {
  if (cell.trim() === '') return Number.NaN;
  const value = Number(cell);
  if (Number.isFinite(value)) return value;
  throw new FederationError('data_invalid', `column ${column} holds something that is no number`);
}
