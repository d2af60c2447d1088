/** The codes of `proto/vectors`, which every implementation of the wire format must agree on. */

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as base45 from '../src/base45.ts';
import { CODE_PREFIX, codeText, present, toBeSigned } from '../src/presentation.ts';

interface Signature {
  readonly by: 'issuer' | 'holder';
  readonly public_key: string;
  readonly message: string;
  readonly signature: string;
}

interface Vector {
  readonly name: string;
  readonly text: string;
  readonly hex?: string;
  readonly expected: {
    readonly error?: string;
    readonly claims?: { readonly iat?: number; readonly aud?: string };
    readonly signatures?: readonly Signature[];
  };
}

function vectors(file: string): Vector[] {
  const path = new URL(`../../../../proto/vectors/${file}`, import.meta.url);
  return (JSON.parse(readFileSync(path, 'utf8')) as { vectors: Vector[] }).vectors;
}

const unhex = (text: string) => Uint8Array.from(Buffer.from(text, 'hex'));
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

const presentations = vectors('good.json').filter(
  ({ expected }) => expected.claims?.iat !== undefined,
);

describe('presentations of good.json', () => {
  it('are there in both modes', () => {
    const bound = presentations.filter(({ expected }) => expected.claims?.aud !== undefined);
    expect(bound.length).toBeGreaterThan(0);
    expect(presentations.length).toBeGreaterThan(bound.length);
  });

  it.each(presentations)(
    '$name: our bytes are theirs, and their signature verifies',
    async ({ text, hex: bytes = '', expected }) => {
      const whole = unhex(bytes);
      // The credential begins after 84 58 A3 A2 01 32 0D.
      const credential = whole.slice(7, 166);
      const { iat = 0, aud } = expected.claims ?? {};
      const claims = { issuedAt: iat, ...(aud === undefined ? {} : { gate: aud }) };
      const holder = expected.signatures?.find(({ by }) => by === 'holder');
      if (holder === undefined) throw new Error('the vector has no signature of the holder');

      const { message } = toBeSigned(credential, claims);
      expect(hex(message)).toBe(holder.message);
      const made = await present(credential, claims, async () => unhex(holder.signature));
      expect(hex(made)).toBe(bytes);
      expect(codeText(made)).toBe(text);

      const algorithm = 'Ed25519';
      const key = await crypto.subtle.importKey('raw', unhex(holder.public_key), algorithm, false, [
        'verify',
      ]);
      const signature = unhex(holder.signature);
      expect(await crypto.subtle.verify(algorithm, key, signature, message)).toBe(true);
    },
  );
});

describe('texts', () => {
  const files = ['good.json', 'malformed.json', 'refused.json', 'signatures.json'];
  const all = files.flatMap(vectors).filter(({ hex: bytes }) => bytes !== undefined);

  it('of every code stand for its bytes, and back', () => {
    expect(all.length).toBeGreaterThan(100);
    for (const { name, text, hex: bytes = '' } of all) {
      expect(codeText(unhex(bytes)), name).toBe(text);
      expect(hex(base45.decode(text.slice(CODE_PREFIX.length))), name).toBe(bytes);
    }
  });

  const broken = vectors('texts.json').filter(({ expected }) =>
    ['Character', 'Length', 'Group'].includes(expected.error ?? ''),
  );

  it.each(broken)('$name stands for none', ({ text }) => {
    expect(() => base45.decode(text.slice(CODE_PREFIX.length))).toThrow(base45.Base45Error);
  });
});
