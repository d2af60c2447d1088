/** The server under test: one that runs already, or the demo of a binary. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

/** Enough riders for every figure of the morning to show, few enough to wait for. */
const RIDERS = 200;

const START_TRIES = 600;
const START_PAUSE_MS = 400;

export interface Faregate {
  readonly url: string;
  /** The folder of its books, where the test has started it. */
  readonly data: string | null;
  stop(): Promise<void>;
}

/**
 * Takes `FAREGATE_URL` (with its folder as `FAREGATE_DATA`), or starts the binary `FAREGATE_BIN`
 * on a free port.
 */
export async function startFaregate(riders: number = RIDERS): Promise<Faregate> {
  const { FAREGATE_URL: url, FAREGATE_DATA: folder, FAREGATE_BIN: binary } = process.env;
  if (url !== undefined) return { url, data: folder ?? null, stop: async () => undefined };
  if (binary === undefined) {
    throw new Error('set FAREGATE_URL to a running demo, or FAREGATE_BIN to the faregate binary');
  }
  const port = await freePort();
  const data = await mkdtemp(join(tmpdir(), 'faregate-e2e-'));
  const city = ['demo', '--riders', `${riders}`, '--data', data];
  const server = spawn(binary, [...city, '--listen', `127.0.0.1:${port}`], {
    cwd: new URL('../..', import.meta.url).pathname,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const started = `http://127.0.0.1:${port}`;
  await answers(`${started}/demo/state`, server);
  return {
    url: started,
    data,
    async stop() {
      if (server.exitCode === null) {
        const ended = once(server, 'exit');
        server.kill('SIGTERM');
        await ended;
      }
      await rm(data, { recursive: true });
    },
  };
}

async function answers(url: string, server: ChildProcess): Promise<void> {
  for (let left = START_TRIES; left > 0; left -= 1) {
    if (server.exitCode !== null) throw new Error(`the demo ended with ${server.exitCode}`);
    const response = await fetch(url).catch(() => null);
    if (response?.ok) return;
    await pause(START_PAUSE_MS);
  }
  throw new Error(`nothing answers at ${url}`);
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  if (address === null || typeof address === 'string') throw new Error('no free port');
  return address.port;
}
