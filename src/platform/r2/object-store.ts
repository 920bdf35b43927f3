import { CinnabarError } from '../../domain/errors.ts';
import type { ObjectStore } from '../../domain/seals/ports.ts';

/** Encrypted objects in R2. */
export function r2ObjectStore(bucket: R2Bucket): ObjectStore {
  return {
    async put(objectKey, bytes) {
      await answered(bucket.put(objectKey, bytes));
    },
    async get(objectKey) {
      return answered(
        bucket
          .get(objectKey)
          .then(async (object) => object && new Uint8Array(await object.arrayBuffer())),
      ).then((bytes) => bytes ?? undefined);
    },
    async remove(objectKeys) {
      if (objectKeys.length > 0) await answered(bucket.delete([...objectKeys]));
    },
  };
}

async function answered<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (cause) {
    throw new CinnabarError('storage_unavailable', { cause });
  }
}
