import { describe, expect, it } from 'vitest';
import { array, byteString, integer, map, textString } from '../src/cbor.ts';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

// The rows of RFC 8949 appendix A that fall into what is written here.
describe('RFC 8949 appendix A', () => {
  it.each([
    [0, '00'],
    [10, '0a'],
    [23, '17'],
    [24, '1818'],
    [100, '1864'],
    [255, '18ff'],
    [256, '190100'],
    [1000, '1903e8'],
    [65535, '19ffff'],
    [65536, '1a00010000'],
    [1000000, '1a000f4240'],
    [4294967295, '1affffffff'],
    [-1, '20'],
    [-10, '29'],
    [-100, '3863'],
    [-1000, '3903e7'],
    [-65537, '3a00010000'],
  ])('%i is %s', (value, expected) => {
    expect(hex(integer(value))).toBe(expected);
  });

  it('strings, arrays and maps', () => {
    expect(hex(byteString(Uint8Array.of(1, 2, 3, 4)))).toBe('4401020304');
    expect(hex(byteString(new Uint8Array()))).toBe('40');
    expect(hex(textString('IETF'))).toBe('6449455446');
    expect(hex(textString('水'))).toBe('63e6b0b4');
    expect(hex(array([integer(1), integer(2), integer(3)]))).toBe('83010203');
    const pairs = [
      [integer(1), integer(2)],
      [integer(3), integer(4)],
    ] as const;
    expect(hex(map(pairs))).toBe('a201020304');
    expect(hex(map([]))).toBe('a0');
  });

  it('refuses numbers that are no integer of four bytes', () => {
    expect(() => integer(1.5)).toThrow(RangeError);
    expect(() => integer(4294967296)).toThrow(RangeError);
    expect(() => integer(Number.NaN)).toThrow(RangeError);
  });
});
