import type {
  KeyVault,
  StoredKey,
  StoredTerminal,
  TerminalVault,
} from '../../client/certificates.ts';

const databaseName = 'cinnabar-keys';
/** Shares of keys; the session keys of terminals; the roots that a terminal pins. */
const stores = ['keys', 'terminals', 'roots'] as const;
type StoreName = (typeof stores)[number];

/**
 * Shares of personal keys in this browser. They are encrypted before they come here, and there is
 * no way out but `load`. A write has reached the disk when it resolves.
 */
export function browserVault(): KeyVault & { readonly ids: () => Promise<readonly string[]> } {
  return {
    load: (id) =>
      inStore('keys', 'readonly', (store) => store.get(id) as IDBRequest<StoredKey | undefined>),
    ids: () => inStore('keys', 'readonly', (store) => store.getAllKeys() as IDBRequest<string[]>),
    async save(id, key) {
      await inStore('keys', 'readwrite', (store) => store.put(key, id));
      // Asked once something is here that must not be cleared to make room.
      await navigator.storage?.persist?.();
    },
    async remove(id) {
      await inStore('keys', 'readwrite', (store) => store.delete(id));
    },
  };
}

/** Keys of the sessions of this browser's terminals, and the roots that each of them knows. */
export function browserTerminals(): TerminalVault & {
  readonly ids: () => Promise<readonly string[]>;
  readonly roots: (id: string) => Promise<readonly string[]>;
  readonly pin: (id: string, roots: readonly string[]) => Promise<void>;
} {
  return {
    ids: () =>
      inStore('terminals', 'readonly', (store) => store.getAllKeys() as IDBRequest<string[]>),
    load: (id) =>
      inStore(
        'terminals',
        'readonly',
        (store) => store.get(id) as IDBRequest<StoredTerminal | undefined>,
      ),
    async save(id, terminal) {
      await inStore('terminals', 'readwrite', (store) => store.put(terminal, id));
    },
    async roots(id) {
      const kept = await inStore(
        'roots',
        'readonly',
        (store) => store.get(id) as IDBRequest<readonly string[] | undefined>,
      );
      return kept ?? [];
    },
    async pin(id, roots) {
      await inStore('roots', 'readwrite', (store) => store.put(roots, id));
    },
  };
}

async function inStore<T>(
  name: StoreName,
  mode: IDBTransactionMode,
  act: (store: IDBObjectStore) => IDBRequest<T>,
): Promise<T> {
  const database = await opened();
  try {
    const transaction = database.transaction(name, mode, { durability: 'strict' });
    const request = act(transaction.objectStore(name));
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
    const request = indexedDB.open(databaseName, 2);
    request.onupgradeneeded = () => {
      const { result: database } = request;
      for (const name of stores) {
        if (!database.objectStoreNames.contains(name)) database.createObjectStore(name);
      }
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
