/** The demo page in a real browser against the real server: `npm run e2e`. */

import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Faregate, startFaregate } from './faregate.ts';
import { launch, Visit } from './page.ts';

let faregate: Faregate;
let browser: Browser;
let visit: Visit;

beforeAll(async () => {
  [faregate, browser] = await Promise.all([startFaregate(), launch()]);
});

afterAll(async () => {
  await browser?.close();
  await faregate?.stop();
});

afterEach(async () => {
  expect(visit.complaints).toEqual([]);
  await visit.close();
});

describe('the main job', () => {
  it('two taps become a journey, a fare and a charge', async () => {
    visit = await Visit.open(browser, faregate.url);
    const { page } = visit;
    await visit.ready();
    await visit.picture('start-light');

    const from = await visit.choose('Enter', 1);
    expect(await visit.tap()).toMatch(/Permitted[\s\S]*Decided in\s+[\d,]+ µs/);
    await page.getByText('You are on your way.').waitFor();
    await page.getByText(/the maximum fare is \D?\d/).waitFor();
    await visit.picture('open-journey-light');

    const to = await visit.choose('Exit', 5);
    expect(await visit.tap()).toContain('Permitted');
    const journey = page.locator('article').filter({ hasText: 'Why this fare' });
    await journey.waitFor();
    expect(names(from).some((name) => from.startsWith(name))).toBe(true);
    const card = await journey.innerText();
    expect(names(from).some((name) => card.includes(name))).toBe(true);
    expect(names(to).some((name) => card.includes(name))).toBe(true);
    const fare = await journey.locator('.fare').innerText();
    expect(fare).toMatch(/\d/);

    await journey.getByText('Why this fare').click();
    const why = await journey.locator('details').innerText();
    expect(why).toMatch(/Tap on[\s\S]*Tap off[\s\S]*Leg[\s\S]*Rule[\s\S]*row/);

    await page.getByRole('button', { name: 'End the day' }).click();
    const charge = page.locator('.charge');
    await charge.waitFor();
    expect(await charge.innerText()).toContain(fare);
    const end = page.getByRole('button', { name: 'All is charged' });
    expect(await end.getAttribute('aria-disabled')).toBe('true');
    await visit.picture('charged-light');
  });

  it('a rider who comes back finds key and day again', async () => {
    visit = await Visit.open(browser, faregate.url);
    const { page } = visit;
    await visit.choose('Enter', 0);
    expect(await visit.tap()).toContain('Permitted');
    await page.getByText('You are on your way.').waitFor();
    await page.reload();
    await page.getByText('You are on your way.').waitFor();
    expect((await keptRider()).locked).toBe(true);

    await page.getByRole('button', { name: 'Start over as a new rider' }).click();
    await page.getByText('Scan at a gate and your tap shows here.').waitFor();
    expect(await visit.tap()).toContain('Permitted');
  });
});

describe('the credential', () => {
  it('is renewed before it ends', async () => {
    visit = await Visit.open(browser, faregate.url);
    const { page } = visit;
    await visit.ready();
    const before = await keptRider();
    await page.evaluate(
      (soon) =>
        new Promise<void>((resolve, reject) => {
          const opening = indexedDB.open('faregate-demo');
          opening.onsuccess = () => {
            const writing = opening.result.transaction('drawer', 'readwrite');
            const store = writing.objectStore('drawer');
            const getting = store.get('rider');
            getting.onsuccess = () => {
              // As if it had been fetched long ago: more than half of its life is over.
              getting.result.credential.starts_at = '2019-01-07T00:00:00Z';
              getting.result.credential.expires_at = soon;
              store.put(getting.result, 'rider');
            };
            writing.oncomplete = () => {
              opening.result.close();
              resolve();
            };
            writing.onabort = () => reject(writing.error);
          };
        }),
      new Date(Date.now() + 60_000).toISOString(),
    );
    await page.reload();
    await visit.ready();
    await expect.poll(async () => (await keptRider()).credential).not.toBe(before.credential);
    expect((await keptRider()).account).toBe(before.account);
    const code = await visit.code();
    await expect.poll(() => visit.code(), { timeout: 9_000 }).not.toBe(code);
    expect(await visit.tap()).toContain('Permitted');
  });
});

