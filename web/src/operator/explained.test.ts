import { describe, expect, it } from 'vitest';
import type { Explanation } from './books.svelte.ts';
import { EXPLAINED, sumOf } from './explained.ts';

/** A day of these fares, charges and approved refunds, in minor units. */
function day(fares: (number | null)[], charges: number[], refunds: number[]): Explanation {
  const request = (amount_minor: number) => ({ kind: 'refund', amount_minor, state: 'approved' });
  return {
    journeys: fares.map((fare_minor) => ({ fare_minor })),
    charges: charges.map((amount_minor) => ({ amount_minor })),
    requests: [
      ...refunds.map(request),
      { kind: 'refund', amount_minor: 999, state: 'open' },
      { kind: 'write_off', amount_minor: 999, state: 'approved' },
    ],
  } as unknown as Explanation;
}

describe('how a day adds up', () => {
  it('is its fares where nothing was refunded', () => {
    const sum = sumOf(day([300, null, 200], [500], []));
    expect(sum).toEqual({ fares: 500, refunded: 0, waiting: 0, total: 500 });
  });

  it('is less by what was refunded, as far as there are fares', () => {
    const some = sumOf(day([300], [300, -100], [100]));
    expect(some).toEqual({ fares: 300, refunded: 100, waiting: 0, total: 200 });
    const all = sumOf(day([200], [900, -900], [400, 500]));
    expect(all).toEqual({ fares: 200, refunded: 200, waiting: 0, total: 0 });
  });

  it('says what a late tap has changed and nobody has charged yet', () => {
    const sum = sumOf(day([400], [900], []));
    expect(sum).toEqual({ fares: 400, refunded: 0, waiting: 500, total: 900 });
  });
});

it('every reason for a free tap has words in every language', () => {
  const [reasons, ...others] = Object.values(EXPLAINED).map((say) => Object.keys(say.freeBecause));
  for (const other of others) expect(other).toEqual(reasons);
});
