/** Lets a page open with no network: registers the worker that keeps its files. */

/** `scope` is the page's folder, with a slash at its end. */
export function keepForOffline(scope: string): void {
  if (!('serviceWorker' in navigator)) return;
  // Where it fails (private windows), the page works as long as there is a network.
  navigator.serviceWorker.register('/worker.js', { scope }).catch(() => undefined);
}
