/** The page's state: the phone, the gates, what a gate last said, and the rider's day. */

import { Problem, Unreachable } from '@faregate/wallet';
import { tick } from 'svelte';
import { pictureOf } from './qr.ts';
import { pause, Rider } from './rider.svelte.ts';
import {
  type Activity,
  activity,
  closeDay,
  type DemoState,
  demoState,
  type Gate,
  type ScanResult,
  type Shown,
  scan,
  type TapKind,
} from './server.ts';

/** How long the page waits before it asks a silent server again. */
const RETRY_MS = 4_000;

/** The reader's light is seen this long before the answer, so that one sees it happen. */
const BEAM_MS = 260;

/** A tap shows in the rider's day after its batch has settled: asked this often, this far apart. */
const SETTLED_TRIES = 8;
const SETTLED_PAUSE_MS = 250;

/** Where no other time is told: a code's 15 s and the 30 s that a phone's clock may be slow. */
const CODE_ACCEPTED_S = 45;

/** What a gate said, and to what. */
export interface Decision {
  readonly result: ScanResult;
  readonly gate: Gate;
  readonly kind: TapKind;
  /** What was held to the gate when it was not simply the phone. */
  readonly cheat: string | null;
}

/** A picture of a code that was kept. */
export interface Screenshot {
  readonly picture: Blob;
  readonly url: string;
  readonly takenAt: number;
}

/** Why something does not go on, in a sentence. */
export type Trouble = { readonly kind: 'offline' | 'server' | 'refused'; readonly why: string };

export class Demo {
  readonly rider = new Rider({ database: 'faregate-demo' });
  state = $state.raw<DemoState | null>(null);
  day = $state.raw<Activity | null>(null);
  decision = $state.raw<Decision | null>(null);
  screenshot = $state.raw<Screenshot | null>(null);
  trouble = $state.raw<Trouble | null>(null);
  online = $state(navigator.onLine);
  scanning = $state(false);
  closing = $state(false);
  now = $state(Date.now());
  kind = $state<TapKind>('on');
  /** One gate to enter and one to leave by, so that a journey is two presses away. */
  chosen = $state<Record<TapKind, string>>({ on: '', off: '' });
  /** The canvas on the phone's screen: what the gate's camera sees. */
  canvas: HTMLCanvasElement | null = null;

  readonly gate = $derived(
    this.state?.gates.find((gate) => gate.gate_id === this.chosen[this.kind]) ?? null,
  );
  readonly acceptedSeconds = $derived(this.state?.code_accepted_s ?? CODE_ACCEPTED_S);

  #starting: Promise<void> | null = null;
  #retryAt = 0;
  #renewAt = 0;

