/** The wallet in a real browser, its codes read by another decoder and judged by real gates. */

import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Faregate, startFaregate } from './faregate.ts';
import { launch, Visit } from './page.ts';
import {
  decode,
  enrol,
  gateOf,
  hold,
  keptForOffline,
  lock,
  photograph,
  shiftClock,
} from './rider.ts';

/** The wallet needs a city and gates, not a crowd. */
const RIDERS = 12;

const MINUTE = 60_000;

let faregate: Faregate;
let browser: Browser;
const visits: Visit[] = [];

const remember = (visit: Visit) => {
  visits.push(visit);
  return visit;
};

beforeAll(async () => {
  [faregate, browser] = await Promise.all([startFaregate(RIDERS), launch()]);
});

afterAll(async () => {
  await browser?.close();
  await faregate?.stop();
});

afterEach(async () => {
  for (const visit of visits.splice(0)) {
    expect(visit.complaints).toEqual([]);
    await visit.close();
  }
});

describe('a rider', () => {
  it('has a code after one tap, and sees journey and fare as they happen', async () => {
    const visit = remember(await enrol(browser, faregate.url));
    const { page } = visit;
    await page.getByText('Shown as it happens').waitFor();
    expect(await hold(faregate.url, await photograph(visit), 'on', 1)).toMatchObject({ code: 0 });
    await page.getByText('You are on your way').waitFor({ timeout: 5_000 });
    await page.getByText('This journey, at most').waitFor();
    await visit.picture('wallet-open-journey-1280-light');

    const shown = await visit.code();
    await expect.poll(() => visit.code(), { timeout: 9_000 }).not.toBe(shown);
    expect(await hold(faregate.url, await photograph(visit), 'off', 5)).toMatchObject({ code: 0 });
    const journey = page.locator('article').filter({ hasText: 'Why this fare' });
    await journey.waitFor({ timeout: 5_000 });
    const fare = await journey.locator('.fare').innerText();
    expect(fare).toMatch(/^¥\d+\.\d\d$/);
    expect(await page.locator('.sum').innerText()).toContain(fare);
    await journey.getByText('Why this fare').click();
    expect(await journey.innerText()).toMatch(/Tapped on[\s\S]*Tapped off[\s\S]*row \d+/);
    await visit.picture('wallet-journey-1280-light');
  });

  it('rides 30 minutes later with no network, after a reload, in under a second', async () => {
    const visit = remember(await enrol(browser, faregate.url, { colorScheme: 'dark' }));
    const { page } = visit;
    await keptForOffline(visit);
    const gate = await gateOf(faregate.url);
    await page.context().setOffline(true);
    await shiftClock(visit, 30 * MINUTE);
    const opened = performance.now();
    await page.reload({ waitUntil: 'commit' });
    await page.locator('canvas:visible').waitFor();
    const took = performance.now() - opened;
    await page.getByText('No signal. The code works as always.').waitFor();
    await visit.picture('wallet-offline-1280-dark');

    const text = await decode(await photograph(visit));
    const later = Date.now() + 30 * MINUTE;
    expect(gate.decide(text, later, 'en')).toMatchObject({ code: 0, kind: 1 });
    expect(took).toBeLessThan(1_000);
    // A code of 30 minutes ago would not do: it is the fresh one that passes.
    expect(gate.decide(text, Date.now(), 'en').name).toBe('from_the_future');

    // 15 s of life and 30 s for a slow clock: a screenshot is worth nothing after that.
    expect(gate.decide(text, later + 46_000, 'en').name).toBe('stale');
    await expect
      .poll(async () => decode(await photograph(visit)), { timeout: 12_000 })
      .not.toBe(text);
  });

  it('is told that the clock is four minutes slow, and rides all the same', async () => {
    const visit = remember(await Visit.open(browser, `${faregate.url}/wallet/`));
    const { page } = visit;
    await shiftClock(visit, -4 * MINUTE);
    await page.reload();
    await page.getByRole('button', { name: 'Get my code' }).click();
    await page.getByText('Your phone’s clock is 4 min slow.').waitFor();
    const wrong = await visit.code();
    await expect.poll(() => visit.code(), { timeout: 9_000 }).not.toBe(wrong);
    expect(await hold(faregate.url, await photograph(visit), 'on')).toMatchObject({ code: 0 });
    await visit.picture('wallet-clock-1280-light');
  });

  it('on a second phone is another rider, and neither sees the other', async () => {
    const [first, second] = [
      remember(await enrol(browser, faregate.url)),
      remember(await enrol(browser, faregate.url)),
    ];
    const pass = (visit: Visit) => visit.page.locator('code').first().innerText();
    expect(await pass(first)).not.toBe(await pass(second));
    expect(await hold(faregate.url, await photograph(first), 'on')).toMatchObject({ code: 0 });
    await first.page.getByText('You are on your way').waitFor();
    expect(await second.page.getByText('You are on your way').count()).toBe(0);
    expect(await hold(faregate.url, await photograph(second), 'on')).toMatchObject({ code: 0 });
    await second.page.getByText('You are on your way').waitFor();
  });

  it('who loses the phone has it locked, and rides again in under a minute', async () => {
    const lost = remember(await enrol(browser, faregate.url));
    const noted = await lost.page.locator('code').first().innerText();
    const started = Date.now();
    await lock(faregate.data, noted);
    const found = await hold(faregate.url, await photograph(lost), 'on');
    expect(found).toMatchObject({ decision: 'refused', reason: 'denied' });

    const other = remember(await enrol(browser, faregate.url));
    expect(await hold(faregate.url, await photograph(other), 'on')).toMatchObject({ code: 0 });
    expect(Date.now() - started).toBeLessThan(MINUTE);

    // The lost phone gets no new pass when it asks for one, past half of the old one's life.
    await shiftClock(lost, 13 * 60 * MINUTE);
    await lost.page.route('**/v1/issuer-keys', (route) => route.abort());
    await lost.page.reload();
    await lost.page.getByText('This pass is locked').waitFor();
  });

  it('who removes the pass leaves nothing behind', async () => {
    const visit = remember(await enrol(browser, faregate.url));
    await visit.page.getByRole('button', { name: 'Remove my pass from this phone' }).click();
    await visit.page.getByRole('button', { name: 'Remove it' }).click();
    await visit.page.getByRole('button', { name: 'Get my code' }).waitFor();
    await visit.page.reload();
    await visit.page.getByRole('button', { name: 'Get my code' }).waitFor();
  });
});