describe('cheats are refused', () => {
  it('a screenshot, a second showing, an altered code', async () => {
    visit = await Visit.open(browser, faregate.url);
    const { page } = visit;
    await visit.ready();
    await visit.choose('Enter', 2);
    await page.getByRole('button', { name: 'Take a screenshot' }).click();

    await page.getByRole('button', { name: 'Scan it twice' }).click();
    await page.getByText(/^Refused: .+/).waitFor();
    expect(await visit.answer()).toMatch(/Refused[\s\S]*A friend, with the same code[\s\S]*150/);

    await visit.ready();
    await page.getByRole('button', { name: 'Change and scan' }).click();
    await expect.poll(() => page.getByText(/^Refused: .+/).count()).toBe(2);
    expect(await visit.answer()).toMatch(/Refused[\s\S]*An altered code[\s\S]*112/);

    await page.getByRole('button', { name: 'Show the screenshot' }).click({ timeout: 60_000 });
    await expect.poll(() => page.getByText(/^Refused: .+/).count(), { timeout: 9_000 }).toBe(3);
    expect(await visit.answer()).toMatch(/Refused[\s\S]*An old screenshot[\s\S]*122/);
    await visit.picture('cheats-light');
  });
});

describe('for everybody', () => {
  it.each(['light', 'dark'] as const)('axe-core finds nothing wrong in %s', async (colorScheme) => {
    visit = await Visit.open(browser, faregate.url, { colorScheme });
    await visit.ready();
    expect(await visit.violations()).toEqual([]);
    await visit.choose('Enter', 0);
    await visit.tap();
    await visit.page.getByText('You are on your way.').waitFor();
    expect(await visit.violations()).toEqual([]);
    await visit.choose('Exit', 3);
    await visit.tap();
    await visit.page.getByText('Why this fare').click();
    await visit.page.getByRole('button', { name: 'End the day' }).click();
    await visit.page.locator('.charge').waitFor();
    await visit.page.getByRole('button', { name: 'Scan it twice' }).click();
    await visit.page.getByText(/^Refused: .+/).waitFor();
    expect(await visit.violations()).toEqual([]);
    await visit.picture(`full-${colorScheme}`);
  });

  it.each([320, 390, 768])('fits into %i pixels', async (width) => {
    visit = await Visit.open(browser, faregate.url, {
      viewport: { width, height: 740 },
      colorScheme: width === 390 ? 'dark' : 'light',
    });
    await visit.ready();
    await visit.choose('Enter', 0);
    await visit.tap();
    await visit.choose('Exit', 6);
    await visit.tap();
    await visit.page.getByText('Why this fare').click();
    await visit.page.getByRole('button', { name: 'End the day' }).click();
    await visit.page.locator('.charge').waitFor();
    expect(await visit.overflow()).toBe(0);
    expect(await visit.violations()).toEqual([]);
    const phone = await visit.page.locator('.phone').boundingBox();
    const gate = await visit.page.locator('.gate').boundingBox();
    expect(phone !== null && gate !== null && phone.y + phone.height <= gate.y).toBe(true);
    await visit.picture(`width-${width}`);
  });

  it('is a whole journey by keyboard alone', async () => {
    visit = await Visit.open(browser, faregate.url, { reducedMotion: 'reduce' });
    const { keyboard } = visit.page;
    await visit.ready();
    const pressUntil = async (name: RegExp) => {
      for (let left = 20; left > 0; left -= 1) {
        await keyboard.press('Tab');
        const focused = visit.page.locator(':focus');
        if ((await focused.count()) === 0) continue;
        const label = await focused.evaluate((element) => {
          const { labels } = element as HTMLInputElement;
          return (labels?.[0]?.textContent ?? element.textContent ?? '').trim();
        });
        if (name.test(label)) return;
      }
      throw new Error(`no Tab reaches ${name}`);
    };
    await pressUntil(/^Enter$/);
    await pressUntil(/^Enter at$/);
    await keyboard.press('ArrowDown');
    await pressUntil(/^Scan and enter$/);
    await keyboard.press('Enter');
    expect(await visit.answer()).toContain('Permitted');
    await visit.page.getByText('You are on your way.').waitFor();
    // The way has turned to Exit by itself; the focus has stayed on the button.
    await visit.page.getByRole('button', { name: 'Scan and leave' }).waitFor();
    expect(await visit.page.locator(':focus').innerText()).toBe('Scan and leave');
    await visit.ready();
    await keyboard.press('Space');
    await visit.page.getByText('Why this fare').waitFor();
    await pressUntil(/^Why this fare$/);
    await keyboard.press('Enter');
    await pressUntil(/^End the day$/);
    await keyboard.press('Enter');
    await visit.page.locator('.charge').waitFor();
  });
});

