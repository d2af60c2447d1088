/** A rider's days: which there are, and what each came to. */

import type { Activity, Journey, Tap } from '../lib/server.ts';

/** The service day `back` days before `day` (both `YYYY-MM-DD`). */
export function dayBefore(day: string, back: number): string {
  const date = new Date(`${day}T00:00:00Z`);
  date.setUTCDate(date.getUTCDate() - back);
  return date.toISOString().slice(0, 10);
}

/** What the day's journeys come to, in minor units; an open one counts once it is over. */
export function totalOf(day: Activity): number {
  const closed = day.journeys.filter((journey) => journey.status !== 'open');
  return closed.reduce((sum, journey) => sum + (journey.fare_minor ?? 0), 0);
}

/** What is owed for sure, in minor units: the balance counts an open journey at its maximum. */
export function owedOf(day: Activity): number {
  const open = day.journeys.filter((journey) => journey.status === 'open');
  return open.reduce((left, journey) => left - (journey.fare_minor ?? 0), day.balance_minor);
}

/** A journey with its taps at hand. */
export interface JourneyShown {
  readonly journey: Journey;
  readonly taps: readonly Tap[];
  readonly on: Tap | undefined;
  readonly off: Tap | undefined;
}

/** The day's journeys, the newest first. */
export function journeysOf(day: Activity): JourneyShown[] {
  const shown = day.journeys.map((journey) => {
    const taps = day.taps.filter((tap) => journey.taps.includes(tap.tap_id));
    return {
      journey,
      taps,
      on: taps.find((tap) => tap.kind === 'on'),
      off: taps.findLast((tap) => tap.kind === 'off'),
    };
  });
  return shown.reverse();
}

/** Codes that gates refused that day. */
export function refusalsOf(day: Activity): Tap[] {
  return day.taps.filter((tap) => tap.decision !== 'permitted').reverse();
}
