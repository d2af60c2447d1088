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
  Problem,
  present,
  probe,
  provesItself,
  register,
  renewCredential,
} from '@faregate/wallet';

/** A new presentation is made this often. */
export const CODE_RENEWAL_MS = 5_000;

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
  /** Nobody has enrolled here yet; `why` says so where no key can be kept. */
  | { readonly kind: 'new'; readonly why: string | null }
  /** Codes are made here, by the phone's own key. */
  | { readonly kind: 'presents' }
  /** Codes come from the server one by one; `why` tells the rider the reason. */
  | { readonly kind: 'buys_tickets'; readonly why: string }
  | { readonly kind: 'stopped'; readonly why: string };

/** Where a rider's things are kept, and what time it is for gates. */
export interface RiderOptions {
  /** Name of the database in IndexedDB. */
  readonly database: string;
  /** Milliseconds since 1970; a page that knows its clock to be off corrects it here. */
  readonly now?: () => number;
}

/** One rider with one phone. Call `start` once, then `renewWhenDue` as often as you like. */
export class Rider {
  phase = $state.raw<Phase>({ kind: 'starting' });
  code = $state.raw<Code | null>(null);
  session = $state<string | null>(null);
  account = $state<string | null>(null);
  credential = $state.raw<IssuedCredential | null>(null);
  /** Why the issuer gives no new credential, while the old one may still serve. */
  denied = $state<string | null>(null);

  readonly drawer: Drawer;
  readonly #database: string;
  readonly #now: () => number;
  #key: HolderKey | null = null;
  #usedText: string | null = null;
  #lastSecond = 0;
  #renewing: Promise<void> | null = null;
  #refreshing: Promise<void> | null = null;

  constructor({ database, now = Date.now }: RiderOptions) {
    this.#database = database;
    this.drawer = openDrawer(database);
    this.#now = now;
  }

