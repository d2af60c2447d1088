import { describe, expect, it } from 'vitest';
import { createHolderKey } from '../src/holder-key.ts';
import {
  CREDENTIAL_BYTES,
  codeText,
  PRESENTATION_BYTES,
  present,
  toBeSigned,
} from '../src/presentation.ts';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

/** 159 bytes that begin like a credential; what is inside is not the phone's concern. */
const credential = Uint8Array.from({ length: CREDENTIAL_BYTES }, (_, at) => (at === 0 ? 0x84 : at));

/** 2026-11-22 08:00:00 UTC. */
const issuedAt = 1795334400;

describe('the bytes of the wire format', () => {
  it('signs RFC 9052 section 4.4 over header, no further data, and time', () => {
    const { protectedHeader, payload, message } = toBeSigned(credential, { issuedAt });
    expect(hex(protectedHeader)).toBe(`a20132 0d${hex(credential)}`.replace(' ', ''));
    expect(hex(payload)).toBe('a1061a6b02a100');
    expect(hex(message)).toBe(
      `84${'6a5369676e617475726531'}58a3${hex(protectedHeader)}4047${hex(payload)}`,
    );
  });

  it('names the gate when the code is for one gate only', () => {
    const { payload } = toBeSigned(credential, { issuedAt, gate: '0000002a' });
    expect(hex(payload)).toBe(`a20368${Buffer.from('0000002a').toString('hex')}061a6b02a100`);
  });

  it('is 241 bytes, 366 characters of text, and verifies', async () => {
    const key = await createHolderKey();
    const bytes = await present(credential, { issuedAt }, key.sign);
    expect(bytes.length).toBe(PRESENTATION_BYTES);
    expect(PRESENTATION_BYTES).toBe(241);
    const text = codeText(bytes);
    expect(text).toHaveLength(366);
    expect(text).toMatch(/^FG1:[0-9A-Z $%*+\-./:]+$/);

    const { message } = toBeSigned(credential, { issuedAt });
    const signature = Uint8Array.from(bytes.slice(-64));
    expect(hex(bytes.slice(0, 7))).toBe('8458a3a201320d');
    expect(hex(bytes.slice(166, 177))).toBe('a047a1061a6b02a1005840');
    expect(await crypto.subtle.verify('Ed25519', key.pair.publicKey, signature, message)).toBe(
      true,
    );
  });

  it('is 251 bytes when bound to a gate', async () => {
    const key = await createHolderKey();
    const bytes = await present(credential, { issuedAt, gate: 'ffffffff' }, key.sign);
    expect(bytes.length).toBe(251);
  });
});

describe('what cannot be presented', () => {
  it('a credential of another size', () => {
    expect(() => toBeSigned(credential.slice(1), { issuedAt })).toThrow(/159 bytes, got 158/);
  });

  it('a gate in another form', () => {
    for (const gate of ['2a', '0000002A', '0000002a0', 'gate 001']) {
      expect(() => toBeSigned(credential, { issuedAt, gate })).toThrow(/hex digits/);
    }
  });

  it('a time with a fraction', () => {
    expect(() => toBeSigned(credential, { issuedAt: issuedAt + 0.5 })).toThrow(RangeError);
  });

  it('a signature of another size', async () => {
    const short = async () => new Uint8Array(63);
    await expect(present(credential, { issuedAt }, short)).rejects.toThrow(/got 63/);
  });
});
