/**
 * The service worker of the wallet and of the inspector's page: keeps a page's files, so that it
 * opens with no network. Its list is written by the build (`offline-files.ts`); a new list is a
 * new worker, which fetches its files whole before it takes over. Answers of the API are not kept.
 */

/** Files by page; the build puts them here, with a hash of all of them as the version. */
declare const __OFFLINE__: { version: string; files: Record<string, string[]> };

const worker = self as unknown as ServiceWorkerGlobalScope;
const { version, files } = __OFFLINE__;
const scope = new URL(worker.registration.scope).pathname;
const cacheName = `faregate ${scope} ${version}`;

worker.addEventListener('install', (event) => {
  event.waitUntil(
    (async () => {
      const cache = await caches.open(cacheName);
      const wanted = [scope, ...(files[scope] ?? [])];
      await cache.addAll(wanted.map((url) => new Request(url, { cache: 'no-cache' })));
      await worker.skipWaiting();
    })(),
  );
});

worker.addEventListener('activate', (event) => {
  event.waitUntil(
    (async () => {
      const names = await caches.keys();
      const old = names.filter(
        (name) => name.startsWith(`faregate ${scope} `) && name !== cacheName,
      );
      await Promise.all(old.map((name) => caches.delete(name)));
      await worker.clients.claim();
    })(),
  );
});

worker.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== worker.location.origin) return;
  if (url.pathname.startsWith('/v1/')) return;
  event.respondWith(fromCacheFirst(request, url.pathname));
});

/** The kept file; what is not kept comes from the server. */
async function fromCacheFirst(request: Request, path: string): Promise<Response> {
  const cache = await caches.open(cacheName);
  const kept = await cache.match(request.mode === 'navigate' && path === scope ? scope : request, {
    ignoreVary: true,
  });
  return kept ?? fetch(request);
}
