import { describe, expect, it } from 'vitest';
import type { Activity, Charge, Journey, Tap } from './server.ts';
import { faresSoFar, journeysOf } from './trail.ts';

function tap(tap_id: string, minute: number, kind: 'on' | 'off', decision = 'permitted'): Tap {
  const at = `2019-01-07T00:${String(minute).padStart(2, '0')}:00Z`;
  return { tap_id, at, kind, stop_id: tap_id, stop_name: tap_id.toUpperCase(), decision };
}

function journey(status: string, taps: string[], fare_minor: number): Journey {
  return { journey_id: taps.join(), status, taps, fare_minor, because: '', lines: [] };
}

function charge(amount_minor: number): Charge {
  return { charge_id: String(amount_minor), amount_minor, state: 'pending', because: '' };
}

function check(taps: Tap[], journeys: Journey[], charges: Charge[] = []) {
  const day: Activity = {
    day: '2019-01-07',
    currency: 'CNY',
    taps,
    journeys,
    charges,
    balance_minor: 0,
  };
  return journeysOf(day).map(({ from, to, state }) => [from, to, state]);
}

describe('journeys of a day', () => {
  it('go from the tap on to the tap off, whatever their order in the list', () => {
    const taps = [tap('b', 20, 'off'), tap('a', 5, 'on')];
    expect(check(taps, [journey('complete', ['b', 'a'], 300)])).toEqual([['A', 'B', 'complete']]);
  });

  it('come latest first', () => {
    const taps = [tap('a', 1, 'on'), tap('b', 2, 'off'), tap('c', 3, 'on'), tap('d', 4, 'off')];
    const journeys = [journey('complete', ['a', 'b'], 300), journey('complete', ['c', 'd'], 300)];
    expect(check(taps, journeys).map(([from]) => from)).toEqual(['C', 'A']);
  });

  it('are open while the last tap may get its other one', () => {
    const taps = [tap('a', 1, 'on'), tap('b', 2, 'off', 'stale')];
    expect(check(taps, [journey('no_tap_off', ['a'], 900)])).toEqual([['A', null, 'open']]);
  });

  it('are incomplete once another journey has begun', () => {
    const taps = [tap('a', 1, 'on'), tap('b', 2, 'on')];
    const journeys = [journey('no_tap_off', ['a'], 900), journey('no_tap_off', ['b'], 900)];
    expect(check(taps, journeys)).toEqual([
      ['B', null, 'open'],
      ['A', null, 'incomplete'],
    ]);
  });

  it('are incomplete once charged, and open again for a tap after that', () => {
    const first = [tap('a', 1, 'on')];
    const journeys = [journey('no_tap_off', ['a'], 900)];
    expect(check(first, journeys, [charge(900)])).toEqual([['A', null, 'incomplete']]);
    const more = [...journeys, journey('no_tap_off', ['b'], 900)];
    expect(check([...first, tap('b', 2, 'on')], more, [charge(900)])).toEqual([
      ['B', null, 'open'],
      ['A', null, 'incomplete'],
    ]);
  });

  it('without a tap on are incomplete at once', () => {
    const taps = [tap('b', 2, 'off')];
    expect(check(taps, [journey('no_tap_on', ['b'], 900)])).toEqual([[null, 'B', 'incomplete']]);
  });

  it('a flat fare is complete with one tap', () => {
    expect(check([tap('a', 1, 'on')], [journey('complete', ['a'], 200)])).toEqual([
      ['A', null, 'complete'],
    ]);
  });
});

describe('fares so far', () => {
  it('leave the open journey out', () => {
    const taps = [tap('a', 1, 'on'), tap('b', 2, 'off'), tap('c', 3, 'on')];
    const journeys = [journey('complete', ['a', 'b'], 300), journey('no_tap_off', ['c'], 900)];
    const views = journeysOf({
      day: '2019-01-07',
      currency: 'CNY',
      taps,
      journeys,
      charges: [],
      balance_minor: 0,
    });
    expect(faresSoFar(views)).toBe(300);
  });
});
