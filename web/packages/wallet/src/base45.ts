/**
 * Base45 as RFC 9285 has it, strict: one text for each byte string and one byte string for each
 * text, so that a code cannot be rewritten and still be the same code.
 */

/** RFC 9285 table 1; also the 45 characters of a QR code's alphanumeric mode. */
export const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:';

const BASE = 45;

/** Why a text is no base45. `at` is the index of the character that shows it. */
export class Base45Error extends Error {
  readonly at: number;

  constructor(message: string, at: number) {
    super(`${message} at character ${at}`);
    this.name = 'Base45Error';
    this.at = at;
  }
}

/** Two bytes become three characters, a last single byte becomes two (RFC 9285 section 4). */
export function encode(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 2) {
    const first = bytes[at] ?? 0;
    const second = bytes[at + 1];
    let value = second === undefined ? first : first * 256 + second;
    for (let left = second === undefined ? 2 : 3; left > 0; left -= 1) {
      text += ALPHABET.charAt(value % BASE);
      value = Math.floor(value / BASE);
    }
  }
  return text;
}

/**
 * The bytes of a text.
 * @throws {Base45Error} for a character outside the alphabet, a length that no byte string has,
 *   and a group whose value does not fit its bytes (RFC 9285 section 6).
 */
export function decode(text: string): Uint8Array {
  if (text.length % 3 === 1) {
    throw new Base45Error('expected groups of three and a last of two or three', text.length - 1);
  }
  const bytes: number[] = [];
  for (let at = 0; at < text.length; at += 3) {
    const group = text.slice(at, at + 3);
    const value = groupValue(group, at);
    if (group.length === 2) {
      if (value > 0xff) throw new Base45Error(`expected at most 255, got ${value}`, at);
      bytes.push(value);
    } else {
      if (value > 0xffff) throw new Base45Error(`expected at most 65535, got ${value}`, at);
      bytes.push(value >> 8, value & 0xff);
    }
  }
  return Uint8Array.from(bytes);
}

/** The group as a number, its first character being the least significant. */
function groupValue(group: string, at: number): number {
  let value = 0;
  for (let index = group.length - 1; index >= 0; index -= 1) {
    const digit = ALPHABET.indexOf(group.charAt(index));
    if (digit < 0) throw new Base45Error('expected a character of the alphabet', at + index);
    value = value * BASE + digit;
  }
  return value;
}
