/** What the page asks of the demo's server, and the shapes it answers. */

import { bearer, request } from '@faregate/wallet';

export type TapKind = 'on' | 'off';

/** A reader that the page can hold the phone to. */
export interface Gate {
  /** Eight lower-case hex digits. */
  readonly gate_id: string;
  readonly stop_id: string;
  readonly stop_name: string;
  readonly stop_name_zh?: string | null;
  readonly line: string;
  /** One tap pays: there is no tapping off. */
  readonly flat: boolean;
}

/** The figures of the morning that was simulated before the page opened. */
export interface Morning {
  readonly riders: number;
  readonly taps: number;
  readonly permitted: number;
  readonly refused: number;
  readonly refused_by_reason: Readonly<Record<string, number>>;
  readonly flagged_by_reason: Readonly<Record<string, number>>;
  readonly journeys: number;
  readonly incomplete: number;
  readonly charges: number;
  readonly charged_minor: number;
  readonly currency: string;
  readonly ledger_sum_minor: number;
  readonly recompute_equal: boolean;
  readonly wall_s: number;
  /** How many riders tried to cheat, and how many of them nobody noticed. */
  readonly cheats?: number;
  readonly cheats_unnoticed?: number;
  /** Microseconds from a code's text to the gate's decision. */
  readonly validate_us_median?: number;
}

export interface DemoState {
  readonly city: string;
  readonly currency: string;
  readonly time_zone?: string;
  /** Seconds after which no gate takes a code, however slow its phone's clock. */
  readonly code_accepted_s?: number;
  /** What a journey costs whose other tap is missing. */
  readonly maximum_minor?: number;
  readonly gates: readonly Gate[];
  readonly morning: Morning | null;
}

/** What a gate made of a code. */
export interface ScanResult {
  readonly decision: 'permitted' | 'refused';
  /** 0 for permitted, else the refusal's stable three-digit number. */
  readonly code: number;
  readonly reason: string;
  readonly sentence: string;
  readonly took_us: number;
  readonly tap_id?: string | null;
}

export interface Tap {
  readonly tap_id: string;
  readonly at: string;
  readonly kind: TapKind;
  readonly stop_id: string;
  readonly stop_name: string;
  readonly route_id?: string | null;
  readonly decision: string;
  readonly flag?: string | null;
}

/** The row of a city's file that prices something; the header is row 1. */
export interface Rule {
  readonly file: string;
  readonly row: number;
}

export interface FareLine {
  readonly amount_minor: number;
  readonly because: string;
  readonly rule?: Rule | null;
}

export interface Journey {
  readonly journey_id: string;
  /** `complete`, or why it is not. */
  readonly status: string;
  readonly taps: readonly string[];
  readonly fare_minor: number | null;
  readonly because: string;
  readonly lines: readonly FareLine[];
}

export interface Charge {
  readonly charge_id: string;
  readonly amount_minor: number;
  readonly state: string;
  readonly because: string;
}

/** One service day of one rider. */
export interface Activity {
  readonly day: string;
  readonly currency: string;
  readonly taps: readonly Tap[];
  readonly journeys: readonly Journey[];
  readonly charges: readonly Charge[];
  readonly balance_minor: number;
}

/** A code as a gate may be shown it: a picture to decode, or the text itself. */
export type Shown = Blob | string;

export function demoState(): Promise<DemoState> {
  return request('/demo/state');
}

/** Holds a code to a gate. */
export function scan(gate: string, kind: TapKind, shown: Shown): Promise<ScanResult> {
  const query = new URLSearchParams({ gate, kind });
  return request(`/demo/scan?${query}`, {
    method: 'POST',
    headers: { 'content-type': typeof shown === 'string' ? 'text/plain' : 'image/png' },
    body: shown,
  });
}

/** The rider's service day as it stands; today's where none is named. */
export function activity(session: string, day?: string): Promise<Activity> {
  const query = day === undefined ? '' : `?${new URLSearchParams({ day })}`;
  return request(`/v1/me/activity${query}`, { headers: bearer(session) });
}

/** A network of the city. */
export interface Network {
  readonly network_id: string;
  readonly tap_on_only: boolean;
  readonly routes: readonly string[];
}

/** Where codes are taken, and how the city names things. */
export interface City {
  readonly name: string;
  readonly names: Readonly<Record<string, string>>;
  readonly operator: string;
  readonly time_zone: string;
  readonly currency: string;
  readonly networks: readonly Network[];
  readonly rider_categories: readonly string[];
}

export function city(): Promise<City> {
  return request('/v1/city');
}

/** Ends the service day, so that it is charged. */
export function closeDay(session: string): Promise<Activity> {
  return request('/demo/close-day', { method: 'POST', headers: bearer(session) });
}
