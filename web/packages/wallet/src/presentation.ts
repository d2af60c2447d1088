/**
 * A presentation: what the phone shows a gate. An untagged COSE_Sign1 (RFC 9052 section 4.2) by
 * the phone's key over the time, with the issuer's credential in the protected header:
 *
 * ```text
 * offset  bytes           meaning
 *      0  84              array of 4
 *      1  58 A3           protected header, 163 bytes
 *      3  A2 01 32 0D     {1: -19 (Ed25519, RFC 9864), 13 (kcwt, RFC 9528): credential}
 *      7  84 …            the credential, 159 bytes, an array and not a byte string
 *    166  A0              no unprotected header
 *    167  47              payload, 7 bytes
 *    168  A1 06 1A …      {6 (iat): seconds since 1970}, or {3 (aud): gate, 6: …}
 *    175  58 40 …         the phone's signature, 64 bytes
 *    241
 * ```
 */

import * as base45 from './base45.ts';
import { array, byteString, concat, integer, map, textString } from './cbor.ts';

/** What every code begins with; the version of the format is in it. */
export const CODE_PREFIX = 'FG1:';

/** Bytes of a one-way presentation over a credential of {@link CREDENTIAL_BYTES}: QR version 11-M. */
export const PRESENTATION_BYTES = 241;

/** Bytes of a credential with a five-byte expiry, the only size there is. */
export const CREDENTIAL_BYTES = 159;

const SIGNATURE_BYTES = 64;
const HEADER_ALG = 1;
const HEADER_KCWT = 13;
const ALG_ED25519 = -19;
const CLAIM_AUD = 3;
const CLAIM_IAT = 6;

/** When a presentation is made, and the one gate it is for if it is gate-bound. */
export interface PresentationClaims {
  /** Seconds since 1970, UTC. */
  readonly issuedAt: number;
  /** The gate's id as eight lower-case hex digits. */
  readonly gate?: string;
}

/** Signs a message with the phone's key; 64 bytes of Ed25519 come back. */
export type Sign = (message: Uint8Array<ArrayBuffer>) => Promise<Uint8Array>;

/** The payload and the bytes that the phone signs over it. */
export interface ToBeSigned {
  readonly protectedHeader: Uint8Array;
  readonly payload: Uint8Array;
  /** The Sig_structure of RFC 9052 section 4.4. */
  readonly message: Uint8Array<ArrayBuffer>;
}

/**
 * The bytes to sign for a presentation of `credential`.
 * @throws {RangeError} when the credential has another size, or the gate or time another form.
 */
export function toBeSigned(credential: Uint8Array, claims: PresentationClaims): ToBeSigned {
  if (credential.length !== CREDENTIAL_BYTES) {
    throw new RangeError(
      `expected a credential of ${CREDENTIAL_BYTES} bytes, got ${credential.length}`,
    );
  }
  if (claims.gate !== undefined && !/^[0-9a-f]{8}$/.test(claims.gate)) {
    throw new RangeError(`expected a gate of eight lower-case hex digits, got ${claims.gate}`);
  }
  const protectedHeader = map([
    [integer(HEADER_ALG), integer(ALG_ED25519)],
    [integer(HEADER_KCWT), credential],
  ]);
  const issuedAt: readonly [Uint8Array, Uint8Array] = [
    integer(CLAIM_IAT),
    integer(claims.issuedAt),
  ];
  const payload =
    claims.gate === undefined
      ? map([issuedAt])
      : map([[integer(CLAIM_AUD), textString(claims.gate)], issuedAt]);
  const message = concat([
    array([
      textString('Signature1'),
      byteString(protectedHeader),
      byteString(new Uint8Array()),
      byteString(payload),
    ]),
  ]);
  return { protectedHeader, payload, message };
}

/** The bytes of a presentation, signed. */
export async function present(
  credential: Uint8Array,
  claims: PresentationClaims,
  sign: Sign,
): Promise<Uint8Array> {
  const { protectedHeader, payload, message } = toBeSigned(credential, claims);
  const signature = await sign(message);
  if (signature.length !== SIGNATURE_BYTES) {
    throw new RangeError(
      `expected a signature of ${SIGNATURE_BYTES} bytes, got ${signature.length}`,
    );
  }
  return array([byteString(protectedHeader), map([]), byteString(payload), byteString(signature)]);
}

/** The text that the QR code holds. */
export function codeText(bytes: Uint8Array): string {
  return CODE_PREFIX + base45.encode(bytes);
}
