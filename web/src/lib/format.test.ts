import { describe, expect, it } from 'vitest';
import { count, day, lineName, money, timeOfDay, words } from './format.ts';

describe('what people read', () => {
  it.each([
    [900, 'CNY', '¥9.00'],
    [0, 'CNY', '¥0.00'],
    [1043205, 'CNY', '¥10,432.05'],
    [-250, 'GBP', '-£2.50'],
    [500, 'JPY', '¥500'],
    [1234, 'KWD', 'KWD 1.234'],
  ])('%i minor units of %s are %s', (minor, currency, text) => {
    expect(money(minor, currency).replaceAll('\u00a0', ' ')).toBe(text);
  });

  it('times are the city’s', () => {
    expect(timeOfDay('2019-01-07T00:15:07Z', 'Asia/Shanghai')).toBe('08:15:07');
    expect(timeOfDay('2019-01-07T00:15:07.654321Z', 'Europe/London')).toBe('00:15:07');
  });

  it('days, numbers and names', () => {
    expect(day('2019-01-07')).toBe('Monday 7 January');
    expect(count(12345)).toBe('12,345');
    expect(words('bad_issuer_signature')).toBe('bad issuer signature');
    expect(lineName('4')).toBe('Line 4');
    expect(lineName('Bus 7')).toBe('Bus 7');
  });
});
