/** The wallet's state: the rider, the phone's clock, the city, and the rider's days. */

import { Problem, Unreachable } from '@faregate/wallet';
import { Speech } from '../i18n/language.svelte.ts';
import { watchDay } from '../lib/events.ts';
import { pause, Rider } from '../lib/rider.svelte.ts';
import { type Activity, activity, type City, city } from '../lib/server.ts';
import { type ClockState, type Measured, measure, stateOf } from './clock.ts';
import { dayBefore } from './days.ts';

/** How long the page waits before it asks a silent server again. */
const RETRY_MS = 4_000;

/** The phone's clock is measured this often while the page is open. */
const MEASURE_MS = 5 * 60_000;

/** Days that "more" adds to the history. */
export const WEEK = 7;

/** Days kept for when there is no signal. */
const KEPT_DAYS = 35;

const KEPT_CITY = 'city';
const KEPT_CLOCK = 'clock';
const KEPT_HISTORY = 'history';

/** What was seen of a rider's days, and when. */
interface History {
  readonly account: string;
  readonly asOf: number;
  readonly days: Readonly<Record<string, Activity>>;
}

export class Wallet {
  readonly speech = new Speech();
  readonly rider: Rider = new Rider({ database: 'faregate-wallet', now: () => this.gateTime() });
  now = $state(Date.now());
  online = $state(navigator.onLine);
  /** The server has answered the last question that it was asked. */
  answering = $state(true);
  enrolling = $state(false);
  trouble = $state.raw<string | null>(null);
  city = $state.raw<City | null>(null);
  clock = $state.raw<ClockState | null>(null);
  today = $state.raw<Activity | null>(null);
  history = $state.raw<Readonly<Record<string, Activity>>>({});
  asOf = $state<number | null>(null);
  live = $state(false);
  shownDays = $state(WEEK);

  /** Earlier days that are known, the newest first. */
  readonly earlier = $derived.by(() => {
    const { today } = this;
    if (today === null) return [];
    const days = Array.from({ length: this.shownDays }, (_, at) => dayBefore(today.day, at + 1));
    return days.flatMap((day) => this.history[day] ?? []);
  });

  #measured: Measured | null = null;
  #stopped = new AbortController();
  #renewAt = 0;
  #measureAt = 0;

  /** The time as gates have it, as far as the phone can know, in milliseconds since 1970. */
  gateTime(): number {
    if (this.#measured === null) return Date.now();
    const { offset, certain } = stateOf(this.#measured);
    return Date.now() + (certain ? offset : 0);
  }

  /** Starts everything; gives back what stops it. The code comes first and needs no server. */
  run(): () => void {
    const { signal } = this.#stopped;
    const timer = setInterval(() => this.#tick(), 250);
    const network = () => {
      this.online = navigator.onLine;
      this.#renewAt = 0;
      this.#measureAt = 0;
    };
    addEventListener('online', network, { signal });
    addEventListener('offline', network, { signal });
    document.addEventListener('visibilitychange', () => this.#tick(), { signal });
    void this.#start();
    return () => {
      clearInterval(timer);
      this.#stopped.abort();
    };
  }

  /** One tap: a key, an account, a code. */
  async enrol(): Promise<void> {
    if (this.enrolling) return;
    this.enrolling = true;
    this.trouble = null;
    try {
      await this.rider.enrol();
    } catch (error) {
      this.trouble = error instanceof Error ? error.message : String(error);
      this.answering = !(error instanceof Unreachable);
    } finally {
      this.enrolling = false;
    }
  }

  /** Removes the rider from this phone for good. */
  async forget(): Promise<void> {
    await this.rider.drawer.remove(KEPT_HISTORY).catch(() => undefined);
    this.today = null;
    this.history = {};
    this.asOf = null;
    await this.rider.forget();
  }

  /** Shows a week more, and fetches it where there is a signal. */
  async showMore(): Promise<void> {
    this.shownDays += WEEK;
    await this.#loadEarlier();
  }

  async #start(): Promise<void> {
    await this.rider.start().catch(() => undefined);
    await this.#remember();
    void this.#loadCity();
    await this.#watch();
  }

  #tick(): void {
    this.now = Date.now();
    if (this.#measured !== null) this.#judgeClock(this.#measured);
    if (this.now >= this.#measureAt) {
      this.#measureAt = this.now + MEASURE_MS;
      void this.#measureClock();
    }
    if (this.now < this.#renewAt) return;
    this.rider.renewWhenDue().catch((error: unknown) => {
      this.#renewAt = Date.now() + RETRY_MS;
      this.answering = !(error instanceof Unreachable);
    });
  }

  /** What an earlier visit saw: shown at once, replaced as soon as the server says more. */
  async #remember(): Promise<void> {
    const { drawer, account } = this.rider;
    const kept = await Promise.all(
      [KEPT_CITY, KEPT_CLOCK, KEPT_HISTORY].map((name) => drawer.get(name)),
    ).catch(() => []);
    const [place, clock, history] = kept as [City?, Measured?, History?];
    this.city ??= place ?? null;
    if (this.#measured === null && clock !== undefined) {
      const { offset } = stateOf(clock);
      // Another visit's measure warns; it corrects nothing, the clock may have been set since.
      if (offset !== 0) this.clock = { offset, certain: false };
    }
    if (history === undefined || history.account !== account) return;
    this.history = { ...history.days, ...this.history };
    this.asOf ??= history.asOf;
    const newest = Object.keys(history.days).sort().at(-1);
    this.today ??= newest === undefined ? null : (history.days[newest] ?? null);
  }

  async #measureClock(): Promise<void> {
    try {
      const measured = await measure('/v1/issuer-keys');
      if (measured === null) return;
      this.#measured = measured;
      this.#judgeClock(measured);
      this.answering = true;
      await this.rider.drawer.put(KEPT_CLOCK, measured);
    } catch {
      // No signal, or a drawer that keeps nothing: the next round tries again.
    }
  }

  #judgeClock(measured: Measured): void {
    const judged = stateOf(measured);
    const { clock } = this;
    if (clock?.offset === judged.offset && clock.certain === judged.certain) return;
    this.clock = judged.offset === 0 ? null : judged;
  }

  async #loadCity(): Promise<void> {
    try {
      this.city = await city();
      await this.rider.drawer.put(KEPT_CITY, this.city);
    } catch {
      // The city of an earlier visit is shown.
    }
  }

