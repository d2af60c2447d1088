/** What a cheat would try with a code, so that the gate can be seen to notice. */

import { base45, CODE_PREFIX, CREDENTIAL_BYTES, PRESENTATION_BYTES } from '@faregate/wallet';

export interface Altered {
  readonly text: string;
  /** Index of the character that was changed. */
  readonly at: number;
  readonly was: string;
  readonly is: string;
}

/** Where the credential lies in a presentation, and its rider category before its signature. */
const CREDENTIAL_AT = 7;
const CATEGORY_AT = CREDENTIAL_AT + CREDENTIAL_BYTES - 66 - 5;

/**
 * The code with one character changed. In a presentation it is the one that holds the rider
 * category, so that an adult would travel as someone with a discount; elsewhere one in the middle.
 */
export function alterOneCharacter(text: string): Altered {
  const bytes = base45.decode(text.slice(CODE_PREFIX.length));
  const byte = bytes.length === PRESENTATION_BYTES ? CATEGORY_AT : bytes.length >> 1;
  // The first character of a group of three is its least significant digit: the second byte moves.
  const at = CODE_PREFIX.length + Math.floor(byte / 2) * 3;
  const was = text.charAt(at);
  const digit = base45.ALPHABET.indexOf(was);
  const is = base45.ALPHABET.charAt(digit === 44 ? digit - 1 : digit + 1);
  return { text: text.slice(0, at) + is + text.slice(at + 1), at, was, is };
}
