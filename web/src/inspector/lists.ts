/** What an inspector's device holds: issuer keys, locked codes, names of the city. */

import { base64url, type Drawer, request } from '@faregate/wallet';
import { type City, city } from '../lib/server.ts';
import type { IssuerKey } from './validator.ts';

const KEPT = 'lists';

/** Lists that are older than this are said to be old, in milliseconds. */
export const OLD_MS = 24 * 3_600_000;

interface KeyBody {
  /** Eight hex digits. */
  readonly kid: string;
  readonly public_key: string;
  readonly not_before: string;
  readonly not_after: string;
}

/** Everything that a decision needs, as it came from the server. */
export interface Lists {
  readonly keys: readonly KeyBody[];
  readonly denied: readonly string[];
  readonly city: City;
  /** Milliseconds since 1970. */
  readonly fetchedAt: number;
}

/** Fetches the lists and keeps them for when there is no network. */
export async function fetchLists(drawer: Drawer): Promise<Lists> {
  const [keys, denied, place] = await Promise.all([
    request<{ keys: KeyBody[] }>('/v1/issuer-keys'),
    request<{ entries: string[] }>('/v1/deny-list'),
    city(),
  ]);
  const lists = { keys: keys.keys, denied: denied.entries, city: place, fetchedAt: Date.now() };
  await drawer.put(KEPT, lists);
  return lists;
}

/** The lists of an earlier visit. */
export async function keptLists(drawer: Drawer): Promise<Lists | null> {
  return ((await drawer.get(KEPT)) as Lists | undefined) ?? null;
}

/** The keys as the validator takes them. */
export function keysOf(lists: Lists): IssuerKey[] {
  return lists.keys.map((key) => ({
    kid: Uint8Array.from(key.kid.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16)),
    publicKey: base64url.decode(key.public_key),
    notBefore: micros(key.not_before),
    notAfter: micros(key.not_after),
  }));
}

function micros(instant: string): bigint {
  return BigInt(Date.parse(instant)) * 1000n;
}
