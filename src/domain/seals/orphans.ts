import type { FreshObject } from './envelope.ts';
import type { ObjectWatch, SealDeps, SealStore } from './ports.ts';

/**
 * Writes encrypted objects that no row names yet.
 *
 * They are put on watch first. Whatever ends the operation before its rows are committed, the
 * objects go away later, and until then nobody can find them.
 *
 * @throws CinnabarError `storage_unavailable`
 */
export async function storeObjects(
  deps: Pick<SealDeps, 'objects' | 'orphans'>,
  tenant: string,
  objects: readonly FreshObject[],
): Promise<void> {
  if (objects.length === 0) return;
  await deps.orphans.watch({ tenant, objectKeys: objects.map((object) => object.objectKey) });
  await Promise.all(objects.map((object) => deps.objects.put(object.objectKey, object.ciphertext)));
}

/** Removes those watched objects that no row came to name. Harmless to repeat. */
export async function sweepOrphans(
  deps: Pick<SealDeps, 'objects'> & { readonly seals: Pick<SealStore, 'referencedObjects'> },
  watch: ObjectWatch,
): Promise<void> {
  const kept = new Set(await deps.seals.referencedObjects(watch.tenant, watch.objectKeys));
  const orphans = watch.objectKeys.filter((objectKey) => !kept.has(objectKey));
  if (orphans.length > 0) await deps.objects.remove(orphans);
}
