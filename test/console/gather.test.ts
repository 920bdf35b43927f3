import { expect, test } from 'vitest';
import { gather } from '../../src/console/gather.ts';

/** A list of numbers, as the service serves one: so many at a time. */
const served = (all: readonly number[], limit: number) => {
  const asked: (string | undefined)[] = [];
  const read = async (cursor: string | undefined) => {
    asked.push(cursor);
    const first = Number(cursor ?? 0);
    const end = first + limit;
    return { items: all.slice(first, end), nextCursor: end < all.length ? String(end) : null };
  };
  return { read, asked };
};
const numbers = Array.from({ length: 4321 }, (_, i) => i);

test('C8: a list of any length is looked through, a portion at a time, and nothing is missed', async () => {
  const { read, asked } = served(numbers, 100);
  const seen: number[] = [];
  let from: string | undefined;
  let portions = 0;
  do {
    const { items, nextCursor } = await gather(read, 2000, from);
    seen.push(...items);
    from = nextCursor ?? undefined;
    portions++;
  } while (from !== undefined);
  expect(seen).toEqual(numbers);
  expect({ portions, asked: asked.length }).toEqual({ portions: 3, asked: 44 });
});

test('an empty list is one empty page', async () => {
  const { read } = served([], 100);
  expect(await gather(read, 10)).toEqual({ items: [], nextCursor: null });
});
