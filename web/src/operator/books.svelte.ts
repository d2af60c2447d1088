/** What the page asks of `/v1/operator` and `/v1/city`, and the shapes it answers. The session is a cookie. */

import type { Language } from '../i18n/language.svelte.ts';

export interface Staff {
  readonly name: string;
  readonly role: 'viewer' | 'agent' | 'approver';
  readonly may_propose: boolean;
  readonly may_decide: boolean;
  readonly city: string;
  readonly currency: string;
  readonly exponent: number;
}

export interface Page<T> {
  readonly items: readonly T[];
  readonly next: string | null;
}

export interface Day {
  readonly day: string;
  readonly state: 'open' | 'closed';
  readonly open_days: number;
  readonly riders: number;
  readonly taps: number;
  readonly journeys: number;
  readonly incomplete: number;
  readonly unpriced: number;
  readonly fares_minor: number;
  readonly charged_minor: number;
  readonly refunded_minor: number;
}

export interface Count {
  readonly name: string;
  readonly count: number;
}

export interface Gap {
  readonly device_id: string;
  readonly epoch: number;
  readonly first_missing: number;
  readonly stored_beyond: number;
}

export interface Queues {
  readonly dirty_days: number;
  readonly faulty_days: number;
  readonly unjudged: number;
  readonly quarantined: readonly Count[];
  readonly flagged: readonly Count[];
  readonly conflicts: number;
  readonly chain_breaks: number;
  readonly gaps: readonly Gap[];
  readonly open_requests: number;
}

export interface Exception {
  readonly account_id: string;
  readonly journey_id: string;
  readonly status: string;
  readonly fare_minor: number | null;
  readonly started_at: string;
  readonly because: string;
}

export interface Fault {
  readonly account_id: string;
  readonly day: string;
  readonly because: string;
  readonly since: string;
}

export interface Suspicion {
  readonly account_id: string;
  readonly advice: 'watch' | 'ask';
  readonly findings: readonly { day: string; kind: string; because: string }[];
}

export interface Charge {
  readonly charge_id: string;
  readonly account_id: string;
  readonly day: string;
  readonly revision: number;
  readonly amount_minor: number;
  readonly state: string;
  readonly at: string;
  readonly because: string;
}

export interface ExplainedJourney {
  readonly journey: string;
  readonly status: string;
  readonly fare_minor: number | null;
  readonly because: string;
  readonly language: Language;
  readonly taps: readonly { tap: string; at: string; kind: 'on' | 'off'; stop: string }[];
  readonly lines: readonly {
    amount_minor: number;
    file: string | null;
    row: number | null;
    because: string;
  }[];
}

export interface Explanation {
  readonly charge: string;
  readonly account: string;
  readonly day: string;
  readonly revision: number;
  readonly amount_minor: number;
  readonly currency: string;
  readonly state: string;
  readonly because: string;
  readonly journeys: readonly ExplainedJourney[];
  readonly not_priced: readonly { tap: string; why: string }[];
  readonly charges: readonly {
    charge: string;
    revision: number;
    amount_minor: number;
    because: string;
  }[];
  readonly requests: readonly Request[];
}

export interface Request {
  readonly request_id: string;
  readonly kind: 'refund' | 'appeal' | 'write-off';
  readonly account_id: string;
  readonly day: string;
  readonly subject: 'charge' | 'journey' | 'payment';
  readonly subject_id: string;
  readonly amount_minor: number;
  readonly currency: string;
  readonly reason: string;
  readonly note: string;
  readonly maker: string;
  readonly made_at: string;
  readonly state: 'open' | 'approved' | 'rejected';
  readonly decision: { by: string; at: string; note: string } | null;
}

export interface Proposal {
  readonly charge_id: string;
  readonly journey_id?: string;
  readonly amount_minor: number;
  readonly reason: string;
  readonly note: string;
}

export interface Debt {
  readonly payment_id: string;
  readonly account_id: string;
  readonly window: string;
  readonly amount_minor: number;
  readonly open_minor: number;
  readonly written_off_minor: number;
  readonly currency: string;
  readonly since: string;
  readonly reason: string | null;
}

export interface WriteOffProposal {
  readonly payment_id: string;
  readonly amount_minor: number;
  readonly reason: string;
  readonly note: string;
}

