import { describe, expect, it } from 'vitest';
import { minorOf, plainAmount } from './books.svelte.ts';

describe('amounts', () => {
  it('are read as people write them', () => {
    expect(minorOf('1', 2)).toBe(100);
    expect(minorOf('1.5', 2)).toBe(150);
    expect(minorOf('0,05', 2)).toBe(5);
    expect(minorOf(' 12.34 ', 2)).toBe(1234);
    expect(minorOf('7', 0)).toBe(7);
    expect(minorOf('1.234', 3)).toBe(1234);
  });

  it('are none with too many decimals or other signs', () => {
    for (const text of ['', '1.234', '-1', '1e3', 'CNY 1', '1.', '.5']) {
      expect(minorOf(text, 2)).toBeNull();
    }
    expect(minorOf('1.0', 0)).toBeNull();
  });

  it('are written so that they are read again', () => {
    expect(plainAmount(1234, 2)).toBe('12.34');
    expect(minorOf(plainAmount(5, 2), 2)).toBe(5);
  });
});
