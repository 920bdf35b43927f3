import type { Page, PageRequest } from './ports.ts';

/**
 * Fetches one page and says where the next one begins.
 *
 * One item more than asked for is fetched: its presence, not a count, tells that there is more.
 */
export async function readPage<T>(
  request: PageRequest,
  cursorOf: (item: T) => string,
  fetchItems: (request: PageRequest) => Promise<readonly T[]>,
): Promise<Page<T>> {
  const found = await fetchItems({ ...request, limit: request.limit + 1 });
  const items = found.slice(0, request.limit);
  const last = items.at(-1);
  const more = found.length > request.limit && last !== undefined;
  return { items, nextCursor: more ? cursorOf(last) : null };
}
