/** A drawer in IndexedDB: the only place where a browser keeps a key that no script can read. */

/** Named values that outlive the page. */
export interface Drawer {
  put(name: string, value: unknown): Promise<void>;
  get(name: string): Promise<unknown>;
  remove(name: string): Promise<void>;
}

const STORE = 'drawer';

/** The drawer of a database; it is opened at each use, so a failed opening can be tried again. */
export function openDrawer(database: string): Drawer {
  const within = async <T>(
    mode: IDBTransactionMode,
    work: (store: IDBObjectStore) => IDBRequest<T>,
  ): Promise<T> => {
    const opened = await open(database);
    try {
      const transaction = opened.transaction(STORE, mode);
      const request = work(transaction.objectStore(STORE));
      await new Promise<void>((resolve, reject) => {
        transaction.oncomplete = () => resolve();
        transaction.onabort = () => reject(transaction.error ?? request.error);
      });
      return request.result;
    } finally {
      opened.close();
    }
  };
  return {
    async put(name, value) {
      await within('readwrite', (store) => store.put(value, name));
    },
    get(name) {
      return within('readonly', (store) => store.get(name));
    },
    async remove(name) {
      await within('readwrite', (store) => store.delete(name));
    },
  };
}

function open(database: string): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(database, 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore(STORE);
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
    request.onblocked = () => reject(new Error('another tab holds an older database open'));
  });
}