  /** Listens to the rider's day until the page closes; begins again whenever the stream ends. */
  async #watch(): Promise<void> {
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      const { session } = this.rider;
      if (session === null) {
        await pause(250);
        continue;
      }
      try {
        await watchDay(session, (day) => this.#heard(session, day), signal);
      } catch (error) {
        await this.#refused(error).catch(() => undefined);
      }
      this.live = false;
      if (!signal.aborted) await this.#untilOnline();
    }
  }

  async #refused(error: unknown): Promise<void> {
    if (!(error instanceof Problem)) {
      this.answering = false;
      return;
    }
    if (error.status === 401) await this.rider.signInAgain();
    else if (this.rider.session !== null) this.#heard(null, await activity(this.rider.session));
  }

  /** Waits for a signal, or for a while where the browser believes that there is one. */
  async #untilOnline(): Promise<void> {
    const since = Date.now();
    const wasOnline = this.online;
    while (!this.#stopped.signal.aborted && Date.now() - since < RETRY_MS) {
      if (!wasOnline && this.online) return;
      await pause(250);
    }
  }

  #heard(session: string | null, day: Activity): void {
    if (session !== null && session !== this.rider.session) return;
    const first = !this.live;
    this.live = session !== null;
    this.answering = true;
    this.today = day;
    this.asOf = Date.now();
    this.history = { ...this.history, [day.day]: day };
    if (first) void this.#loadEarlier();
    void this.#keepHistory();
  }

  async #loadEarlier(): Promise<void> {
    const { today } = this;
    const { session } = this.rider;
    if (today === null || session === null) return;
    const wanted = Array.from({ length: this.shownDays }, (_, at) => dayBefore(today.day, at + 1));
    const days = await Promise.allSettled(wanted.map((day) => activity(session, day)));
    if (session !== this.rider.session) return;
    const found = days.flatMap((day) => (day.status === 'fulfilled' ? [day.value] : []));
    this.history = {
      ...this.history,
      ...Object.fromEntries(found.map((day) => [day.day, day])),
    };
    await this.#keepHistory();
  }

  async #keepHistory(): Promise<void> {
    const { account, drawer } = this.rider;
    if (account === null || this.asOf === null) return;
    const newest = Object.entries(this.history).sort(([a], [b]) => (a < b ? 1 : -1));
    const days = Object.fromEntries(newest.slice(0, KEPT_DAYS));
    const history: History = { account, asOf: this.asOf, days };
    await drawer.put(KEPT_HISTORY, history).catch(() => undefined);
  }
}
