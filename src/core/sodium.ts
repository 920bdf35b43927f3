/**
 * libsodium, ready. Not a static import: it seeds itself when it starts, workerd gives no
 * randomness before the first request, and a page that needs none should not load it.
 */
export async function loadSodium() {
  const { default: sodium } = await import('libsodium-wrappers');
  await sodium.ready;
  return sodium;
}

export type Sodium = Awaited<ReturnType<typeof loadSodium>>;