describe('for everybody', () => {
  it.each([
    [390, 'light', 'en'],
    [390, 'dark', 'zh-CN'],
    [1280, 'light', 'ko-KR'],
    [1280, 'dark', 'en'],
  ] as const)('at %i px in %s, in %s: axe-core finds nothing', async (width, scheme, locale) => {
    const visit = remember(
      await Visit.open(browser, `${faregate.url}/wallet/`, {
        viewport: { width, height: width === 390 ? 844 : 900 },
        deviceScaleFactor: 2,
        colorScheme: scheme,
        locale,
        isMobile: width === 390,
      }),
    );
    const { page } = visit;
    const name = `${width}-${scheme}`;
    await page.locator('main button').waitFor();
    expect(await page.locator('html').getAttribute('lang')).toBe(locale.slice(0, 2));
    expect(await visit.violations()).toEqual([]);
    await visit.picture(`wallet-welcome-${name}`);
    await page.locator('main button').click();
    await page.locator('canvas:visible').waitFor();
    await page.locator('.live').waitFor();
    expect(await hold(faregate.url, await photograph(visit), 'on', 2)).toMatchObject({ code: 0 });
    await page.locator('article.open').waitFor();
    expect(await visit.violations()).toEqual([]);
    expect(await visit.overflow()).toBe(0);
    await visit.picture(`wallet-${name}`);
    await page.locator('.earlier > summary').click();
    await page.locator('.earlier li').first().waitFor();
    expect(await visit.violations()).toEqual([]);
  });

  it('fits into 320 pixels, also rotated, with the code whole', async () => {
    const visit = remember(
      await enrol(browser, faregate.url, { viewport: { width: 320, height: 640 } }),
    );
    expect(await visit.overflow()).toBe(0);
    await visit.picture('wallet-320-light');
    await visit.page.setViewportSize({ width: 640, height: 320 });
    await expect
      .poll(async () => (await visit.page.locator('canvas').boundingBox())?.height ?? 999)
      .toBeLessThanOrEqual(320);
    const text = await decode(await photograph(visit));
    expect(text.startsWith('FG1:')).toBe(true);
  });

  it('is enrolled, read and left by keyboard alone, with nothing moving', async () => {
    const visit = remember(
      await Visit.open(browser, `${faregate.url}/wallet/`, { reducedMotion: 'reduce' }),
    );
    const { page } = visit;
    await page.getByRole('button', { name: 'Get my code' }).waitFor();
    const tabTo = async (name: RegExp) => {
      for (let left = 12; left > 0; left -= 1) {
        await page.keyboard.press('Tab');
        const text = await page.evaluate(() => document.activeElement?.textContent ?? '');
        if (name.test(text)) return;
      }
      throw new Error(`no Tab reaches ${name}`);
    };
    await tabTo(/^Get my code$/);
    await page.keyboard.press('Enter');
    await page.locator('canvas:visible').waitFor();
    const moving = await page.locator('.bar div').evaluate((bar) => {
      return getComputedStyle(bar).transitionDuration;
    });
    expect(moving).toBe('0s');
    await page.getByText('Shown as it happens').waitFor();
    await tabTo(/^Earlier days$/);
    await page.keyboard.press('Enter');
    await tabTo(/^Show seven more days$/);
    await tabTo(/^Remove my pass/);
  });
});
