/** The pages of `faregate fares diff` and `faregate fares map`: files that need no network. */

import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Month, writeMonth } from './month.ts';
import { launch, Visit } from './page.ts';

const PAGES = ['diff', 'map'] as const;

let month: Month;
let browser: Browser;
let visit: Visit;

beforeAll(async () => {
  [month, browser] = await Promise.all([writeMonth(), launch()]);
});

afterAll(async () => {
  await browser?.close();
  await month?.remove();
});

afterEach(async () => {
  expect(visit.complaints).toEqual([]);
  await visit.close();
});

for (const page of PAGES) {
  describe(`the page of ${page}`, () => {
    for (const colorScheme of ['light', 'dark'] as const) {
      for (const width of [390, 1280]) {
        it(`fits ${width} px, ${colorScheme}, and axe finds nothing`, async () => {
          const viewport = { width, height: 844 };
          visit = await Visit.open(browser, month[page], { viewport, colorScheme });
          expect(await visit.overflow()).toBe(0);
          expect(await visit.violations()).toEqual([]);
          await visit.picture(`${page}-${width}-${colorScheme}`);
          for (const summary of await visit.page.locator('summary').all()) await summary.click();
          expect(await visit.overflow()).toBe(0);
          expect(await visit.violations()).toEqual([]);
          await visit.picture(`${page}-${width}-${colorScheme}-open`);
          expect(await unreadable(), 'smaller than 11 px, or cut off').toEqual([]);
        });
      }
    }

    it('asks for nothing but itself', async () => {
      const asked: string[] = [];
      visit = await Visit.open(browser, month[page], {}, async (tab) => {
        tab.on('request', (request) => asked.push(request.url()));
      });
      await visit.page.waitForLoadState('networkidle');
      expect(asked).toEqual([month[page]]);
    });
  });
}

describe('the comparison', () => {
  it('shows what was computed', async () => {
    visit = await Visit.open(browser, month.diff);
    const { page } = visit;
    const { all, by_category: categories, histogram } = month.comparison;
    const text = (await page.locator('main').innerText()).replace(/\s+/g, ' ');
    for (const part of [amount(all.before_minor), amount(all.after_minor), 'Nobody was charged']) {
      expect(text).toContain(part);
    }
    const bars = page.locator('.bars tbody tr');
    const riders = await bars.locator('td').allInnerTexts();
    expect(riders.map(Number)).toEqual(histogram.bars.map((bar) => bar.riders));
    const names = await page.locator('.impact tbody th').allInnerTexts();
    expect(names).toEqual(['Adult', 'Senior', 'Student', 'All riders']);
    const counts = await page.locator('.impact tbody tr td:nth-child(2)').allInnerTexts();
    expect(counts.map(Number)).toEqual([...categories.map((row) => row.riders), all.riders]);
    expect(counts.map(Number)).toEqual([360, 90, 150, 600]);
  });

  it('draws bars as long as their numbers say', async () => {
    visit = await Visit.open(browser, month.diff);
    const bars = await visit.page.locator('.bars tbody tr').evaluateAll((rows) =>
      rows.map((row) => ({
        riders: Number(row.querySelector('td')?.textContent),
        wide: row.querySelector('.bar')?.getBoundingClientRect().width ?? 0,
      })),
    );
    const longest = bars.reduce((a, b) => (b.riders > a.riders ? b : a));
    for (const bar of bars.filter((each) => each.riders > 10)) {
      const expected = (longest.wide * bar.riders) / longest.riders;
      expect(Math.abs(bar.wide - expected), `${bar.riders} riders`).toBeLessThan(8);
    }
  });

  it('tells who pays most more, and why, to the keyboard alone', async () => {
    visit = await Visit.open(browser, month.diff);
    const { page } = visit;
    const [first] = month.comparison.pay_most_more;
    await page.keyboard.press('Tab');
    const focused = page.locator('summary:focus');
    expect(await focused.innerText()).toContain(first?.account_id);
    await page.keyboard.press('Enter');
    const told = page.locator('details[open]');
    expect(await told.count()).toBe(1);
    const why = await told.innerText();
    expect(why).toMatch(/before[\s\S]*Travel from[\s\S]*after[\s\S]*fare_concessions\.txt row 3/);
    const { pay_most_more: more, pay_most_less: less } = month.comparison;
    for (let at = 1; at < more.length + less.length; at += 1) await page.keyboard.press('Tab');
    expect(await focused.innerText()).toContain(less.at(-1)?.account_id);
  });

  it('fits a terminal', () => {
    const lines = month.lines.split('\n');
    const chart = lines.filter((line) => line.includes('█'));
    expect(chart.length).toBeGreaterThan(3);
    const sentences = /^ {6}(old|new) /;
    const wide = lines.filter((line) => line.length > 100 && !sentences.test(line));
    expect(wide).toEqual([]);
  });
});

describe('the map', () => {
  it('tells a stop under the pointer, and the table tells every stop', async () => {
    visit = await Visit.open(browser, month.map);
    const { page } = visit;
    const stop = page.locator('.stop[data-id="hz-linping"] circle');
    await stop.hover();
    const tip = await page.locator('#tip').innerText();
    expect(tip).toMatch(
      /^Linping: CNY 7\.00\s+Travel from Longxiangqiao to Linping costs CNY 7\.00/,
    );
    const row = await page.locator('#hz-linping').innerText();
    expect(row).toMatch(
      /^Linping\s+CNY 7\.00\s+Travel from Longxiangqiao to Linping costs CNY 7\.00/,
    );
    // The metro's 79 stations are priced; the bus alone stops at the other 17.
    const stops = await page.locator('.stop').count();
    expect([stops, await page.locator('.fares tbody tr').count()]).toEqual([96, 96]);
    expect(await page.locator('.key').innerText()).toMatch(/no fare 17 stops/);
  });

  it('writes names that do not cross one another', async () => {
    for (const width of [390, 1280]) {
      visit = await Visit.open(browser, month.map, { viewport: { width, height: 844 } });
      const crossings = await visit.page.locator('svg text:visible').evaluateAll((texts) => {
        const boxes = texts.map((text) => text.getBoundingClientRect());
        return boxes.flatMap((a, at) =>
          boxes
            .slice(at + 1)
            .filter((b) => a.left < b.right && b.left < a.right)
            .filter((b) => Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 4),
        ).length;
      });
      expect(crossings, `${width} px`).toBe(0);
      if (width === 390) await visit.close();
    }
  });
});

/** Minor units as the page writes them. */
const amount = (minor: number) =>
  (minor / 100).toLocaleString('en-US', { minimumFractionDigits: 2 });

/** Texts that are smaller than 11 px on the screen, or reach beyond their box. */
function unreadable(): Promise<string[]> {
  return visit.page.evaluate(() => {
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const found: string[] = [];
    for (let node = texts.nextNode(); node !== null; node = texts.nextNode()) {
      const parent = node.parentElement;
      const text = node.textContent?.trim() ?? '';
      if (text === '' || parent === null) continue;
      if (parent.closest('script, style, thead') !== null) continue;
      const size = Number.parseFloat(getComputedStyle(parent).fontSize);
      const drawn = parent instanceof SVGTextElement ? (parent.getScreenCTM()?.a ?? 1) : 1;
      const box = parent.getBoundingClientRect();
      if (box.width === 0) continue;
      if (size * drawn < 11 || box.left < 0 || box.right > innerWidth) found.push(text);
    }
    return found;
  });
}
