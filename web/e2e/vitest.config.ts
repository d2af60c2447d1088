import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['e2e/**/*.spec.ts'],
    root: new URL('..', import.meta.url).pathname,
    testTimeout: 120_000,
    // A demo city travels its whole morning before the page is there.
    hookTimeout: 300_000,
    fileParallelism: false,
  },
});
