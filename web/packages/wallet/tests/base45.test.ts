import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ALPHABET, Base45Error, decode, encode } from '../src/base45.ts';

const utf8 = (text: string) => new TextEncoder().encode(text);

describe('RFC 9285 examples', () => {
  it.each([
    ['AB', 'BB8'],
    ['Hello!!', '%69 VD92EX0'],
    ['base-45', 'UJCLQE7W581'],
    ['ietf!', 'QED8WEX0'],
    ['', ''],
  ])('%j is %j', (plain, text) => {
    expect(encode(utf8(plain))).toBe(text);
    expect(decode(text)).toEqual(utf8(plain));
  });
});

describe('strictness (RFC 9285 section 6)', () => {
  it.each([
    ['GGW', 'three characters above 65535'],
    [':::', 'the largest three'],
    ['::', 'two characters above 255'],
    ['V5', 'two characters that make 256'],
    ['A', 'one character'],
    ['BB8A', 'one character left over'],
    ['bb8', 'lower case'],
    ['BB8\n', 'a newline'],
    ['BBé', 'outside the alphabet'],
  ])('refuses %j: %s', (text) => {
    expect(() => decode(text)).toThrow(Base45Error);
  });

  it('takes the largest groups that fit', () => {
    expect(decode('FGW')).toEqual(Uint8Array.of(0xff, 0xff));
    expect(decode('U5')).toEqual(Uint8Array.of(0xff));
  });

  it('says where', () => {
    expect(() => decode('BB8b')).toThrow(/character 3/);
    expect(() => decode('BB8BbB')).toThrow(/character 4/);
  });
});

describe('laws', () => {
  it('decoding undoes encoding', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(decode(encode(bytes))).toEqual(bytes);
      }),
    );
  });

  it('a text that decodes is the one its bytes encode to', () => {
    const text = fc
      .array(fc.constantFrom(...ALPHABET), { maxLength: 12 })
      .map((characters) => characters.join(''));
    fc.assert(
      fc.property(text, (candidate) => {
        let bytes: Uint8Array;
        try {
          bytes = decode(candidate);
        } catch {
          return;
        }
        expect(encode(bytes)).toBe(candidate);
      }),
      { numRuns: 2000 },
    );
  });
});