  /** Takes up the kept key, if there is one: needs no server while its credential lives. */
  async start(): Promise<void> {
    const kept = await this.#takeUp();
    if (kept !== null) {
      this.#key = kept.key;
      this.credential = kept.credential;
      this.session = kept.session;
      this.account = kept.account;
      this.phase = { kind: 'presents' };
      await this.renew();
      return;
    }
    const ability = await probe(this.drawer);
    if (ability.kind === 'cannot_sign') {
      this.phase = { kind: 'stopped', why: ability.why };
    } else if (ability.kind === 'keeps_key') {
      this.phase = { kind: 'new', why: null };
    } else {
      const text = sessionStorage.getItem(this.#database);
      this.phase = { kind: 'new', why: ability.why };
      if (text === null) return;
      const { session, account } = JSON.parse(text) as { session: string; account: string };
      await this.#buyTickets(session, account, ability.why);
    }
  }

  /**
   * Makes an account of its own for this phone.
   * @throws when the server does not help.
   */
  async enrol(): Promise<void> {
    if (this.phase.kind !== 'new') return;
    const { why } = this.phase;
    const key = await createHolderKey();
    const { account_id, session, credential } = await register(key);
    if (why === null) {
      this.#key = key;
      this.credential = credential;
      this.session = session;
      this.account = account_id;
      await this.#keep();
      this.phase = { kind: 'presents' };
      await this.renew();
    } else {
      // The key proves itself once and is forgotten with this call: only the session stays.
      sessionStorage.setItem(this.#database, JSON.stringify({ session, account: account_id }));
      await this.#buyTickets(session, account_id, why);
    }
  }

  /** Forgets key, account and session: the next rider here is another. */
  async forget(): Promise<void> {
    await this.drawer.remove(KEPT).catch(() => undefined);
    sessionStorage.removeItem(this.#database);
    this.phase = { kind: 'starting' };
    this.code = null;
    this.session = null;
    this.account = null;
    this.credential = null;
    this.denied = null;
    this.#key = null;
    await this.start();
  }

  /** Becomes another rider: a new key, a new account, an empty day. */
  async startOver(): Promise<void> {
    await this.forget();
    await this.enrol();
  }

  /** A new session for the same key, which has the same account: the old one is over. */
  async signInAgain(): Promise<void> {
    if (this.#key === null) {
      await this.startOver();
      return;
    }
    const { account_id, session, credential } = await register(this.#key);
    this.credential = credential;
    this.session = session;
    this.account = account_id;
    await this.#keep();
  }

  /** Puts a new code on the screen when the shown one has had its time. */
  async renewWhenDue(): Promise<void> {
    if (this.phase.kind !== 'presents' && this.phase.kind !== 'buys_tickets') return;
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

  /** What the drawer keeps, with a key that has just signed and verified. */
  async #takeUp(): Promise<(Kept & { key: HolderKey }) | null> {
    try {
      const kept = (await this.drawer.get(KEPT)) as Kept | undefined;
      if (kept === undefined) return null;
      const key = await openHolderKey(kept.pair);
      return (await provesItself(key)) ? { ...kept, key } : null;
    } catch {
      // A drawer that does not open, or a pair that is none: the probe says what is possible.
      return null;
    }
  }

  async #buyTickets(session: string, account: string, why: string): Promise<void> {
    this.session = session;
    this.account = account;
    this.phase = { kind: 'buys_tickets', why };
    await this.renew();
  }

  async #renew(): Promise<void> {
    if (this.phase.kind === 'buys_tickets') {
      await this.#showTicket();
    } else if (this.#key !== null && this.credential !== null) {
      await this.#refreshCredential();
      if (this.#key === null || this.credential === null) return;
      await this.#showPresentation(this.#key, this.credential);
    }
  }

  async #showPresentation(key: HolderKey, credential: IssuedCredential): Promise<void> {
    // The gate knows a code by credential and second: two codes need two seconds.
    const wait = (this.#lastSecond + 1) * 1000 - this.#now();
    if (wait > 0 && wait <= 1000) await pause(wait);
    const issuedAt = Math.floor(this.#now() / 1000);
    const bytes = await present(base64url.decode(credential.cose), { issuedAt }, key.sign);
    this.#lastSecond = issuedAt;
    const madeAt = Date.now();
    this.code = { text: codeText(bytes), madeAt, until: madeAt + CODE_RENEWAL_MS };
  }

  async #showTicket(): Promise<void> {
    if (this.session === null) return;
    const ticket = await buyTicket(this.session);
    const left = Date.parse(ticket.expires_at) - this.#now();
    const madeAt = Date.now();
    const until = madeAt + Math.max(left - TICKET_RENEWAL_MS, CODE_RENEWAL_MS);
    this.code = { text: ticket.text, madeAt, until };
  }

  /** Renews from half of its life on, beside the codes; only an ended one is waited for. */
  async #refreshCredential(): Promise<void> {
    if (this.credential === null || this.session === null) return;
    const end = Date.parse(this.credential.expires_at);
    const half = (Date.parse(this.credential.starts_at) + end) / 2;
    const now = this.#now();
    if (now < half) return;
    const { session } = this;
    this.#refreshing ??= this.#fetchCredential(session).finally(() => {
      this.#refreshing = null;
    });
    if (now < end) {
      // With no network the old credential serves until its end; the next code asks again.
      this.#refreshing.catch(() => undefined);
      return;
    }
    this.code = null;
    await this.#refreshing;
  }

  async #fetchCredential(session: string): Promise<void> {
    try {
      const credential = await renewCredential(session);
      if (session !== this.session) return;
      this.credential = credential;
      this.denied = null;
      await this.#keep();
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (error.status === 403) this.denied = error.message;
      if (error.status !== 401) throw error;
      await this.signInAgain();
    }
  }

  async #keep(): Promise<void> {
    if (this.#key === null || this.credential === null) return;
    if (this.session === null || this.account === null) return;
    const kept: Kept = {
      pair: this.#key.pair,
      account: this.account,
      session: this.session,
      credential: $state.snapshot(this.credential),
    };
    await this.drawer.put(KEPT, kept);
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
