/** Puts a rider's day together for reading: journeys with their taps, and which one is open. */

import type { Activity, Journey, Tap } from './server.ts';

export interface JourneyView {
  readonly journey: Journey;
  /** In order of time. */
  readonly taps: readonly Tap[];
  readonly from: string | null;
  readonly to: string | null;
  readonly state: 'complete' | 'open' | 'incomplete';
}

/** The journeys of a day, the latest first. */
export function journeysOf(activity: Activity): JourneyView[] {
  const byId = new Map(activity.taps.map((tap) => [tap.tap_id, tap]));
  // What a charge covers is past: nothing of it can be finished any more.
  const fares = sum(activity.journeys.map((journey) => journey.fare_minor ?? 0));
  const charged = activity.charges.length > 0 && fares <= sum(chargedAmounts(activity));
  const lastOn = permittedTaps(activity).at(-1);
  const views = activity.journeys.map((journey): JourneyView => {
    const taps = journey.taps
      .map((id) => byId.get(id))
      .filter((tap) => tap !== undefined)
      .sort(byTime);
    const on = taps.find((tap) => tap.kind === 'on');
    const off = taps.findLast((tap) => tap.kind === 'off');
    // An entry with nothing after it may still get its exit: the rider is on the way.
    const open =
      journey.status !== 'complete' &&
      !charged &&
      on !== undefined &&
      off === undefined &&
      on.tap_id === lastOn?.tap_id;
    const state = journey.status === 'complete' ? 'complete' : open ? 'open' : 'incomplete';
    return { journey, taps, from: on?.stop_name ?? null, to: off?.stop_name ?? null, state };
  });
  return views.sort((a, b) => (b.taps[0]?.at ?? '').localeCompare(a.taps[0]?.at ?? ''));
}

/** Sum of the fares so far, the open journey left out. */
export function faresSoFar(views: readonly JourneyView[]): number {
  const finished = views.filter((view) => view.state !== 'open');
  return sum(finished.map((view) => view.journey.fare_minor ?? 0));
}

/** Sum of minor units. */
export function sum(amounts: readonly number[]): number {
  return amounts.reduce((total, amount) => total + amount, 0);
}

function chargedAmounts(activity: Activity): number[] {
  return activity.charges.map((charge) => charge.amount_minor);
}

function permittedTaps(activity: Activity): Tap[] {
  return activity.taps.filter((tap) => tap.decision === 'permitted').sort(byTime);
}

function byTime(a: Tap, b: Tap): number {
  return Date.parse(a.at) - Date.parse(b.at);
}
