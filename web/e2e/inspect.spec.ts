/** The inspector's page: a camera that sees a rider's screen, a scanner that types, no network. */

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { type Faregate, startFaregate } from './faregate.ts';
import { launch, Visit } from './page.ts';
import { decode, enrol, keptForOffline, photograph } from './rider.ts';

const RIDERS = 12;

/** What the fake camera sees, in pixels. */
const WIDTH = 640;
const HEIGHT = 480;

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

it('a camera reads the code on a rider’s phone', async () => {
  const rider = await enrol(browser, faregate.url);
  const folder = await mkdtemp(join(tmpdir(), 'faregate-camera-'));
  const film = join(folder, 'code.y4m');
  await writeFile(film, y4m(await brightness(rider)));
  const camera = await launch([
    '--use-fake-ui-for-media-stream',
    '--use-fake-device-for-media-stream',
    `--use-file-for-fake-video-capture=${film}`,
  ]);
  try {
    visit = await open(camera);
    await visit.page.getByRole('button', { name: 'Use the camera' }).click();
    await visit.page.getByText('Valid', { exact: true }).waitFor();
    expect(await visit.page.locator('.display').innerText()).toMatch(
      /Category\s+Standard\s+Riders\s+1\s+Kind\s+Fresh from the phone/,
    );
    expect(await visit.violations()).toEqual([]);
    await visit.picture('inspect-valid-390-light');
    await visit.page.getByRole('button', { name: 'Stop the camera' }).click();
    await visit.page.getByRole('button', { name: 'Use the camera' }).waitFor();
  } finally {
    await camera.close();
    await rider.close();
    await rm(folder, { recursive: true });
  }
});

it('a scanner types codes, with no network: fresh, shown again, altered, old', async () => {
  const rider = await enrol(browser, faregate.url);
  visit = await open(browser, 'dark');
  const { page } = visit;
  await keptForOffline(visit);
  await page.context().setOffline(true);
  await page.reload();
  await page.getByText(/Keys: \d+, locked codes: \d+/).waitFor();
  const says = async (text: string) => {
    await page.getByRole('textbox').focus();
    await page.keyboard.insertText(text);
    await page.keyboard.press('Enter');
    return page.locator('.display').innerText();
  };

  const text = await decode(await photograph(rider));
  expect(await says(text)).toMatch(/^Valid[\s\S]*Seen here before\s+Not on this device/);
  expect(await says(text)).toMatch(/Valid[\s\S]*This very code was shown here before/);
  expect(await visit.violations()).toEqual([]);
  await visit.picture('inspect-again-390-dark');

  const digit = text.at(100) === 'A' ? 'B' : 'A';
  const altered = `${text.slice(0, 100)}${digit}${text.slice(101)}`;
  expect(await says(altered)).toMatch(/^Not valid[\s\S]*Reason\s+[a-z ]+ · 1\d\d/);
  expect(await says('https://example.org')).toMatch(/^Not valid[\s\S]*not a code · 101/);
  expect(await visit.violations()).toEqual([]);
  await page.setViewportSize({ width: 1280, height: 900 });
  await visit.picture('inspect-refused-1280-dark');
  await page.getByRole('combobox').selectOption('zh');
  expect(await says('https://example.org')).toMatch(/^无效[\s\S]*\p{Script=Han}/u);
  await page.setViewportSize({ width: 320, height: 640 });
  expect(await visit.overflow()).toBe(0);
  await rider.close();
});

async function open(where: Browser, colorScheme: 'light' | 'dark' = 'light'): Promise<Visit> {
  const opened = await Visit.open(where, `${faregate.url}/inspect/`, {
    viewport: { width: 390, height: 844 },
    colorScheme,
  });
  await opened.page.getByText(/Keys: \d+, locked codes: \d+/).waitFor();
  return opened;
}

/** The rider's code in the middle of a grey picture, one byte of brightness a pixel. */
async function brightness(rider: Visit): Promise<Uint8Array> {
  const values = await rider.page.locator('canvas').evaluate(
    (code: HTMLCanvasElement, [width, height]) => {
      const canvas = new OffscreenCanvas(width, height);
      const context = canvas.getContext('2d');
      if (context === null) throw new Error('no pixels');
      context.fillStyle = '#808080';
      context.fillRect(0, 0, width, height);
      const side = height - 40;
      context.drawImage(code, (width - side) / 2, 20, side, side);
      const { data } = context.getImageData(0, 0, width, height);
      return Array.from({ length: width * height }, (_, at) => data[at * 4] ?? 0);
    },
    [WIDTH, HEIGHT] as const,
  );
  return Uint8Array.from(values);
}

/** A film of one still picture, as YUV4MPEG2 has it: brightness, then two planes of no colour. */
function y4m(luma: Uint8Array): Buffer {
  const colour = Buffer.alloc(luma.length / 2, 128);
  const frame = Buffer.concat([Buffer.from('FRAME\n'), luma, colour]);
  const header = Buffer.from(`YUV4MPEG2 W${WIDTH} H${HEIGHT} F10:1 Ip A1:1 C420jpeg\n`);
  return Buffer.concat([header, frame, frame]);
}
