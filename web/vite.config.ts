import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';
import { offlineFiles } from './offline-files.ts';

// `npm run dev` shows the sources and asks this server for everything else.
const server = process.env.FAREGATE_URL ?? 'http://127.0.0.1:8080';

export default defineConfig({
  plugins: [svelte(), offlineFiles()],
  build: {
    target: 'es2022',
    // The page's Content-Security-Policy admits files of this origin only, so nothing is inlined.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rollupOptions: {
      input: {
        demo: 'index.html',
        operator: 'operator/index.html',
        wallet: 'wallet/index.html',
        inspect: 'inspect/index.html',
        api: 'api/index.html',
        worker: 'src/worker.ts',
      },
      output: {
        // A service worker keeps its name: browsers compare its bytes to find a new one.
        entryFileNames: ({ name }) => (name === 'worker' ? 'worker.js' : 'assets/[name]-[hash].js'),
      },
    },
  },
  // Keeps the name that the page asked: the server takes changes from its own pages only.
  server: {
    proxy: Object.fromEntries(
      ['/v1', '/demo', '/openapi.json'].map((path) => [
        path,
        { target: server, changeOrigin: false },
      ]),
    ),
  },
});
