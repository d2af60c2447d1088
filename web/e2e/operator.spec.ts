/** The operator page in a real browser: a demo's books, charges explained, money given back. */

import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Faregate, startFaregate } from './faregate.ts';
import { launch, Visit } from './page.ts';
import { addStaff, go, type Role, search, signIn } from './staff.ts';

/** Enough for every kind of exception, few enough for the pages to be seen whole. */
const RIDERS = 60;

const ROLES: Readonly<Record<string, Role>> = { vera: 'viewer', anna: 'agent', bert: 'approver' };

type Kept = BrowserContextOptions['storageState'];

interface Day {
  readonly day: string;
  readonly journeys: number;
  readonly incomplete: number;
  readonly fares_minor: number;
  readonly charged_minor: number;
}

interface Charge {
  readonly charge_id: string;
  readonly account_id: string;
  readonly amount_minor: number;
}

let faregate: Faregate;
let browser: Browser;
const sessions = new Map<string, Kept>();
const visits: Visit[] = [];

const remember = (visit: Visit) => {
  visits.push(visit);
  return visit;
};

/** The page of somebody who has signed in before. */
async function as(name: string, options: BrowserContextOptions = {}): Promise<Visit> {
  const kept = { storageState: sessions.get(name), ...options } as BrowserContextOptions;
  const visit = remember(await Visit.open(browser, `${faregate.url}/operator/`, kept));
  await visit.page.getByRole('navigation', { name: 'Books' }).waitFor();
  return visit;
}

/** What the API answers to whoever has signed in on this page. */
async function asked<T>(page: Page, path: string): Promise<T> {
  const response = await page.request.get(`${faregate.url}/v1/operator/${path}`);
  expect(response.status()).toBe(200);
  return (await response.json()) as T;
}

/** A rider goes by metro and the day ends: the page and the charge. */
async function ride(): Promise<{ rider: Visit; charge: string; fare: string }> {
  const rider = remember(await Visit.open(browser, faregate.url));
  let charge = '';
  rider.page.on('response', async (response) => {
    if (!response.url().includes('/me/activity') || !response.ok()) return;
    const { charges } = (await response.json()) as { charges: { charge_id: string }[] };
    charge = charges[0]?.charge_id ?? charge;
  });
  await rider.choose('Enter', 1);
  expect(await rider.tap()).toContain('Permitted');
  await rider.page.getByText('You are on your way.').waitFor();
  await rider.choose('Exit', 5);
  expect(await rider.tap()).toContain('Permitted');
  await rider.page.locator('article').filter({ hasText: 'Why this fare' }).waitFor();
  await rider.page.getByRole('button', { name: 'End the day' }).click();
  const fare = await rider.page.locator('.charge .amount').innerText();
  await rider.page.reload();
  await expect.poll(() => charge).not.toBe('');
  return { rider, charge, fare };
}

/** An amount as the page writes it. */
const yuan = (minor: number) =>
  `¥${(minor / 100).toLocaleString('en', { minimumFractionDigits: 2 })}`;

