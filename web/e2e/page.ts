/** A browser with the demo page in it, and the few things a visitor does there. */

import { mkdir } from 'node:fs/promises';
import axe from 'axe-core';
import {
  type Browser,
  type BrowserContextOptions,
  chromium,
  type Locator,
  type Page,
} from 'playwright-core';
import { expect } from 'vitest';

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Chromium, from `CHROMIUM_BIN` or where Debian puts it. */
export function launch(flags: readonly string[] = []): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env.CHROMIUM_BIN ?? '/usr/bin/chromium',
    args: [...FLAGS, ...flags],
  });
}

/** A page of its own rider; what it complains about is collected in `complaints`. */
export class Visit {
  readonly page: Page;
  readonly complaints: string[] = [];

  private constructor(page: Page) {
    this.page = page;
    page.on('pageerror', (error) => this.complaints.push(`error: ${error.message}`));
    page.on('console', (message) => {
      const text = message.text();
      // Chromium itself writes a line for each request that meets no network.
      if (message.type() === 'error' && !text.startsWith('Failed to load resource')) {
        this.complaints.push(`console: ${text}`);
      }
    });
  }

  static async open(
    browser: Browser,
    url: string,
    options: BrowserContextOptions = {},
    prepare: (page: Page) => Promise<unknown> = async () => undefined,
  ): Promise<Visit> {
    const context = await browser.newContext({
      viewport: { width: 1280, height: 900 },
      ...options,
    });
    const page = await context.newPage();
    const visit = new Visit(page);
    await prepare(page);
    await page.goto(url);
    return visit;
  }

  async close(): Promise<void> {
    await this.page.context().close();
  }

  get scan(): Locator {
    return this.page.getByRole('button', { name: /^Scan and/ });
  }

  get station(): Locator {
    return this.page.getByRole('combobox', { name: /^(Enter|Exit) at$/ });
  }

  get verdict(): Locator {
    return this.page.locator('.display');
  }

  /** Waits for a code on the phone and gates to choose from. */
  async ready(): Promise<void> {
    await this.page.locator('canvas:visible').waitFor();
    await expect.poll(() => this.scan.getAttribute('aria-disabled')).toBe('false');
  }

  /** Chooses the way and the n-th gate of the first line. */
  async choose(way: 'Enter' | 'Exit', gate: number): Promise<string> {
    await this.page.getByRole('radio', { name: way }).check();
    const option = this.page.locator('#station optgroup').first().locator('option').nth(gate);
    await this.station.selectOption((await option.getAttribute('value')) ?? '');
    return ((await option.textContent()) ?? '').trim();
  }

  /** Scans and gives back what the gate shows. */
  async tap(): Promise<string> {
    await this.ready();
    await this.scan.click();
    return this.answer();
  }

  /** What the gate shows once it has decided. */
  async answer(): Promise<string> {
    await this.verdict.locator('.word').waitFor();
    return this.verdict.innerText();
  }

  /** The code's pixels, to see whether it is another. */
  code(): Promise<string> {
    return this.page.locator('canvas').evaluate((canvas: HTMLCanvasElement) => canvas.toDataURL());
  }

  /** What axe-core finds wrong, as one line each. */
  async violations(): Promise<string[]> {
    await this.page.evaluate(axe.source);
    return this.page.evaluate(async () => {
      const { axe: loaded } = globalThis as unknown as { axe: typeof import('axe-core') };
      const { violations } = await loaded.run();
      return violations.flatMap((violation) =>
        violation.nodes.map((node) => `${violation.id}: ${node.target.join(' ')}`),
      );
    });
  }

  /** Whether anything is wider than the window. */
  overflow(): Promise<number> {
    return this.page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
  }

  /** Keeps a picture of the whole page where `FAREGATE_SCREENSHOTS` names a folder. */
  async picture(name: string): Promise<void> {
    const folder = process.env.FAREGATE_SCREENSHOTS;
    if (folder === undefined) return;
    await mkdir(folder, { recursive: true });
    await this.page.screenshot({ path: `${folder}/${name}.png`, fullPage: true });
  }
}
