/** The reader's screen, as the agent serves it, in every state, at two sizes, light and dark. */

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { launch, Visit } from './page';

const SHOTS = process.env.SCREENSHOTS;

const PERMITTED = {
  decision: 'permitted',
  code: 0,
  reason: 'permitted',
  language: 'en',
  sentences: { en: 'Please pass.', zh: '请通行。', ko: '통과하세요.' },
  riders: 3,
  show_seconds: 3,
  valid_seconds: 5099,
};
const REFUSED = {
  decision: 'refused',
  code: 70,
  reason: 'expired',
  language: 'en',
  sentences: {
    en: 'This code is 4 minutes old: your phone’s clock may be slow. Open the app again.',
    zh: '此乘车码已过期 4 分钟，您的手机时间可能偏慢。请重新打开应用。',
    ko: '이 코드는 4분 전에 만들어졌습니다. 휴대전화 시계를 확인하고 앱을 다시 여세요.',
  },
  riders: null,
  show_seconds: 5,
  valid_seconds: null,
};

/** In the page: a stream of events that says what the test says, and never ends. */
function scripted() {
  class Scripted {
    onmessage = null;
    constructor() {
      (window as unknown as { stream: unknown }).stream = this;
    }
  }
  (window as unknown as { EventSource: unknown }).EventSource = Scripted;
}

describe('the screen of a reader', () => {
  let browser: Browser;
  let agent: ChildProcess;
  let folder: string;
  let url: string;

  beforeAll(async () => {
    browser = await launch();
    folder = await mkdtemp(join(tmpdir(), 'gate-'));
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    const config = `[gate]
id = "00000007"
device = "d1d1d1d1-d1d1-41d1-91d1-d1d1d1d1d1d1"
stop = "a"
state = "${folder}/state"
key_file = "${folder}/key"
[[input]]
from = "images"
direction = "on"
path = "${folder}/pictures"
[http]
listen = "127.0.0.1:${port}"
[lists]
unsigned = true
`;
    await writeFile(join(folder, 'gate.toml'), config);
    const binary = process.env.FAREGATE_GATE_BIN;
    if (binary === undefined) throw new Error('set FAREGATE_GATE_BIN to the faregate-gate binary');
    agent = spawn(binary, ['--config', join(folder, 'gate.toml')], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    for (let left = 300; left > 0 && agent.exitCode === null; left -= 1) {
      if ((await fetch(`${url}/livez`).catch(() => null))?.ok) return;
      await pause(100);
    }
    throw new Error('the agent does not answer');
  });

  afterAll(async () => {
    agent?.kill();
    await browser?.close();
    await rm(folder, { recursive: true, force: true });
  });

  for (const colorScheme of ['light', 'dark'] as const) {
    for (const width of [390, 1280]) {
      test(`fits ${width} px, ${colorScheme}`, async () => {
        for (const [state, event] of [
          ['idle', null],
          ['permitted', PERMITTED],
          ['refused', REFUSED],
        ] as const) {
          const viewport = { width, height: width === 390 ? 844 : 800 };
          const visit = await Visit.open(
            browser,
            `${url}/display`,
            { viewport, colorScheme },
            async (page) => {
              if (event !== null) await page.addInitScript(scripted);
            },
          );
          if (event !== null) {
            await visit.page.evaluate((text) => {
              const { stream } = window as unknown as { stream: EventSource };
              stream.onmessage?.(new MessageEvent('message', { data: text }));
            }, JSON.stringify(event));
          }
          await visit.page.waitForFunction((wanted) => document.body.className === wanted, state);
          const size = await visit.page.evaluate(() => ({
            wide: document.documentElement.scrollWidth - window.innerWidth,
            high: document.documentElement.scrollHeight - window.innerHeight,
          }));
          expect(size.wide, `${state}: no sideways scrolling`).toBeLessThanOrEqual(0);
          expect(size.high, `${state}: all of it is on the screen`).toBeLessThanOrEqual(0);
          const main = await visit.page.locator('#said .main').innerText();
          const party = event !== null && (event.riders ?? 1) > 1 ? ` × ${event.riders}` : '';
          expect(main).toBe(event === null ? 'Show your code' : event.sentences.en + party);
          // 84 minutes and 59 seconds: never more is promised than is left.
          const valid = await visit.page.locator('#valid').innerText();
          const promised = 'Your code is good for another 1 h 24 min';
          expect(valid).toBe(state === 'permitted' ? promised : '');
          expect(await visit.page.locator('#said').getAttribute('role')).toBe('status');
          if (SHOTS !== undefined) {
            const name = `${SHOTS}/display-${state}-${width}-${colorScheme}.png`;
            await visit.page.screenshot({ path: name });
          }
          expect(visit.complaints).toEqual([]);
          await visit.page.context().close();
        }
      });
    }
  }

  test('the keyboard reaches the sound, and the language can be asked for', async () => {
    const visit = await Visit.open(browser, `${url}/display?lang=ko`);
    await visit.page.waitForFunction(() => document.body.className === 'idle');
    expect(await visit.page.locator('html').getAttribute('lang')).toBe('ko');
    const button = visit.page.locator('#sound');
    const before = await button.getAttribute('aria-pressed');
    await visit.page.keyboard.press('Tab');
    expect(await button.evaluate((node) => node === document.activeElement)).toBe(true);
    await visit.page.keyboard.press('Enter');
    expect(await button.getAttribute('aria-pressed')).not.toBe(before);
    expect(visit.complaints).toEqual([]);
    await visit.page.context().close();
  });
});

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => probe.once('listening', resolve));
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no free port');
  return address.port;
}