  /** Starts everything; gives back what stops it. */
  run(): () => void {
    const timer = setInterval(() => this.#everyQuarter(), 250);
    const online = () => {
      this.online = navigator.onLine;
      this.#retryAt = 0;
      this.#renewAt = 0;
      if (this.online && this.trouble?.kind === 'offline') this.trouble = null;
    };
    const listening = new AbortController();
    addEventListener('online', online, { signal: listening.signal });
    addEventListener('offline', online, { signal: listening.signal });
    void this.retry();
    return () => {
      clearInterval(timer);
      listening.abort();
    };
  }

  /** Gets whatever is missing still: the gates, the phone's registration, the rider's day. */
  retry(): Promise<void> {
    this.#starting ??= this.#start().finally(() => {
      this.#starting = null;
    });
    return this.#starting;
  }

  /** Holds the phone to the chosen gate. */
  async tap(): Promise<void> {
    await this.#atGate(null, async () => {
      const code = await this.rider.unused();
      this.rider.markUsed(code.text);
      return this.#picture();
    });
  }

  async #picture(): Promise<Blob> {
    await tick();
    if (this.canvas === null) throw new Error('The phone shows no code.');
    return pictureOf(this.canvas);
  }

  /** Keeps a picture of the code on the screen; the phone itself will show the gate another. */
  async takeScreenshot(): Promise<void> {
    const picture = await this.freshPicture();
    this.dropScreenshot();
    this.screenshot = { picture, url: URL.createObjectURL(picture), takenAt: Date.now() };
  }

  dropScreenshot(): void {
    if (this.screenshot !== null) URL.revokeObjectURL(this.screenshot.url);
    this.screenshot = null;
  }

  /** Holds something else than the phone to the gate; `cheat` says what. */
  cheatWith(cheat: string, shown: () => Promise<Shown>): Promise<ScanResult | null> {
    return this.#atGate(cheat, shown);
  }

  /** A picture of the code on the screen that no gate has seen yet. */
  async freshPicture(): Promise<Blob> {
    const code = await this.rider.unused();
    this.rider.markUsed(code.text);
    return this.#picture();
  }

  /** Ends the service day: what was travelled is charged. */
  async endDay(): Promise<void> {
    const { session } = this.rider;
    if (session === null || this.closing) return;
    this.closing = true;
    try {
      this.day = await closeDay(session);
      this.trouble = null;
    } catch (error) {
      this.#tell(error);
    } finally {
      this.closing = false;
    }
  }

  /** Goes on as another rider, with a day that is empty. */
  async startOver(): Promise<void> {
    this.day = null;
    this.decision = null;
    this.kind = 'on';
    this.dropScreenshot();
    try {
      await this.rider.startOver();
      this.trouble = null;
      await this.#refreshDay(null);
    } catch (error) {
      this.#tell(error);
    }
  }

  #everyQuarter(): void {
    this.now = Date.now();
    if (this.now >= this.#renewAt) {
      void this.rider.renewWhenDue().catch((error: unknown) => {
        this.#renewAt = Date.now() + RETRY_MS;
        this.#tell(error);
      });
    }
    const { kind } = this.rider.phase;
    const missing = this.state === null || kind === 'starting' || kind === 'new';
    if ((missing || this.trouble?.kind === 'server') && this.now >= this.#retryAt) {
      void this.retry();
    }
  }

  async #start(): Promise<void> {
    this.#retryAt = Date.now() + RETRY_MS;
    // The phone starts even where the gates do not: a kept key needs no server.
    const [gates, phone] = await Promise.allSettled([this.#loadGates(), this.#startPhone()]);
    const failed = [phone, gates].find((outcome) => outcome.status === 'rejected');
    if (failed === undefined) this.trouble = null;
    else this.#tell(failed.reason);
    this.#retryAt = Date.now() + RETRY_MS;
  }

  async #loadGates(): Promise<void> {
    const state = await demoState();
    this.state = state;
    if (this.chosen.on !== '' || state.gates.length === 0) return;
    const { first, far } = twoGates(state.gates);
    this.chosen = { on: first, off: far };
  }

  async #startPhone(): Promise<void> {
    if (this.rider.phase.kind === 'starting') await this.rider.start();
    if (this.rider.phase.kind === 'new') await this.rider.enrol();
    if (this.rider.session === null) return;
    try {
      await this.#refreshDay(null);
    } catch (error) {
      // The server has forgotten this rider (its database is another): register again.
      if (!(error instanceof Problem) || error.status !== 401) throw error;
      await this.rider.startOver();
      await this.#refreshDay(null);
    }
  }

  async #atGate(cheat: string | null, shown: () => Promise<Shown>): Promise<ScanResult | null> {
    const { gate, kind } = this;
    if (gate === null || this.scanning) return null;
    this.scanning = true;
    this.decision = null;
    try {
      const code = await shown();
      const [result] = await Promise.all([scan(gate.gate_id, kind, code), pause(beamMs())]);
      this.decision = { result, gate, kind, cheat };
      this.trouble = null;
      if (result.decision === 'permitted') this.#turnRound(gate, kind);
      void this.#refreshDay(result.tap_id ?? null).catch((error: unknown) => this.#tell(error));
      return result;
    } catch (error) {
      this.#tell(error);
      return null;
    } finally {
      this.scanning = false;
    }
  }

  /** After getting in, one will want to get out. */
  #turnRound(gate: Gate, kind: TapKind): void {
    if (kind === 'off') this.kind = 'on';
    else if (!gate.flat) this.kind = 'off';
  }

  /** Fetches the rider's day, again and again for a moment until `tap` is in it. */
  async #refreshDay(tap: string | null): Promise<void> {
    for (let left = SETTLED_TRIES; left > 0; left -= 1) {
      const { session } = this.rider;
      if (session === null) return;
      const day = await activity(session);
      if (session !== this.rider.session) return;
      this.day = day;
      const journeyed = day.journeys.some((journey) => tap !== null && journey.taps.includes(tap));
      const refused = day.taps.some((seen) => seen.tap_id === tap && seen.decision !== 'permitted');
      if (tap === null || journeyed || refused) return;
      await pause(SETTLED_PAUSE_MS);
    }
  }

  #tell(error: unknown): void {
    if (error instanceof Unreachable) {
      this.trouble = navigator.onLine
        ? { kind: 'server', why: 'The server does not answer.' }
        : { kind: 'offline', why: 'You are offline.' };
    } else {
      const why = error instanceof Error ? error.message : String(error);
      this.trouble = { kind: 'refused', why };
    }
  }
}

/** Two gates of one line, far apart, to begin with. */
function twoGates(gates: readonly Gate[]): { first: string; far: string } {
  const first = gates.find((gate) => !gate.flat) ?? gates[0];
  const line = gates.filter((gate) => gate.line === first?.line && !gate.flat);
  const far = line[Math.floor(line.length / 2)] ?? first;
  return { first: first?.gate_id ?? '', far: far?.gate_id ?? '' };
}

function beamMs(): number {
  return matchMedia('(prefers-reduced-motion: reduce)').matches ? 0 : BEAM_MS;
}
