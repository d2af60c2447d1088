/**
 * The phone's own key: Ed25519 in WebCrypto, made so that no script can read the private half.
 * Where it can be kept it lies in IndexedDB; `probe` finds that out by doing it, since browsers
 * differ in ways that no feature flag shows (a put may throw, or come back empty).
 */

import type { Drawer } from './drawer.ts';

const ALGORITHM = 'Ed25519';

/** A key that can sign here and nowhere else. */
export interface HolderKey {
  /** The public half, 32 bytes. */
  readonly publicKey: Uint8Array<ArrayBuffer>;
  /** The pair as WebCrypto has it, for keeping. */
  readonly pair: CryptoKeyPair;
  sign(message: Uint8Array<ArrayBuffer>): Promise<Uint8Array>;
}

/** What this browser can do with a key. `why` is a sentence for the rider. */
export type Ability =
  | { readonly kind: 'keeps_key' }
  | { readonly kind: 'forgets_key'; readonly why: string }
  | { readonly kind: 'cannot_sign'; readonly why: string };

/** A new key; its private half cannot be exported. */
export async function createHolderKey(): Promise<HolderKey> {
  const pair = await crypto.subtle.generateKey(ALGORITHM, false, ['sign', 'verify']);
  return openHolderKey(pair as CryptoKeyPair);
}

/** The key in a pair that was kept. */
export async function openHolderKey(pair: CryptoKeyPair): Promise<HolderKey> {
  const publicKey = new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey));
  return {
    publicKey,
    pair,
    async sign(message) {
      return new Uint8Array(await crypto.subtle.sign(ALGORITHM, pair.privateKey, message));
    },
  };
}

/** Signs a message and verifies it: whether the private half is that of `publicKey`. */
export async function provesItself(
  key: HolderKey,
  publicKey: CryptoKey = key.pair.publicKey,
): Promise<boolean> {
  const message = Uint8Array.from([1, 2, 3]);
  const signature = Uint8Array.from(await key.sign(message));
  return crypto.subtle.verify(ALGORITHM, publicKey, signature, message);
}

/** Makes a key, keeps it, takes it out again and signs with it: only that proves the ability. */
export async function probe(drawer: Drawer): Promise<Ability> {
  if (globalThis.crypto?.subtle === undefined) {
    return {
      kind: 'cannot_sign',
      why: 'This page can only sign when it is opened over https or from this computer itself.',
    };
  }
  let key: HolderKey;
  try {
    key = await createHolderKey();
  } catch {
    return {
      kind: 'cannot_sign',
      why:
        'This browser cannot make Ed25519 keys. Chrome 137, Firefox 136 or Safari 17 can, ' +
        'and anything newer.',
    };
  }
  const slot = 'probe';
  try {
    await drawer.put(slot, key.pair);
    const kept = (await drawer.get(slot)) as CryptoKeyPair | null | undefined;
    if (!kept?.privateKey) throw new TypeError('the key came back empty');
    const again = await openHolderKey(kept);
    if (!(await provesItself(again, key.pair.publicKey))) {
      throw new TypeError('the key came back as another');
    }
    return { kind: 'keeps_key' };
  } catch {
    return {
      kind: 'forgets_key',
      why:
        'This browser does not let a page keep a key (private windows and lockdown modes ' +
        'forbid it), so the server makes each code and the phone must be online.',
    };
  } finally {
    await drawer.remove(slot).catch(() => undefined);
  }
}