describe('the code', () => {
  it('is black on white, in whole modules, with four light modules around', async () => {
    visit = await Visit.open(browser, faregate.url, {
      colorScheme: 'dark',
      deviceScaleFactor: 1.5,
    });
    await visit.ready();
    const seen = await visit.page.locator('canvas').evaluate((canvas: HTMLCanvasElement) => {
      const { width, height } = canvas;
      const pixels = canvas.getContext('2d')?.getImageData(0, 0, width, height).data;
      if (pixels === undefined) throw new Error('no pixels');
      const colours = new Set<string>();
      let left = width;
      let top = height;
      for (let at = 0; at < pixels.length; at += 4) {
        colours.add(pixels.subarray(at, at + 4).join());
        if (pixels[at] !== 0) continue;
        left = Math.min(left, (at / 4) % width);
        top = Math.min(top, Math.floor(at / 4 / width));
      }
      return {
        width,
        height,
        shown: canvas.getBoundingClientRect().width,
        left,
        top,
        colours: [...colours].sort(),
      };
    });
    // Version 11 has 61 modules on a side, and eight of quiet zone.
    expect(seen.width % 69).toBe(0);
    expect(seen.height).toBe(seen.width);
    expect(seen.left).toBe((seen.width / 69) * 4);
    expect(seen.top).toBe(seen.left);
    expect(seen.colours).toEqual(['0,0,0,255', '255,255,255,255']);
    expect(seen.shown * 1.5).toBeCloseTo(seen.width, 1);
  });

  it('goes on without a network', async () => {
    visit = await Visit.open(browser, faregate.url);
    await visit.ready();
    await visit.page.context().setOffline(true);
    await visit.page.getByText('You are offline.').waitFor();
    const before = await visit.code();
    await expect.poll(() => visit.code(), { timeout: 9_000 }).not.toBe(before);
    const between = await visit.code();
    await expect.poll(() => visit.code(), { timeout: 9_000 }).not.toBe(between);
    await visit.picture('offline-light');
    await visit.scan.click();
    await expect.poll(() => visit.page.locator('.trouble').innerText()).toContain('offline');

    await visit.page.context().setOffline(false);
    await expect.poll(() => visit.page.locator('.trouble').count()).toBe(0);
    expect(await visit.tap()).toContain('Permitted');
  });

  it('outlives a server that is down, and the page comes back by itself', async () => {
    visit = await Visit.open(browser, faregate.url);
    await visit.ready();
    const paths = /\/(v1|demo)\//;
    await visit.page.route(paths, (route) => route.abort('connectionrefused'));
    await visit.scan.click();
    await visit.page.getByText('The server does not answer.').waitFor();
    const before = await visit.code();
    await expect.poll(() => visit.code(), { timeout: 9_000 }).not.toBe(before);
    await visit.picture('server-down-light');
    await visit.page.unroute(paths);
    await expect.poll(() => visit.page.locator('.trouble').count(), { timeout: 9_000 }).toBe(0);
    expect(await visit.tap()).toContain('Permitted');
  });

  it('comes from the server where the browser keeps no key, and the page says why', async () => {
    visit = await Visit.open(browser, faregate.url, {}, (page) =>
      page.addInitScript(() => {
        // What Safari does in Lockdown Mode and private windows.
        const { put } = IDBObjectStore.prototype;
        IDBObjectStore.prototype.put = function (value: unknown, key?: IDBValidKey) {
          const holdsKey = Object.values(Object(value)).some((part) => part instanceof CryptoKey);
          if (holdsKey) throw new DOMException('keys are not kept here', 'DataCloneError');
          return put.call(this, value, key);
        };
      }),
    );
    await visit.ready();
    await visit.page.getByText('This browser does not let a page keep a key').waitFor();
    await visit.choose('Enter', 0);
    expect(await visit.tap()).toContain('Permitted');
    await visit.choose('Exit', 4);
    expect(await visit.tap()).toContain('Permitted');
    await visit.page.getByText('Why this fare').waitFor();
  });
});

/** An option reads "Longxiangqiao 龙翔桥"; a card may show either name. */
function names(option: string): string[] {
  const zh = /\s+(\p{Script=Han}.*)$/u.exec(option);
  return zh === null ? [option] : [option.slice(0, zh.index), zh[1] ?? option];
}

/** What the browser's drawer keeps; `locked` tells that the key in it refuses to be read. */
function keptRider(): Promise<{ account: string; credential: string; locked: boolean }> {
  return visit.page.evaluate(
    () =>
      new Promise((resolve, reject) => {
        const opening = indexedDB.open('faregate-demo');
        opening.onerror = () => reject(opening.error);
        opening.onsuccess = () => {
          const getting = opening.result.transaction('drawer').objectStore('drawer').get('rider');
          getting.onerror = () => reject(getting.error);
          getting.onsuccess = async () => {
            opening.result.close();
            const { pair, account, credential } = getting.result;
            const read = crypto.subtle.exportKey('pkcs8', pair.privateKey);
            const locked = await read.then(
              () => false,
              () => !pair.privateKey.extractable,
            );
            resolve({ account, credential: credential.credential_id, locked });
          };
        };
      }),
  );
}