/** An answer that is not the one asked for: its status, and what to do about it. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** `key` names what is wanted: the same for the same thing sent again. */
async function ask<T>(method: string, path: string, body?: unknown, key?: string): Promise<T> {
  const response = await fetch(`/v1/${path}`, {
    method,
    credentials: 'same-origin',
    ...(body === undefined
      ? {}
      : {
          headers: {
            'content-type': 'application/json',
            ...(key === undefined ? {} : { 'idempotency-key': `"${key}"` }),
          },
          body: JSON.stringify(body),
        }),
  }).catch(() => {
    throw new Refusal(0, 'The server does not answer. Is there a network?');
  });
  if (!response.ok) throw await refusal(response);
  return (response.status === 204 ? undefined : await response.json()) as T;
}

/** Whether nobody knows if it was done: then it is sent again under the same key. */
export function isUnanswered(error: unknown): boolean {
  return error instanceof Refusal && (error.status === 0 || error.status >= 500);
}

async function refusal(response: Response): Promise<Refusal> {
  const problem = (await response.json().catch(() => null)) as {
    detail?: string;
    errors?: { pointer: string; detail: string }[];
  } | null;
  const places = problem?.errors?.map((error) => error.detail) ?? [];
  const text = [problem?.detail ?? response.statusText, ...places].join(' ');
  return new Refusal(response.status, text);
}

function query(values: Readonly<Record<string, string | null | undefined>>): string {
  const given = Object.entries(values).filter(([, value]) => value);
  const text = new URLSearchParams(given as [string, string][]).toString();
  return text === '' ? '' : `?${text}`;
}

type Cursor = string | null;

export const operator = {
  city: () => ask<{ time_zone: string }>('GET', 'city'),
  me: () => ask<Staff>('GET', 'operator/me'),
  signIn: (token: string) => ask<Staff>('POST', 'operator/session', { token }),
  signOut: () => ask<void>('DELETE', 'operator/session'),
  days: (cursor: Cursor) => ask<Page<Day>>('GET', `operator/days${query({ cursor, limit: '14' })}`),
  queues: () => ask<Queues>('GET', 'operator/queues'),
  exceptions: (day: string, cursor: Cursor) =>
    ask<Page<Exception>>('GET', `operator/exceptions${query({ day, cursor, limit: '20' })}`),
  faults: (cursor: Cursor) => ask<Page<Fault>>('GET', `operator/faults${query({ cursor })}`),
  fraud: (cursor: Cursor) =>
    ask<Page<Suspicion>>('GET', `operator/fraud${query({ cursor, limit: '200' })}`),
  charges: (filter: { account?: string; day?: string }, cursor: Cursor) =>
    ask<Page<Charge>>('GET', `operator/charges${query({ ...filter, cursor, limit: '20' })}`),
  charge: (id: string, language: Language) =>
    ask<Explanation>('GET', `operator/charges/${encodeURIComponent(id)}${query({ language })}`),
  propose: (proposal: Proposal, key: string) =>
    ask<Request>('POST', 'operator/refunds', proposal, key),
  debts: (cursor: Cursor) => ask<Page<Debt>>('GET', `operator/debts${query({ cursor })}`),
  writeOff: (proposal: WriteOffProposal, key: string) =>
    ask<Request>('POST', 'operator/write-offs', proposal, key),
  requests: (open: boolean, cursor: Cursor) =>
    ask<Page<Request>>('GET', `operator/requests${query({ open: open ? 'true' : null, cursor })}`),
  decide: (id: string, verdict: 'approved' | 'rejected', note: string, key: string) =>
    ask<Request>('POST', `operator/requests/${id}/decision`, { verdict, note }, key),
};

/** A list that grows page by page. */
export class Listing<T> {
  items: readonly T[] = $state.raw([]);
  next: Cursor = $state(null);
  busy = $state(false);
  failed = $state('');
  begun = $state(false);

  constructor(private readonly load: (cursor: Cursor) => Promise<Page<T>>) {}

  async more(): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    this.failed = '';
    try {
      const page = await this.load(this.next);
      this.items = [...this.items, ...page.items];
      this.next = page.next;
      this.begun = true;
    } catch (error) {
      this.failed = told(error);
    } finally {
      this.busy = false;
    }
  }
}

/** An error as a sentence. */
export function told(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Minor units of an amount as a person writes it; `null` where it is none. */
export function minorOf(text: string, exponent: number): number | null {
  const match = /^(\d{1,12})(?:[.,](\d+))?$/.exec(text.trim());
  if (match === null) return null;
  const decimals = match[2] ?? '';
  if (decimals.length > exponent) return null;
  return Number(`${match[1]}${decimals.padEnd(exponent, '0')}`);
}

/** An amount of minor units as a person writes it. */
export function plainAmount(minor: number, exponent: number): string {
  return (minor / 10 ** exponent).toFixed(exponent);
}
