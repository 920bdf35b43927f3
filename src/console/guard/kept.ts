const cacheName = 'cinnabar-guard-1';

/** The guard's store: what the page and its service worker both can read. */
export const guardCache = () => caches.open(cacheName);

export const addressOf = (name: string) => `/-guard/${name}`;

/** A text that stays. */
export function kept(name: 'key' | 'manifest' | 'sequence') {
  return {
    async get(): Promise<string | undefined> {
      const found = await (await guardCache()).match(addressOf(name));
      return found?.text();
    },
    async put(text: string): Promise<void> {
      await (await guardCache()).put(addressOf(name), new Response(text));
    },
  };
}
