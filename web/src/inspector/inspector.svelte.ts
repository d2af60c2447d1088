/** The inspector's page: lists, the validator, what was read, and what was read before. */

import { openDrawer } from '@faregate/wallet';
import { Speech } from '../i18n/language.svelte.ts';
import { fetchLists, keptLists, keysOf, type Lists } from './lists.ts';
import { type Decision, Validator } from './validator.ts';
import wasm from './validator.wasm?url';

const KEPT_SEEN = 'seen';

/** Codes that this device remembers to have read; the oldest make room. */
const SEEN_MAX = 500;

/** The lists are fetched again this often while there is a network. */
const REFRESH_MS = 10 * 60_000;

/** When a pass was last read here, and the text that it showed. */
interface Seen {
  readonly id: string;
  readonly at: number;
  readonly text: string;
}

/** One reading. */
export interface Verdict {
  readonly decision: Decision;
  readonly at: number;
  /** Microseconds from the text to the decision. */
  readonly took: number;
  /** When this pass was read here before. */
  readonly before: number | null;
  /** The same text was read before: a code that was passed on, or one that does not refresh. */
  readonly again: boolean;
  readonly text: string;
}

export class Inspector {
  readonly speech = new Speech();
  readonly drawer = openDrawer('faregate-inspector');
  lists = $state.raw<Lists | null>(null);
  verdict = $state.raw<Verdict | null>(null);
  online = $state(navigator.onLine);
  now = $state(Date.now());
  /** The validator does not run here. */
  broken = $state(false);
  updating = $state(false);

  #module: WebAssembly.Module | null = null;
  #validator: Validator | null = null;
  #seen: Seen[] = [];
  #refreshAt = 0;

  run(): () => void {
    const stopped = new AbortController();
    const network = () => {
      this.online = navigator.onLine;
      this.#refreshAt = 0;
    };
    addEventListener('online', network, { signal: stopped.signal });
    addEventListener('offline', network, { signal: stopped.signal });
    const timer = setInterval(() => this.#tick(), 1_000);
    void this.#start();
    return () => {
      clearInterval(timer);
      stopped.abort();
    };
  }

  get ready(): boolean {
    return this.lists !== null && !this.broken;
  }

  /** Decides about a code's text, whoever read it. */
  read(text: string): void {
    if (this.#validator === null) return;
    const at = Date.now();
    const started = performance.now();
    const decision = this.#validator.decide(text, at, this.speech.language);
    const took = Math.round((performance.now() - started) * 1000);
    const known = this.#seen.find((seen) => seen.id === decision.id);
    const again = this.#seen.some((seen) => seen.text === text);
    this.verdict = { decision, at, took, before: known?.at ?? null, again, text };
    if (decision.id === null) return;
    const { id } = decision;
    const others = this.#seen.filter((seen) => seen.id !== id);
    this.#seen = [{ id, at, text }, ...others].slice(0, SEEN_MAX);
    this.drawer.put(KEPT_SEEN, this.#seen).catch(() => undefined);
  }

  /** Fetches keys and locked codes anew. */
  async update(): Promise<void> {
    if (this.updating) return;
    this.updating = true;
    try {
      await this.#use(await fetchLists(this.drawer));
    } catch {
      // No signal: those of before stay, and the page says how old they are.
    } finally {
      this.updating = false;
    }
  }

  async #start(): Promise<void> {
    try {
      this.#module = await WebAssembly.compileStreaming(fetch(wasm));
    } catch {
      this.broken = true;
      return;
    }
    const seen = await this.drawer.get(KEPT_SEEN).catch(() => undefined);
    this.#seen = (seen as Seen[] | undefined) ?? [];
    const kept = await keptLists(this.drawer).catch(() => null);
    if (kept !== null) await this.#use(kept);
    this.#tick();
  }

  #tick(): void {
    this.now = Date.now();
    if (this.#module === null || this.now < this.#refreshAt) return;
    this.#refreshAt = this.now + REFRESH_MS;
    void this.update();
  }

  async #use(lists: Lists): Promise<void> {
    if (this.#module === null) return;
    this.#validator = await Validator.open(this.#module, keysOf(lists), lists.denied);
    this.lists = lists;
  }
}
