/** A rider's day as it happens: server-sent events over `fetch`, which can name the session. */

import { bearer, Problem, Unreachable } from '@faregate/wallet';
import type { Activity } from './server.ts';

/** One event of a stream. */
export interface StreamEvent {
  readonly name: string;
  readonly data: string;
}

/** Takes a stream's text in pieces of any size and gives whole events (WHATWG HTML 9.2.6). */
export class EventReader {
  #rest = '';
  #name = '';
  #data: string[] = [];

  take(piece: string): StreamEvent[] {
    const lines = (this.#rest + piece).split(/\r\n|\n|\r(?!$)/);
    this.#rest = lines.pop() ?? '';
    return lines.flatMap((line) => this.#line(line));
  }

  #line(line: string): StreamEvent[] {
    if (line === '') {
      const event = { name: this.#name || 'message', data: this.#data.join('\n') };
      const said = this.#data.length > 0;
      this.#name = '';
      this.#data = [];
      return said ? [event] : [];
    }
    const colon = line.indexOf(':');
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'event') this.#name = value;
    if (field === 'data') this.#data.push(value);
    return [];
  }
}

/**
 * Tells `heard` each state of the day until the stream ends.
 * @throws {Problem} when the server refuses, {@link Unreachable} when nobody answers.
 */
export async function watchDay(
  session: string,
  heard: (day: Activity) => void,
  signal: AbortSignal,
): Promise<void> {
  const reader = new EventReader();
  try {
    const response = await fetch('/v1/me/events', {
      headers: { accept: 'text/event-stream', ...bearer(session) },
      cache: 'no-store',
      signal,
    });
    if (!response.ok) throw new Problem(response.status, 'refused', 'the stream is refused');
    if (response.body === null) return;
    const pieces = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (let next = await pieces.read(); !next.done; next = await pieces.read()) {
      for (const event of reader.take(next.value)) {
        if (event.name === 'activity') heard(JSON.parse(event.data) as Activity);
      }
    }
  } catch (cause) {
    if (cause instanceof Problem) throw cause;
    throw new Unreachable(cause);
  }
}
