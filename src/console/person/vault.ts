import type { KeyVault, StoredKey } from '../../client/certificates.ts';

const databaseName = 'cinnabar-keys';
const storeName = 'keys';

/**
 * Shares of personal keys in this browser. They are encrypted before they come here, and there is
 * no way out but `load`. A write has reached the disk when it resolves.
 */
export function browserVault(): KeyVault & { readonly ids: () => Promise<readonly string[]> } {
  return {
    load: (id) =>
      inStore('readonly', (store) => store.get(id) as IDBRequest<StoredKey | undefined>),
    ids: () => inStore('readonly', (store) => store.getAllKeys() as IDBRequest<string[]>),
    async save(id, key) {
      await inStore('readwrite', (store) => store.put(key, id));
      // Asked once something is here that must not be cleared to make room.
      await navigator.storage?.persist?.();
    },
    async remove(id) {
      await inStore('readwrite', (store) => store.delete(id));
    },
  };
}

async function inStore<T>(
  mode: IDBTransactionMode,
  act: (store: IDBObjectStore) => IDBRequest<T>,
): Promise<T> {
  const database = await opened();
  try {
    const transaction = database.transaction(storeName, mode, { durability: 'strict' });
    const request = act(transaction.objectStore(storeName));
    await new Promise<void>((resolve, reject) => {
      transaction.oncomplete = () => resolve();
      transaction.onabort = () => reject(transaction.error);
    });
    return request.result;
  } finally {
    database.close();
  }
}

function opened(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(databaseName, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(storeName);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
