import type { Page } from '../client/index.ts';

/**
 * Pages one after the other, as one page of at least `least` items if there are so many: for lists
 * that are looked through here, and by more than the service serves at a time.
 */
export async function gather<T>(
  read: (cursor: string | undefined) => Promise<Page<T>>,
  least: number,
  from?: string,
): Promise<Page<T>> {
  const items: T[] = [];
  for (let cursor = from; ; ) {
    const page = await read(cursor);
    items.push(...page.items);
    const { nextCursor } = page;
    if (nextCursor === null || items.length >= least) return { items, nextCursor };
    cursor = nextCursor;
  }
}
