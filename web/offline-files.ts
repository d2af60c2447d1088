/** Writes into the service worker which files each page needs, and a version made from them. */

import { createHash } from 'node:crypto';
import type { Plugin } from 'vite';

/** Pages that open offline: the HTML file, the folder that they are served from, files beside. */
const PAGES = [
  { html: 'wallet/index.html', scope: '/wallet/', beside: ['/wallet/manifest.webmanifest'] },
  { html: 'inspect/index.html', scope: '/inspect/', beside: [] },
];

interface Built {
  readonly type: string;
  readonly fileName: string;
  readonly facadeModuleId?: string | null;
  readonly imports?: readonly string[];
  readonly dynamicImports?: readonly string[];
  readonly viteMetadata?: {
    readonly importedCss: ReadonlySet<string>;
    readonly importedAssets: ReadonlySet<string>;
  };
}

export function offlineFiles(): Plugin {
  return {
    name: 'offline-files',
    apply: 'build',
    enforce: 'post',
    generateBundle(_options, bundle) {
      const built = bundle as unknown as Record<string, Built>;
      const files: Record<string, string[]> = {};
      const hash = createHash('sha256');
      for (const { html, scope, beside } of PAGES) {
        const entry = Object.values(built).find((file) => file.facadeModuleId?.endsWith(html));
        if (entry === undefined) throw new Error(`the build has no ${html}`);
        const found = new Set<string>();
        collect(entry.fileName, built, found);
        const page = bundle[html];
        if (page?.type === 'asset') hash.update(page.source);
        files[scope] = [...[...found].map((name) => `/${name}`), '/favicon.svg', ...beside].sort();
      }
      hash.update(JSON.stringify(files));
      const version = hash.digest('hex').slice(0, 16);
      const worker = bundle['worker.js'];
      if (worker?.type !== 'chunk') throw new Error('the build has no worker.js');
      const list = JSON.stringify({ version, files });
      worker.code = `const __OFFLINE__ = ${list};\n${worker.code}`;
    },
  };
}

function collect(name: string, built: Record<string, Built>, found: Set<string>): void {
  const file = built[name];
  if (file === undefined || found.has(name)) return;
  found.add(name);
  for (const css of file.viteMetadata?.importedCss ?? []) found.add(css);
  for (const asset of file.viteMetadata?.importedAssets ?? []) found.add(asset);
  for (const below of [...(file.imports ?? []), ...(file.dynamicImports ?? [])]) {
    collect(below, built, found);
  }
}
