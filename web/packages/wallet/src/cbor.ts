/**
 * The little of deterministic CBOR (RFC 8949 section 4.2.1) that a presentation needs: heads in
 * their shortest form, definite lengths. Map keys are written in order by whoever calls.
 */

const MAJOR_UNSIGNED = 0;
const MAJOR_NEGATIVE = 1;
const MAJOR_BYTES = 2;
const MAJOR_TEXT = 3;
const MAJOR_ARRAY = 4;
const MAJOR_MAP = 5;

/** Four bytes hold every length and every time that the codes have. */
const HEAD_VALUE_MAX = 0xffff_ffff;

/** An integer: unsigned (major type 0) or negative (major type 1, written as -1 - n). */
export function integer(value: number): Uint8Array {
  return value < 0 ? head(MAJOR_NEGATIVE, -1 - value) : head(MAJOR_UNSIGNED, value);
}

/** A byte string with its length. */
export function byteString(bytes: Uint8Array): Uint8Array {
  return concat([head(MAJOR_BYTES, bytes.length), bytes]);
}

/** A text string with its length in bytes of UTF-8. */
export function textString(text: string): Uint8Array {
  const bytes = new TextEncoder().encode(text);
  return concat([head(MAJOR_TEXT, bytes.length), bytes]);
}

/** An array of encoded items. */
export function array(items: readonly Uint8Array[]): Uint8Array {
  return concat([head(MAJOR_ARRAY, items.length), ...items]);
}

/** A map of encoded keys and values; the keys must come in bytewise order. */
export function map(pairs: readonly (readonly [Uint8Array, Uint8Array])[]): Uint8Array {
  return concat([head(MAJOR_MAP, pairs.length), ...pairs.flat()]);
}

/** One byte string out of several. */
export function concat(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function head(major: number, value: number): Uint8Array {
  if (!Number.isInteger(value) || value < 0 || value > HEAD_VALUE_MAX) {
    throw new RangeError(`expected an integer of 0 to ${HEAD_VALUE_MAX}, got ${value}`);
  }
  const type = major << 5;
  if (value < 24) return Uint8Array.of(type | value);
  if (value <= 0xff) return Uint8Array.of(type | 24, value);
  if (value <= 0xffff) return Uint8Array.of(type | 25, value >> 8, value & 0xff);
  return Uint8Array.of(
    type | 26,
    (value >>> 24) & 0xff,
    (value >>> 16) & 0xff,
    (value >>> 8) & 0xff,
    value & 0xff,
  );
}
