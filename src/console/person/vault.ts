import { signal } from '@preact/signals';
import type { KeptReport, KeyVault, StoredKey } from '../../client/personal-key.ts';
import type { StoredTerminal, TerminalVault } from '../../client/session-keys.ts';

const databaseName = 'cinnabar-keys';
/** Shares of keys; session keys of terminals; the roots that a terminal pins; wrong answers. */
const stores = ['keys', 'terminals', 'roots', 'reports'] as const;
type StoreName = (typeof stores)[number];

/** How often a report was kept since the page was opened: who shows them reads them anew. */
export const reportsKept = signal(0);

/**
 * Shares of personal keys in this browser. They are encrypted before they come here, and there is
 * no way out but `load`. A write has reached the disk when it resolves.
 */
export function browserVault(): Required<KeyVault> & {
  readonly ids: () => Promise<readonly string[]>;
  readonly reports: (keyId: string) => Promise<readonly KeptReport[]>;
} {
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
    async keepReport(kept) {
      const { requestId } = kept.report.transcript;
      await inStore('reports', 'readwrite', (store) => store.put(kept, requestId));
      reportsKept.value++;
    },
    async reports(keyId) {
      const all = await inStore(
        'reports',
        'readonly',
        (store) => store.getAll() as IDBRequest<KeptReport[]>,
      );
      const own = all.filter(({ report }) => report.keyId === keyId);
      return own.sort((one, other) => other.atMs - one.atMs);
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
    const request = indexedDB.open(databaseName, 3);
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
