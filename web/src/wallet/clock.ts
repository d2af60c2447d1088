/** How far the phone's clock is off, measured against the server's `Date` header. */

/** Less than this is no matter: gates allow a phone's clock 30 s either way. */
export const OFF_MS = 5_000;

/** A wall clock that jumps by more, against the time that the page has run, is doubtful. */
const JUMP_MS = 3_000;

/** One reading of the server's clock. */
export interface Measured {
  /** Server minus phone, in milliseconds: positive where the phone is slow. */
  readonly offset: number;
  /** How far the wall clock was ahead of the page's own time then. */
  readonly ahead: number;
}

/** What is known of the phone's clock. */
export interface ClockState {
  readonly offset: number;
  /** Nothing has moved the clock since: codes may be corrected by the offset. */
  readonly certain: boolean;
}

/**
 * The offset that an answer tells: its `Date` has whole seconds and was written between `sent` and
 * `received`, both by the phone's clock. `null` within the measure's own error.
 */
export function offsetOf(date: string, sent: number, received: number): number | null {
  const written = Date.parse(date);
  if (Number.isNaN(written)) return null;
  const offset = written + 500 - (sent + received) / 2;
  return offset;
}

/** Asks `path` what time it is; `null` where the answer does not say. */
export async function measure(path: string): Promise<Measured | null> {
  const sent = Date.now();
  const response = await fetch(path, { method: 'HEAD', cache: 'no-store' });
  const date = response.headers.get('date');
  const offset = date === null ? null : offsetOf(date, sent, Date.now());
  return offset === null ? null : { offset, ahead: aheadNow() };
}

/** What a measure is worth now; a clock within the tolerance is right. */
export function stateOf(measured: Measured, ahead: number = aheadNow()): ClockState {
  const offset = Math.abs(measured.offset) < OFF_MS ? 0 : measured.offset;
  return { offset, certain: Math.abs(ahead - measured.ahead) < JUMP_MS };
}

function aheadNow(): number {
  return Date.now() - performance.timeOrigin - performance.now();
}