beforeAll(async () => {
  [faregate, browser] = await Promise.all([startFaregate(RIDERS), launch()]);
  for (const [name, role] of Object.entries(ROLES)) {
    const visit = await signIn(browser, faregate.url, await addStaff(faregate.data, name, role));
    sessions.set(name, await visit.page.context().storageState());
    expect(visit.complaints).toEqual([]);
    await visit.close();
  }
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

describe('signing in', () => {
  it('with a wrong token is refused, and the page says what to do', async () => {
    const visit = remember(await Visit.open(browser, `${faregate.url}/operator/`));
    const { page } = visit;
    expect(await visit.violations()).toEqual([]);
    await page.getByLabel('Token').fill('hunter2');
    await page.keyboard.press('Enter');
    await page.getByRole('alert').getByText('Nobody of the staff has this token.').waitFor();
    expect(await page.getByLabel('Token').getAttribute('aria-invalid')).toBe('true');
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('token');
    expect(await visit.violations()).toEqual([]);
    await visit.picture('operator-refused-1280-light');
    expect((await page.request.get(`${faregate.url}/v1/operator/days`)).status()).toBe(401);
  });

  it('lasts over a reload and ends with signing out', async () => {
    const token = await addStaff(faregate.data, 'carl', 'viewer');
    const visit = remember(await signIn(browser, faregate.url, token));
    const { page } = visit;
    await page.reload();
    await page.getByText('carl').waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByLabel('Token').waitFor();
    await page.reload();
    await page.getByLabel('Token').waitFor();
  });
});

describe('the books', () => {
  it('show the day as the demo has counted it', async () => {
    const { page } = await as('vera');
    const { items } = await asked<{ items: Day[] }>(page, 'days');
    const state = (await (await fetch(`${faregate.url}/demo/state`)).json()) as {
      morning: Day;
    };
    // Visitors may have travelled on the same day since.
    const day = items.find((one) => one.day === state.morning.day) as Day;
    expect(day.journeys).toBeGreaterThanOrEqual(state.morning.journeys);
    expect(day.charged_minor).toBeGreaterThanOrEqual(state.morning.charged_minor);
    const card = page.getByRole('listitem').filter({ hasText: `Exceptions of ${day.day}` });
    const text = (await card.innerText()).replace(/\s+/g, ' ');
    expect(text).toContain(`Fares ${yuan(day.fares_minor)}`);
    expect(text).toContain(`Charged ${yuan(day.charged_minor)}`);
    expect(text).toContain(`Journeys ${day.journeys}`);
    const bars = await page.locator('.chart li').count();
    expect(bars).toBe(items.length);
  });

  it('list every journey that lacks an end, with its reason', async () => {
    const { page } = await as('vera');
    const { items } = await asked<{ items: Day[] }>(page, 'days');
    const day = items.find((one) => one.incomplete > 0) as Day;
    await page.getByRole('link', { name: `Exceptions of ${day.day}` }).click();
    const rows = page.locator('main li');
    await rows.first().waitFor();
    const more = page.getByRole('button', { name: 'Show more' });
    while (await more.isVisible()) {
      const before = await rows.count();
      await more.click();
      await expect.poll(() => rows.count()).toBeGreaterThan(before);
    }
    expect(await rows.count()).toBe(day.incomplete);
    expect(await rows.first().innerText()).toMatch(/maximum fare of CNY 9\.00 applies/);
    await rows.first().getByRole('link').click();
    await page.getByRole('heading', { level: 1, name: 'Charges' }).waitFor();
    await page.locator('main li').first().waitFor();
  });

  it('tell what waits, and what honest riders do not do', async () => {
    const { page } = await as('vera');
    await go(page, 'Queues');
    const queues = await asked<{ dirty_days: number; flagged: { count: number }[] }>(
      page,
      'queues',
    );
    const tile = page.getByRole('listitem').filter({ hasText: 'wait to be settled' });
    expect(await tile.innerText()).toContain(`${queues.dirty_days}`);
    await page.getByRole('heading', { name: 'Findings' }).waitFor();
  });

  it('find charges by day, by rider and by their id', async () => {
    const { page } = await as('vera');
    const { items } = await asked<{ items: Charge[] }>(page, 'charges?limit=1');
    const [one] = items as [Charge];
    await go(page, 'Charges');
    await search(page, one.account_id);
    await page.getByRole('link', { name: /explain$/ }).click();
    expect(page.url()).toContain(one.charge_id);
    await page.getByRole('heading', { level: 2, name: yuan(one.amount_minor) }).waitFor();
    await search(page, 'nonsense');
    await page.getByRole('alert').getByText('or a day as YYYY-MM-DD').waitFor();
    await search(page, '00000000-0000-4000-8000-000000000000');
    await page.getByText('No charge, rider or day of this name').waitFor();
    await page.goBack();
    await page.goBack();
    await page.getByRole('heading', { level: 2, name: yuan(one.amount_minor) }).waitFor();
  });
});

describe('an explanation', () => {
  it('is read in three languages, each to the row of the rules', async () => {
    const { charge, fare } = await ride();
    const visit = await as('vera');
    const { page } = visit;
    await go(page, 'Charges');
    await search(page, charge);
    const story = page.locator('.story');
    const told: [string, string, RegExp][] = [
      ['English', 'en', /Travel from .+ to .+ costs CNY \d\.00 .+ \(gtfs\/.+ row \d+\)\./],
      ['中文', 'zh', /从.+到.+票价 CNY \d\.00，票种“.+”（gtfs\/.+ row \d+）。/],
      ['한국어', 'ko', /.+에서 .+까지 운임은 .+ CNY \d\.00입니다\(gtfs\/.+ row \d+\)\./],
    ];
    for (const [name, tag, sentence] of told) {
      await page.getByRole('combobox').first().selectOption({ label: name });
      await expect.poll(() => story.getAttribute('lang')).toBe(tag);
      await expect.poll(() => story.locator('.lines').first().getAttribute('lang')).toBe(tag);
      expect(await story.innerText()).toMatch(sentence);
      expect(await story.innerText()).toContain(fare.replace('¥', ''));
      expect(await visit.violations()).toEqual([]);
      expect(await visit.overflow()).toBe(0);
      await visit.picture(`operator-charge-1280-light-${tag}`);
    }
    await page.getByRole('combobox').first().selectOption({ label: 'English' });
    await page.emulateMedia({ media: 'print' });
    await expect.poll(() => page.getByRole('navigation').isVisible()).toBe(false);
    expect(await story.isVisible()).toBe(true);
    await visit.picture('operator-charge-print');
  });
});

describe('a refund', () => {
  it('is made by one, approved by another, and reaches the rider', async () => {
    const { rider, charge, fare } = await ride();
    const maker = await as('bert');
    await go(maker.page, 'Charges');
    await search(maker.page, charge);
    const form = maker.page.getByRole('form', { name: 'Propose a refund' });
    await form.getByLabel('Amount in CNY').fill('a lot');
    await form.getByRole('button', { name: 'Propose' }).click();
    await form.getByText(/Write the amount as \d\.00/).waitFor();
    await form.getByLabel('Amount in CNY').fill('500');
    await form.getByLabel('In words').fill('the lift was out of order');
    await form.getByRole('button', { name: 'Propose' }).click();
    await form.getByText(/at most CNY \d\.00 can be given back/).waitFor();
    await maker.picture('operator-propose-refused-1280-light');
    await form.getByLabel('Amount in CNY').fill('1.50');
    await form.getByRole('button', { name: 'Propose' }).click();
    await maker.page.getByText('another person has to approve it').first().waitFor();

    // Who proposed sees no button, and the server would refuse it too.
    await go(maker.page, 'Refunds');
    const own = maker.page.locator('article').filter({ hasText: 'the lift was out of order' });
    await own.getByText('You proposed this').waitFor();
    expect(await own.getByRole('button').count()).toBe(0);
    const list = await asked<{ items: { request_id: string }[] }>(maker.page, 'requests?open=true');
    const refused = await maker.page.evaluate(async (id) => {
      const body = JSON.stringify({ verdict: 'approved', note: '' });
      const headers = { 'content-type': 'application/json', 'idempotency-key': '"own"' };
      const path = `/v1/operator/requests/${id}/decision`;
      return (await fetch(path, { method: 'POST', headers, body })).status;
    }, list.items[0]?.request_id);
    expect(refused).toBe(403);

    // An agent may propose, not decide.
    const agent = await as('anna');
    await go(agent.page, 'Refunds');
    const seen = agent.page.locator('article').filter({ hasText: 'the lift was out of order' });
    await seen.waitFor();
    expect(await seen.getByRole('button').count()).toBe(0);

    const token = await addStaff(faregate.data, 'dora', 'approver');
    const approver = remember(await signIn(browser, faregate.url, token));
    await go(approver.page, 'Refunds');
    const asks = approver.page.locator('article').filter({ hasText: 'the lift was out of order' });
    await asks.getByLabel('What the rider is told').fill('you are right, we are sorry');
    await approver.picture('operator-decide-1280-light');
    await asks.getByRole('button', { name: 'Approve' }).click();
    await approver.page.getByText('No request waits for a decision.').waitFor();

    // The books, the explanation and the rider's own page say the same.
    await search(await charges(approver.page), charge);
    const sum = approver.page.locator('section').filter({ hasText: 'How the day adds up' });
    const left = yuan(Math.round(Number(fare.replace('¥', '')) * 100) - 150);
    await expect
      .poll(async () => (await sum.innerText()).replace(/\s+/g, ' '))
      .toContain(`Refunded -¥1.50 Charged for the day ${left}`);
    await approver.page.getByText('Approved by dora').waitFor();
    await approver.picture('operator-refunded-1280-light');
    await rider.page.reload();
    await expect
      .poll(() => rider.page.locator('.charge .amount').allInnerTexts())
      .toEqual([fare, '-¥1.50']);
    await rider.page.getByText('Nothing is left to pay.').waitFor();
  });

  it('is found, proposed and decided by keyboard alone', async () => {
    const { charge } = await ride();
    const { page: maker } = await as('anna');
    const type = async (page: Page, label: RegExp, text: string) => {
      await tabTo(page, label);
      await page.keyboard.type(text);
    };
    await tabTo(maker, /^Charges$/);
    await maker.keyboard.press('Enter');
    await maker.getByRole('heading', { level: 1, name: 'Charges' }).waitFor();
    await type(maker, /^Charge, rider or day$/, charge);
    await maker.keyboard.press('Enter');
    await maker.locator('.story').waitFor();
    await type(maker, /^Amount in CNY$/, '0.50');
    await type(maker, /^In words$/, 'waited in the rain');
    await tabTo(maker, /^Propose$/);
    await maker.keyboard.press('Enter');
    await maker.getByText('Proposed. Another person has to approve it.').waitFor();

    const { page } = await as('bert');
    await tabTo(page, /^Refunds$/);
    await page.keyboard.press('Enter');
    await page.getByText('waited in the rain').waitFor();
    await type(page, /^What the rider is told$/, 'so did we');
    await tabTo(page, /^Approve$/);
    await page.keyboard.press('Enter');
    await page.getByText('No request waits for a decision.').waitFor();
    const { amount_minor: given } = (
      await asked<{ requests: { amount_minor: number; state: string }[] }>(
        page,
        `charges/${charge}`,
      )
    ).requests.find((one) => one.state === 'approved') ?? { amount_minor: 0 };
    expect(given).toBe(50);
  });
});

describe('for everybody', () => {
  it.each([
    [390, 'light'],
    [390, 'dark'],
    [1280, 'light'],
    [1280, 'dark'],
  ] as const)(
    'at %i px in %s: nothing is cut off, axe-core finds nothing',
    async (width, scheme) => {
      const look = {
        viewport: { width, height: width === 390 ? 844 : 900 },
        colorScheme: scheme,
        isMobile: width === 390,
      };
      const name = `${width}-${scheme}`;
      const check = async (visit: Visit, what: string) => {
        expect(await visit.violations(), what).toEqual([]);
        expect(await visit.overflow(), what).toBe(0);
        await visit.picture(`operator-${what}-${name}`);
      };
      const stranger = remember(await Visit.open(browser, `${faregate.url}/operator/`, look));
      await stranger.page.getByLabel('Token').waitFor();
      await check(stranger, 'sign-in');
      const visit = await as('bert', look);
      const { page } = visit;
      await page.locator('.chart').waitFor();
      await check(visit, 'days');
      await go(page, 'Queues');
      await page.getByRole('heading', { name: 'Findings' }).waitFor();
      await check(visit, 'queues');
      await go(page, 'Exceptions');
      const { items: days } = await asked<{ items: Day[] }>(page, 'days');
      await page.getByLabel('Service day').fill(days.find((day) => day.incomplete > 0)?.day ?? '');
      await page.getByRole('button', { name: 'Show', exact: true }).click();
      await page.locator('main li').first().waitFor();
      await check(visit, 'exceptions');
      await go(page, 'Charges');
      await page.locator('main li').first().waitFor();
      await check(visit, 'charges');
      const { items } = await asked<{ items: Charge[] }>(page, 'charges?limit=1');
      await search(page, items[0]?.charge_id ?? '');
      await page.locator('.story').waitFor();
      await check(visit, 'charge');
      await go(page, 'Refunds');
      await page.getByLabel('All').check();
      await page.locator('article').first().waitFor();
      await check(visit, 'refunds');
    },
  );

  it('fits into 320 pixels', async () => {
    const visit = await as('vera', { viewport: { width: 320, height: 640 } });
    const { items } = await asked<{ items: Charge[] }>(visit.page, 'charges?limit=1');
    expect(await visit.overflow()).toBe(0);
    await search(await charges(visit.page), items[0]?.charge_id ?? '');
    await visit.page.locator('.story').waitFor();
    expect(await visit.overflow()).toBe(0);
  });
});

// The last: from here on this address may not sign in for a minute.
describe('whoever guesses tokens', () => {
  it('is told to wait, and those who are signed in notice nothing', async () => {
    const visit = remember(await Visit.open(browser, `${faregate.url}/operator/`));
    const { page } = visit;
    const stopped = page.getByRole('alert').getByText(/too many requests .+ ask again in \d+ s/);
    for (let guess = 0; guess < 21 && !(await stopped.isVisible()); guess += 1) {
      await page.getByLabel('Token').fill(`guess ${guess}`);
      const answered = page.waitForResponse('**/v1/operator/session');
      await page.keyboard.press('Enter');
      await answered;
    }
    await stopped.waitFor();
    expect(await visit.violations()).toEqual([]);
    await visit.picture('operator-too-often-1280-light');
    await as('vera');
  });
});

async function charges(page: Page): Promise<Page> {
  await go(page, 'Charges');
  return page;
}

/** Presses Tab until what is called so has the focus. */
async function tabTo(page: Page, name: RegExp): Promise<void> {
  for (let left = 60; left > 0; left -= 1) {
    await page.keyboard.press('Tab');
    const called = await page.evaluate(() => {
      const focused = document.activeElement;
      const labels = (focused as HTMLInputElement | null)?.labels;
      return (labels?.[0] ?? focused)?.textContent?.trim() ?? '';
    });
    if (name.test(called)) return;
  }
  throw new Error(`no Tab reaches ${name}`);
}
