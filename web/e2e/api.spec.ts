/** The page of the API: every route of the running server, read and tried. */

import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { type Faregate, startFaregate } from './faregate.ts';
import { launch, Visit } from './page.ts';

const RIDERS = 12;

let faregate: Faregate;
let browser: Browser;
let visit: Visit;

beforeAll(async () => {
  [faregate, browser] = await Promise.all([startFaregate(RIDERS), launch()]);
});

afterAll(async () => {
  await browser?.close();
  await faregate?.stop();
});

afterEach(async () => {
  expect(visit.complaints).toEqual([]);
  await visit.close();
});

for (const colorScheme of ['light', 'dark'] as const) {
  for (const width of [320, 1280]) {
    it(`shows every route, fits ${width} px, ${colorScheme}, and axe finds nothing`, async () => {
      const viewport = { width, height: 844 };
      visit = await Visit.open(browser, `${faregate.url}/api/`, { viewport, colorScheme });
      await visit.page.getByRole('heading', { level: 1 }).waitFor();
      const document = await (await fetch(`${faregate.url}/openapi.json`)).json();
      const all = Object.values(document.paths as object).flatMap((one) => Object.keys(one));
      expect(await visit.page.locator('summary').count()).toBe(all.length);
      for (const summary of await visit.page.locator('summary').all()) await summary.click();
      expect(await visit.overflow()).toBe(0);
      expect(await visit.violations()).toEqual([]);
      await visit.picture(`api-${width}-${colorScheme}`);
    });
  }
}

it('sends what is written and shows what comes, and asks no other host', async () => {
  const hosts = new Set<string>();
  visit = await Visit.open(browser, `${faregate.url}/api/`, {}, async (tab) => {
    tab.on('request', (request) => hosts.add(new URL(request.url()).origin));
  });
  const { page } = visit;
  const city = page.locator('details', { hasText: 'GET /v1/city' });
  await city.locator('summary').click();
  await city.getByRole('button', { name: 'Send' }).click();
  await city.getByText(/^200 OK/).waitFor();
  const charge = page.locator('details', { hasText: 'GET /v1/operator/charges/{id}' });
  await charge.locator('summary').click();
  await charge.getByLabel(/^id/).fill('nonsense');
  await charge.getByRole('button', { name: 'Send' }).click();
  await charge.getByText(/^401 Unauthorized/).waitFor();
  expect([...hosts]).toEqual([new URL(faregate.url).origin]);
});
