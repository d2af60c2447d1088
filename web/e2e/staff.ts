/** Staff of the city under test: their tokens, and what they do at the operator page. */

import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { Visit } from './page.ts';

const run = promisify(execFile);

export type Role = 'viewer' | 'agent' | 'approver';

/** Adds somebody to the staff as `faregate staff add` does; gives the token. */
export async function addStaff(data: string | null, name: string, role: Role): Promise<string> {
  const { FAREGATE_BIN: binary } = process.env;
  if (binary === undefined || data === null) {
    throw new Error('FAREGATE_BIN and FAREGATE_DATA must name the binary and the demo’s folder');
  }
  const books = ['--db', join(data, 'faregate.db')];
  const { stdout } = await run(binary, ['staff', 'add', name, '--role', role, ...books, '--json']);
  return (JSON.parse(stdout) as { token: string }).token;
}

/** Opens the operator page and signs in. */
export async function signIn(
  browser: Browser,
  url: string,
  token: string,
  options: BrowserContextOptions = {},
): Promise<Visit> {
  const visit = await Visit.open(browser, `${url}/operator/`, options);
  await visit.page.getByLabel('Token').fill(token);
  await visit.page.getByRole('button', { name: 'Sign in' }).click();
  await visit.page.getByRole('navigation', { name: 'Books' }).waitFor();
  return visit;
}

/** Goes to one of the places, by its link. */
export async function go(page: Page, place: string): Promise<void> {
  await page.getByRole('navigation').getByRole('link', { name: place }).click();
  await page.getByRole('heading', { level: 1, name: place }).waitFor();
}

/** Searches for a charge, a rider or a day. */
export async function search(page: Page, text: string): Promise<void> {
  await page.getByLabel('Charge, rider or day').fill(text);
  await page.getByRole('button', { name: 'Search' }).click();
}
