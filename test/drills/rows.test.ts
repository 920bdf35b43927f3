import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { drills } from './list.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

interface Elsewhere {
  readonly id: string;
  readonly name: string;
  readonly files: readonly string[];
  readonly long?: readonly string[];
}
const elsewhere: readonly Elsewhere[] = JSON.parse(
  readFileSync(join(root, 'test/drills/elsewhere.json'), 'utf8'),
);

/** Letters of the rows that a release answers for, and how many there are of each. */
const rows = { M: 6, A: 3, T: 3, C: 4, R: 5, H: 4, S: 8, L: 4, Q: 5 };
/** Mutation testing is a run of its own: docs/drills.md has its table. */
const byHand = ['Q1'];

test('every row from M1 to Q5 is a drill, or whole files of tests that are there', () => {
  const wanted = Object.entries(rows).flatMap(([letter, count]) =>
    Array.from({ length: count }, (_, i) => `${letter}${i + 1}`),
  );
  const shown = new Set([...drills, ...elsewhere].map(({ id }) => id));
  expect(wanted.filter((id) => !shown.has(id) && !byHand.includes(id))).toEqual([]);
  const files = elsewhere.flatMap(({ files: everyday, long = [] }) => [...everyday, ...long]);
  expect(files.filter((file) => !existsSync(join(root, file)))).toEqual([]);
  const page = readFileSync(join(root, 'docs/drills.md'), 'utf8');
  expect(files.filter((file) => !page.includes(`\`${file}\``))).toEqual([]);
  expect(
    drills.filter(({ name }) => !page.includes(`| ${name} | `)).map(({ name }) => name),
  ).toEqual([]);
  const names = [...drills, ...elsewhere].map(({ name }) => name);
  expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
});
