/** What the wallet asks of the issuer over HTTP: a credential for its key, or a ticket. */

import * as base64url from './base64url.ts';
import { concat } from './cbor.ts';
import type { HolderKey } from './holder-key.ts';

const PROOF_DOMAIN = 'faregate device 1';
const CHALLENGE_BYTES = 32;

/** A server that has not answered by then does not count as answering, in milliseconds. */
const ANSWER_MS_MAX = 15_000;

/** A credential as the issuer answers it. */
export interface IssuedCredential {
  /** The COSE_Sign1, base64url. */
  readonly cose: string;
  readonly credential_id: string;
  readonly starts_at: string;
  readonly expires_at: string;
}

/** A registered device: its account, its session, its first credential. */
export interface Registration {
  readonly account_id: string;
  readonly session: string;
  readonly credential: IssuedCredential;
}

/** A ticket as text. */
export interface IssuedTicket {
  readonly ticket_id: string;
  readonly text: string;
  readonly starts_at: string;
  readonly expires_at: string;
}

/** An answer of the server that says why not (RFC 9457). */
export class Problem extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, detail: string) {
    super(detail);
    this.name = 'Problem';
    this.status = status;
    this.code = code;
  }
}

/** Nobody answered: the server is down, or there is no network. */
export class Unreachable extends Error {
  constructor(cause: unknown) {
    super('the server does not answer', { cause });
    this.name = 'Unreachable';
  }
}

/**
 * Sends a request and reads the JSON of its answer.
 * @throws {Problem} for a refusal, {@link Unreachable} when nobody answers.
 */
export async function request<T>(path: string, options: RequestInit = {}): Promise<T> {
  let response: Response;
  let text: string;
  try {
    response = await fetch(path, {
      cache: 'no-store',
      signal: AbortSignal.timeout(ANSWER_MS_MAX),
      ...options,
    });
    text = await response.text();
  } catch (cause) {
    throw new Unreachable(cause);
  }
  if (!response.ok) throw problemOf(response, text);
  try {
    return JSON.parse(text) as T;
  } catch {
    throw new Problem(response.status, 'not_json', 'The server answered something else than JSON.');
  }
}

/** Posts JSON, as the rider of a session where there is one. */
export function post<T>(path: string, body: unknown, session?: string): Promise<T> {
  return request<T>(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json', ...bearer(session) },
    body: JSON.stringify(body),
  });
}

/** The header that names the rider. */
export function bearer(session: string | undefined): Record<string, string> {
  return session === undefined ? {} : { authorization: `Bearer ${session}` };
}

/** The bytes that a phone signs to show that it holds the private half of its key. */
export function proofMessage(
  challenge: Uint8Array,
  publicKey: Uint8Array,
): Uint8Array<ArrayBuffer> {
  if (challenge.length !== CHALLENGE_BYTES) {
    throw new RangeError(`expected a challenge of 32 bytes, got ${challenge.length}`);
  }
  return concat([new TextEncoder().encode(PROOF_DOMAIN), challenge, publicKey]);
}

/** Registers a key: a challenge is fetched, signed and sent back. */
export async function register(key: HolderKey): Promise<Registration> {
  const { challenge } = await post<{ challenge: string }>('/v1/challenges', {});
  const proof = await key.sign(proofMessage(base64url.decode(challenge), key.publicKey));
  return post<Registration>('/v1/devices', {
    public_key: base64url.encode(key.publicKey),
    challenge,
    proof: base64url.encode(proof),
  });
}

/** A fresh credential for the key of a session. */
export function renewCredential(session: string): Promise<IssuedCredential> {
  return post<IssuedCredential>('/v1/credentials', {}, session);
}

/** A ticket, for phones that cannot make presentations. */
export function buyTicket(session: string): Promise<IssuedTicket> {
  return post<IssuedTicket>('/v1/tickets', {}, session);
}

function problemOf(response: Response, text: string): Problem {
  try {
    const body = JSON.parse(text) as { detail?: string; title?: string; code?: string | number };
    const detail = body.detail ?? body.title ?? `The server answered ${response.status}.`;
    return new Problem(response.status, String(body.code ?? response.status), detail);
  } catch {
    const detail = `The server answered ${response.status}.`;
    return new Problem(response.status, String(response.status), detail);
  }
}
