/** A rider with the wallet open, and what the world around can do with the code on the screen. */

import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Browser, BrowserContextOptions } from 'playwright-core';
import { expect } from 'vitest';
import { type IssuerKey, Validator } from '../src/inspector/validator.ts';
import { Visit } from './page.ts';

const run = promisify(execFile);

/** What a gate of the demo says. */
export interface GateSays {
  readonly decision: string;
  readonly code: number;
  readonly reason: string;
}

/** Opens the wallet and, with one tap, gets a code. */
export async function enrol(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<Visit> {
  const visit = await Visit.open(browser, `${url}/wallet/`, options);
  await visit.page.getByRole('button', { name: 'Get my code' }).click();
  await visit.page.locator('canvas:visible').waitFor();
  return visit;
}

/** Waits until the page's worker has its files: from then on it opens with no network. */
export async function keptForOffline(visit: Visit): Promise<void> {
  await visit.page.evaluate(async () => {
    await navigator.serviceWorker.ready;
  });
}

/** From now on pages of this visit believe that it is `ms` later (earlier where negative). */
export async function shiftClock(visit: Visit, ms: number): Promise<void> {
  await visit.page.context().addInitScript((by) => {
    const { now } = Date;
    const Real = Date;
    const shifted = () => now.call(Real) + by;
    globalThis.Date = new Proxy(Real, {
      construct: (target, given) =>
        given.length === 0 ? new target(shifted()) : Reflect.construct(target, given),
      get: (target, name) => (name === 'now' ? shifted : Reflect.get(target, name)),
    });
  }, ms);
}

/** A picture of the screen around the code, as a camera or a screenshot has it. */
export function photograph(visit: Visit): Promise<Buffer> {
  return visit.page.locator('.code').screenshot();
}

/** The text in a picture, by the decoder of `faregate token inspect`. */
export async function decode(picture: Buffer): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'faregate-code-'));
  try {
    const path = join(folder, 'code.png');
    await writeFile(path, picture);
    const { stdout } = await run(binary(), ['token', 'inspect', path, '--json']);
    return (JSON.parse(stdout) as { text: string }).text;
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Holds a picture to a gate of the demo. */
export async function hold(
  url: string,
  picture: Buffer,
  kind: 'on' | 'off',
  nth = 0,
): Promise<GateSays> {
  const state = (await (await fetch(`${url}/demo/state`)).json()) as {
    gates: { gate_id: string; flat: boolean }[];
  };
  const gate = state.gates.filter((each) => !each.flat)[nth]?.gate_id ?? '';
  const response = await fetch(`${url}/demo/scan?gate=${gate}&kind=${kind}`, {
    method: 'POST',
    headers: { 'content-type': 'image/png' },
    body: new Uint8Array(picture),
  });
  expect(response.status).toBe(200);
  return (await response.json()) as GateSays;
}

/** A gate that has fetched its lists now and may decide at any time: the validator itself. */
export async function gateOf(url: string): Promise<Validator> {
  const built = new URL('../src/inspector/validator.wasm', import.meta.url);
  const module = await WebAssembly.compile(await readFile(built));
  const answer = (await (await fetch(`${url}/v1/issuer-keys`)).json()) as {
    keys: { kid: string; public_key: string; not_before: string; not_after: string }[];
  };
  const keys = answer.keys.map(
    (key): IssuerKey => ({
      kid: Buffer.from(key.kid, 'hex'),
      publicKey: Buffer.from(key.public_key, 'base64url'),
      notBefore: BigInt(Date.parse(key.not_before)) * 1000n,
      notAfter: BigInt(Date.parse(key.not_after)) * 1000n,
    }),
  );
  return Validator.open(module, keys, []);
}

/** Locks a pass, as staff do when its phone is lost. */
export async function lock(data: string | null, pass: string): Promise<void> {
  if (data === null) throw new Error('FAREGATE_DATA must name the folder of the running demo');
  const deny = ['deny', 'add', '--db', join(data, 'faregate.db'), '--id', pass];
  await run(binary(), [...deny, '--reason', 'lost', '--hours', '24']);
}

function binary(): string {
  const { FAREGATE_BIN } = process.env;
  if (FAREGATE_BIN === undefined) throw new Error('FAREGATE_BIN must name the faregate binary');
  return FAREGATE_BIN;
}
