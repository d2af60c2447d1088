/** The phone in the page: its key, its credential, and a code that renews itself. */

import {
  base64url,
  buyTicket,
  codeText,
  createHolderKey,
  type Drawer,
  type HolderKey,
  type IssuedCredential,
  openDrawer,
  openHolderKey,
  present,
  probe,
  register,
  renewCredential,
} from '@faregate/wallet';

/** A new presentation is made this often. */
export const CODE_RENEWAL_MS = 5_000;

/** A credential that ends sooner than this is renewed while there is a network. */
const CREDENTIAL_RENEWAL_MS = 10 * 60_000;

/** A ticket that ends sooner than this is replaced: the rider must have time to reach the gate. */
const TICKET_RENEWAL_MS = 20_000;

const KEPT = 'rider';

/** A code on the phone's screen. */
export interface Code {
  readonly text: string;
  /** When it was made, in milliseconds since 1970. */
  readonly madeAt: number;
  /** When the next one takes its place. */
  readonly until: number;
}

/** What the drawer keeps. */
interface Kept {
  readonly pair: CryptoKeyPair;
  readonly account: string;
  readonly session: string;
  readonly credential: IssuedCredential;
}

export type Phase =
  | { readonly kind: 'starting' }
  /** Codes are made here, by the phone's own key. */
  | { readonly kind: 'presents' }
  /** Codes come from the server one by one; `why` tells the rider the reason. */
  | { readonly kind: 'buys_tickets'; readonly why: string }
  | { readonly kind: 'stopped'; readonly why: string };

/** One rider with one phone. Call `start` once, then `renew` as often as you like. */
export class Rider {
  phase = $state.raw<Phase>({ kind: 'starting' });
  code = $state.raw<Code | null>(null);
  session = $state<string | null>(null);
  account = $state<string | null>(null);

  readonly #drawer: Drawer = openDrawer('faregate-demo');
  #key: HolderKey | null = null;
  #credential: IssuedCredential | null = null;
  #usedText: string | null = null;
  #lastSecond = 0;
  #renewing: Promise<void> | null = null;
  #refreshing: Promise<void> | null = null;

  /**
   * Takes up the kept key, or makes one and registers it.
   * @throws when the server is needed and does not help.
   */
  async start(): Promise<void> {
    const ability = await probe(this.#drawer);
    if (ability.kind === 'cannot_sign') {
      this.phase = { kind: 'stopped', why: ability.why };
      return;
    }
    if (ability.kind === 'forgets_key') {
      await this.#startWithoutKey(ability.why);
      return;
    }
    const kept = (await this.#drawer.get(KEPT)) as Kept | undefined;
    if (kept !== undefined && Date.parse(kept.credential.expires_at) > Date.now()) {
      this.#key = await openHolderKey(kept.pair);
      this.#credential = kept.credential;
      this.session = kept.session;
      this.account = kept.account;
    } else {
      const key = await createHolderKey();
      const { account_id, session, credential } = await register(key);
      this.#key = key;
      this.#credential = credential;
      this.session = session;
      this.account = account_id;
      await this.#keep();
    }
    this.phase = { kind: 'presents' };
    await this.renew();
  }

  /** Becomes another rider: a new key, a new account, an empty day. */
  async startOver(): Promise<void> {
    await this.#drawer.remove(KEPT).catch(() => undefined);
    sessionStorage.removeItem(KEPT);
    this.phase = { kind: 'starting' };
    this.code = null;
    this.session = null;
    this.account = null;
    this.#key = null;
    this.#credential = null;
    await this.start();
  }

  /** Puts a new code on the screen when the shown one has had its time. */
  async renewWhenDue(): Promise<void> {
    if (this.phase.kind === 'starting' || this.phase.kind === 'stopped') return;
    if (this.code === null || Date.now() >= this.code.until) await this.renew();
  }

  /** Puts a new code on the screen; calls at the same time share one. */
  renew(): Promise<void> {
    this.#renewing ??= this.#renew().finally(() => {
      this.#renewing = null;
    });
    return this.#renewing;
  }

  /** The gate has seen the code: the next call of `unused` makes another. */
  markUsed(text: string): void {
    this.#usedText = text;
  }

  /** The code on the screen, after replacing one that a gate has seen already. */
  async unused(): Promise<Code> {
    if (this.code === null || this.code.text === this.#usedText || Date.now() >= this.code.until) {
      await this.renew();
    }
    if (this.code === null) throw new Error('The phone has no code yet.');
    return this.code;
  }

  async #startWithoutKey(why: string): Promise<void> {
    const kept = sessionStorage.getItem(KEPT);
    if (kept === null) {
      // The key proves itself once and is forgotten with this call: only the session stays.
      const { account_id, session } = await register(await createHolderKey());
      this.session = session;
      this.account = account_id;
      sessionStorage.setItem(KEPT, JSON.stringify({ session, account: account_id }));
    } else {
      const { session, account } = JSON.parse(kept) as { session: string; account: string };
      this.session = session;
      this.account = account;
    }
    this.phase = { kind: 'buys_tickets', why };
    await this.renew();
  }

  async #renew(): Promise<void> {
    if (this.phase.kind === 'buys_tickets') {
      await this.#showTicket();
    } else if (this.#key !== null && this.#credential !== null) {
      await this.#refreshCredential();
      if (this.#credential !== null) await this.#showPresentation(this.#key, this.#credential);
    }
  }

  async #showPresentation(key: HolderKey, credential: IssuedCredential): Promise<void> {
    // The gate knows a code by credential and second: two codes need two seconds.
    const earliest = (this.#lastSecond + 1) * 1000;
    if (Date.now() < earliest) await pause(earliest - Date.now());
    const now = Date.now();
    const issuedAt = Math.floor(now / 1000);
    const bytes = await present(base64url.decode(credential.cose), { issuedAt }, key.sign);
    this.#lastSecond = issuedAt;
    this.code = { text: codeText(bytes), madeAt: now, until: now + CODE_RENEWAL_MS };
  }

  async #showTicket(): Promise<void> {
    if (this.session === null) return;
    const ticket = await buyTicket(this.session);
    const end = Date.parse(ticket.expires_at);
    const until = Math.max(end - TICKET_RENEWAL_MS, Date.now() + CODE_RENEWAL_MS);
    this.code = { text: ticket.text, madeAt: Date.now(), until };
  }

  /** Renews in good time, beside the codes; only an ended credential is waited for. */
  async #refreshCredential(): Promise<void> {
    if (this.#credential === null || this.session === null) return;
    const left = Date.parse(this.#credential.expires_at) - Date.now();
    if (left > CREDENTIAL_RENEWAL_MS) return;
    const { session } = this;
    this.#refreshing ??= this.#fetchCredential(session).finally(() => {
      this.#refreshing = null;
    });
    if (left <= 0) await this.#refreshing;
    // With no network the old credential serves until its end; the next code asks again.
    else this.#refreshing.catch(() => undefined);
  }

  async #fetchCredential(session: string): Promise<void> {
    const credential = await renewCredential(session);
    if (session !== this.session) return;
    this.#credential = credential;
    await this.#keep();
  }

  async #keep(): Promise<void> {
    if (this.#key === null || this.#credential === null) return;
    if (this.session === null || this.account === null) return;
    const kept: Kept = {
      pair: this.#key.pair,
      account: this.account,
      session: this.session,
      credential: this.#credential,
    };
    await this.#drawer.put(KEPT, kept);
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
