import { describe, expect, it } from 'vitest';
import { offsetOf, stateOf } from './clock.ts';

const NOON = 'Mon, 07 Jan 2019 12:00:00 GMT';
const noon = Date.parse('2019-01-07T12:00:00Z');

describe('the phone’s clock against the server’s', () => {
  it('a phone that shows 11:56 at noon is four minutes slow', () => {
    // Asked and answered within 1 s; the header's half second is the best guess within its second.
    expect(offsetOf(NOON, noon - 240_000, noon - 239_000)).toBe(240_000);
    expect(offsetOf(NOON, noon + 90_000, noon + 91_000)).toBe(-90_000);
    expect(offsetOf('yesterday', noon, noon)).toBeNull();
  });

  it('is right within five seconds, and uncertain once the wall clock has jumped', () => {
    expect(stateOf({ offset: 4_999, ahead: 0 }, 0)).toEqual({ offset: 0, certain: true });
    expect(stateOf({ offset: -5_000, ahead: 0 }, 0)).toEqual({ offset: -5_000, certain: true });
    expect(stateOf({ offset: 240_000, ahead: 10 }, 240_010)).toEqual({
      offset: 240_000,
      certain: false,
    });
  });
});
