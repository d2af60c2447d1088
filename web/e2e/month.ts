/** Two tariffs of one city and a month of taps, for the pages that `faregate fares` writes. */

import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

const HANGZHOU = new URL('../../deploy/cities/hangzhou', import.meta.url).pathname;

const RIDERS = 600;
const DAYS_OF_JANUARY_2019 = 31;
/** 1 January 2019 was a Tuesday; Monday is 0. */
const FIRST_WEEKDAY = 1;

const CATEGORIES = `rider_category_id,rider_category_name,is_default_fare_category
adult,Adult,1
student,Student,0
senior,Senior,0
`;

export interface Month {
  /** The page of `faregate fares diff`, as a file: address. */
  readonly diff: string;
  /** The page of `faregate fares map`. */
  readonly map: string;
  /** What `faregate fares diff --json` printed. */
  readonly comparison: Comparison;
  /** What a person reads at the terminal. */
  readonly lines: string;
  remove(): Promise<void>;
}

/** The parts of the comparison that the page must show. */
export interface Comparison {
  readonly all: { riders: number; before_minor: number; after_minor: number };
  readonly by_category: readonly { rider_category_id: string | null; riders: number }[];
  readonly histogram: { bars: readonly { riders: number }[] };
  readonly pay_most_more: readonly { account_id: string }[];
  readonly pay_most_less: readonly { account_id: string }[];
}

/** Writes cities and taps, and lets the binary `FAREGATE_BIN` write its pages. */
export async function writeMonth(): Promise<Month> {
  const { FAREGATE_BIN: binary } = process.env;
  if (binary === undefined) throw new Error('set FAREGATE_BIN to the faregate binary');
  const folder = await mkdtemp(join(tmpdir(), 'fares-'));
  const at = (name: string) => join(folder, name);
  for (const city of ['2019', '2020']) await cp(HANGZHOU, at(city), { recursive: true });
  for (const city of ['2019', '2020']) {
    await writeFile(at(`${city}/gtfs/rider_categories.txt`), CATEGORIES);
    await writeFile(
      at(`${city}/gtfs/fare_concessions.txt`),
      `rider_category_id,pay_percent\nstudent,50\nsenior,${city === '2019' ? 0 : 50}\n`,
    );
  }
  await dearer(at('2020/gtfs/fare_products.txt'));
  await writeFile(
    at('2020/gtfs/fare_caps.txt'),
    'cap_id,cap_name,period,amount\nmonth,Monthly cap,month,240.00\n',
  );
  const stops = await stations(at('2019/gtfs/stop_areas.txt'));
  await writeFile(at('taps.csv'), taps(stops));
  await writeFile(at('riders.csv'), riders());
  const diff = ['fares', 'diff', '2019', '2020', '--taps', 'taps.csv', '--riders', 'riders.csv'];
  const limits = { cwd: folder, maxBuffer: 64 << 20 };
  const json = await run(binary, [...diff, '--json', '--html', 'diff.html'], limits);
  const lines = await run(binary, diff, limits);
  const from = 'hz-longxiangqiao';
  const when = '2019-01-07T08:00';
  const map = ['fares', 'map', '--city', '2019', '--from', from, '--at', when];
  await run(binary, [...map, '--out', 'map.html'], limits);
  return {
    diff: `file://${at('diff.html')}`,
    map: `file://${at('map.html')}`,
    comparison: JSON.parse(json.stdout),
    lines: lines.stdout,
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** Single fares of ¥5 and more rise by ¥1. */
async function dearer(path: string): Promise<void> {
  const products = await readFile(path, 'utf8');
  const raised = products.replace(/,(\d+)\.00,CNY/g, (all, yuan) =>
    Number(yuan) < 5 ? all : `,${Number(yuan) + 1}.00,CNY`,
  );
  await writeFile(path, raised);
}

/** The stations of the metro: those that are in an area. */
async function stations(path: string): Promise<string[]> {
  const rows = (await readFile(path, 'utf8')).trim().split('\n').slice(1);
  return rows.map((row) => row.split(',')[1] ?? '');
}

function categoryOf(rider: number): string | undefined {
  if (rider % 20 < 3) return 'senior';
  return rider % 20 < 8 ? 'student' : undefined;
}

const account = (rider: number) => `rider-${String(rider).padStart(4, '0')}`;

function riders(): string {
  const rows = Array.from({ length: RIDERS }, (_, rider) => [account(rider), categoryOf(rider)]);
  const named = rows.filter(([, category]) => category !== undefined);
  return `account_id,rider_category_id\n${named.map((row) => row.join(',')).join('\n')}\n`;
}

/** Riders who go to work and back on most working days, and out on some others. */
function taps(stops: readonly string[]): string {
  const next = dice(20_190_101);
  const rows: string[] = [];
  const stop = () => stops[Math.floor(next() * stops.length)] ?? '';
  const tap = (rider: number, day: number, minute: number, kind: string, place: string) => {
    const two = (number: number) => String(Math.floor(number)).padStart(2, '0');
    const clock = `${two(minute / 60)}:${two(minute % 60)}:${two(next() * 60)}`;
    const time = `2019-01-${two(day)}T${clock}+08:00`;
    rows.push(`t${rows.length},${account(rider)},${time},${kind},${place},,gate`);
  };
  for (let rider = 0; rider < RIDERS; rider += 1) {
    const [home, work, eager] = [stop(), stop(), next()];
    for (let day = 1; day <= DAYS_OF_JANUARY_2019; day += 1) {
      const works = (FIRST_WEEKDAY + day - 1) % 7 < 5;
      if (next() > (works ? 0.4 + 0.6 * eager : 0.3 * eager)) continue;
      const away = works ? work : stop();
      const [out, back] = works ? [430, 1_050] : [620, 900];
      for (const [start, from, to] of [
        [out, home, away],
        [back, away, home],
      ] as const) {
        const minute = start + next() * 70;
        tap(rider, day, minute, 'on', from);
        if (next() > 0.01) tap(rider, day, minute + 12 + next() * 40, 'off', to);
      }
    }
  }
  return `tap_id,account_id,time,kind,stop_id,route_id,device_id\n${rows.join('\n')}\n`;
}

/** Numbers from 0 to 1, the same in every run (xorshift32). */
function dice(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
