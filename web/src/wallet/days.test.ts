import { describe, expect, it } from 'vitest';
import type { Activity, Journey, Tap } from '../lib/server.ts';
import { dayBefore, journeysOf, owedOf, refusalsOf, totalOf } from './days.ts';

const tap = (tap_id: string, kind: 'on' | 'off', decision = 'permitted'): Tap => ({
  tap_id,
  at: '2019-01-07T00:15:07Z',
  kind,
  stop_id: 's',
  stop_name: 'S',
  decision,
});
const journey = (status: string, fare_minor: number | null, taps: string[]): Journey => ({
  journey_id: taps.join(),
  status,
  taps,
  fare_minor,
  because: '',
  lines: [],
});
const day: Activity = {
  day: '2019-01-07',
  currency: 'CNY',
  taps: [tap('a', 'on'), tap('b', 'off'), tap('x', 'on', 'stale'), tap('c', 'on')],
  journeys: [
    journey('complete', 300, ['a', 'b']),
    journey('no_tap_on', null, ['d']),
    journey('open', 900, ['c']),
  ],
  charges: [],
  balance_minor: 1200,
};

describe('a rider’s day', () => {
  it('comes to what is known: an open journey is not counted at its maximum', () => {
    expect(totalOf(day)).toBe(300);
    // 1,200 of balance, 900 of it the maximum of the journey that is not over.
    expect(owedOf(day)).toBe(300);
  });

  it('shows the newest journey first, with the taps that it is made of', () => {
    const shown = journeysOf(day);
    expect(shown.map((each) => each.journey.status)).toEqual(['open', 'no_tap_on', 'complete']);
    expect([shown[2]?.on?.tap_id, shown[2]?.off?.tap_id]).toEqual(['a', 'b']);
    expect(shown[1]?.on).toBeUndefined();
    expect(refusalsOf(day).map((each) => each.tap_id)).toEqual(['x']);
  });

  it('comes after the day before, over ends of months and leap days', () => {
    expect(dayBefore('2020-03-01', 1)).toBe('2020-02-29');
    expect(dayBefore('2019-01-07', 7)).toBe('2018-12-31');
  });
});
