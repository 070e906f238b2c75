/**
 * Follows the event stream of a run until the run has ended: opens it again where it broke off, and tells how the
 * connection is. It knows nothing of what the events mean.
 */

import { createParser } from "eventsource-parser";
import { ApiError } from "../api/client";
import { parseEvent, type NumberedEvent } from "./events";

/** How the page is connected to the events of a run. */
export type Connection =
  | { state: "connecting" }
  | { state: "live" }
  /** Broken off; the next attempt is on its way, or will be made by itself. */
  | { state: "reconnecting"; attempt: number }
  /** The run has ended, and all of it was read. */
  | { state: "ended" }
  /** Trying again would not help: the key is wrong, or there is no such run. */
  | { state: "failed"; error: ApiError };

export interface FollowOptions {
  /** Opens the stream with these headers. Rejects with an ApiError where there is none. */
  open: (headers: Record<string, string>, signal: AbortSignal) => Promise<Response>;
  /** The last event that is known already; the stream begins after it. 0: from the beginning. */
  after: number;
  onEvents: (events: NumberedEvent[]) => void;
  onConnection: (connection: Connection) => void;
  /** Ends it all: no request stays open, and nothing is called any more. */
  signal: AbortSignal;
  /**
   * Whether the run is over. Asked when a stream ended without the end of the run, for example after a crash of the
   * process that executed it.
   */
  isOver: () => Promise<boolean>;
  /** Milliseconds before attempt number 1, 2, … */
  backOff?: (attempt: number) => number;
}

/**
 * Milliseconds without a byte after which a connection counts as dead: the service sends a comment every 15 seconds, but a
 * laptop that was asleep may never learn that its connection is gone.
 */
const SILENCE = 40_000;

/** Half a second, then twice as long each time, to ten seconds; a random part keeps many pages from coming at once. */
export function backOff(attempt: number): number {
  const most = Math.min(10_000, 500 * 2 ** Math.min(attempt - 1, 10));
  return most * (0.75 + Math.random() / 4);
}

/** Follows a run. Settles when the run has ended, when trying again would not help, or when it is aborted. */
export async function followRun(options: FollowOptions): Promise<void> {
  const { signal, onConnection } = options;
  const wait = options.backOff ?? backOff;
  let last = options.after;
  let attempt = 0;
  onConnection({ state: "connecting" });
  while (!signal.aborted) {
    const outcome = await readOnce(options, last, (events) => {
      last = Math.max(last, ...events.map((event) => event.id));
      attempt = 0;
    });
    if (isAborted(signal)) return;
    if (outcome.state !== "broken") {
      onConnection(outcome);
      return;
    }
    attempt += 1;
    onConnection({ state: "reconnecting", attempt });
    await pause(wait(attempt), signal);
  }
}

type ReadOutcome = { state: "ended" } | { state: "failed"; error: ApiError } | { state: "broken" };

/** One request, read to its end. `progress` gets events before all other listeners. */
async function readOnce(
  options: FollowOptions,
  after: number,
  progress: (events: NumberedEvent[]) => void,
): Promise<ReadOutcome> {
  // A connection of its own to abort: a silent one is given up, and the page keeps working.
  const request = new AbortController();
  const abort = () => {
    request.abort();
  };
  options.signal.addEventListener("abort", abort, { once: true });
  let silence = setTimeout(abort, SILENCE);
  const seen = { end: false };
  try {
    const headers: Record<string, string> = { Accept: "text/event-stream" };
    if (after > 0) headers["Last-Event-ID"] = String(after);
    const response = await options.open(headers, request.signal);
    if (response.body === null) return { state: "broken" };
    // The answer may have arrived at the moment in which the stream was left.
    if (request.signal.aborted) {
      await response.body.cancel();
      return { state: "broken" };
    }
    options.onConnection({ state: "live" });

    let known = after;
    let arrived: NumberedEvent[] = [];
    const parser = createParser({
      onEvent: (message) => {
        const event = parseEvent(message.data);
        const id = message.id === undefined ? known + 1 : Number(message.id);
        // A proxy may replay what was sent before; an event counts once.
        if (event === null || !Number.isSafeInteger(id) || id <= known) return;
        known = id;
        // A resumed run continues after an end, so only the last event of a stream can be its end.
        seen.end = event.event === "run_ended";
        arrived.push({ id, event });
      },
    });
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    // Whatever comes of cancelling: the loop below ends with it.
    request.signal.addEventListener("abort", () => void reader.cancel().catch(() => undefined));
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return seen.end || (await options.isOver()) ? { state: "ended" } : { state: "broken" };
      clearTimeout(silence);
      silence = setTimeout(abort, SILENCE);
      parser.feed(value);
      if (arrived.length > 0 && !isAborted(options.signal)) {
        const events = arrived;
        arrived = [];
        progress(events);
        options.onEvents(events);
      }
    }
  } catch (error) {
    if (error instanceof ApiError && isFinal(error.status)) return { state: "failed", error };
    // Whatever broke it (network, service restarted, silence), the way on is the same: try again from the last event.
    return { state: seen.end ? "ended" : "broken" };
  } finally {
    clearTimeout(silence);
    options.signal.removeEventListener("abort", abort);
    request.abort();
  }
}

/** Read again each time: it changes while the code waits. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}

/** Whether the same request would be answered the same way again. Too many streams (503) or a slow start would not. */
function isFinal(status: number): boolean {
  return status >= 400 && status < 500 && status !== 408 && status !== 429;
}

/** Waits, but not longer than until the computer is online again, or it is aborted. */
function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const finish = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", finish);
      globalThis.removeEventListener("online", finish);
      resolve();
    };
    const timer = setTimeout(finish, milliseconds);
    signal.addEventListener("abort", finish, { once: true });
    globalThis.addEventListener("online", finish, { once: true });
    if (signal.aborted) finish();
  });
}
