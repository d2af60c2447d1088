import { base45, CREDENTIAL_BYTES, codeText, createHolderKey, present } from '@faregate/wallet';
import { describe, expect, it } from 'vitest';
import { alterOneCharacter } from './cheats.ts';

describe('changing one character', () => {
  it('of a presentation changes the rider category and nothing else', async () => {
    const key = await createHolderKey();
    const credential = Uint8Array.from({ length: CREDENTIAL_BYTES }, (_, at) => at);
    const bytes = await present(credential, { issuedAt: 1795334400 }, key.sign);
    // The claim -65537 is the payload's last: 45, then category, party, product, life.
    const category = 7 + CREDENTIAL_BYTES - 2 - 64 - 5;
    bytes[category - 1] = 0x45;
    bytes[category] = 1;
    const text = codeText(bytes);
    const altered = alterOneCharacter(text);

    const differing = [...text].filter((character, at) => character !== altered.text[at]);
    expect(differing).toEqual([altered.was]);
    expect(altered.text[altered.at]).toBe(altered.is);
    const after = base45.decode(altered.text.slice(4));
    expect(after[category]).toBe(2);
    after[category] = 1;
    expect(after).toEqual(bytes);
  });

  it('of any other code still leaves a text that decodes', () => {
    const text = codeText(Uint8Array.from({ length: 144 }, (_, at) => (at * 7) & 0xff));
    const altered = alterOneCharacter(text);
    expect(altered.text).not.toBe(text);
    expect(() => base45.decode(altered.text.slice(4))).not.toThrow();
  });
});
