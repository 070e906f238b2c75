/**
 * What a page knows of one run: its progress and the output of its steps, kept up to date by the event stream. Many events
 * may come at once; listeners are called once per frame.
 */

import { runEvents } from "../api/actions";
import type { NumberedEvent } from "./events";
import { StepOutput } from "./output";
import { advance, NOTHING_YET, type RunProgress } from "./state";
import { followRun, type Connection, type FollowOptions } from "./stream";

export interface FeedSnapshot {
  progress: RunProgress;
  connection: Connection;
  /**
   * False while what happened before is still being read: until then, the service's own summary of the run knows better
   * how far it has come.
   */
  caughtUp: boolean;
  /** Rises with every piece of output. */
  outputVersion: number;
  /** When the stream had been read to its end, in milliseconds of this computer's clock; null before. */
  endedAt: number | null;
}

/** Milliseconds without an event after which the page has read what there was. */
const QUIET = 250;

/** Frames stop in a hidden tab, but its title and its announcements are still updated. */
const HIDDEN_FRAME = 500;

export class RunFeed {
  readonly outputs = new Map<number, StepOutput>();

  private readonly open: FollowOptions["open"];
  private readonly isOver: FollowOptions["isOver"];
  private snapshot: FeedSnapshot = {
    progress: NOTHING_YET,
    connection: { state: "connecting" },
    caughtUp: false,
    outputVersion: 0,
    endedAt: null,
  };
  private next: FeedSnapshot = this.snapshot;
  private readonly attempts = new Map<number, number>();
  private readonly listeners = new Set<() => void>();
  private following: AbortController | null = null;
  private frame: number | null = null;
  private fallback: ReturnType<typeof setTimeout> | undefined;
  private quiet: ReturnType<typeof setTimeout> | undefined;

  constructor(open: FollowOptions["open"], isOver: FollowOptions["isOver"]) {
    this.open = open;
    this.isOver = isOver;
  }

  /** Reads the stream, from where it is known to; does nothing if it is being read already, or was read to its end. */
  start(): void {
    if (this.following !== null || this.next.endedAt !== null) return;
    const following = new AbortController();
    this.following = following;
    void followRun({
      open: this.open,
      isOver: this.isOver,
      after: this.next.progress.lastId,
      signal: following.signal,
      onEvents: (events) => {
        this.take(events);
      },
      onConnection: (connection) => {
        this.publish({ connection, endedAt: connection.state === "ended" ? Date.now() : null });
        this.expectQuiet();
      },
    }).finally(() => {
      if (this.following === following) this.following = null;
    });
  }

  /** Reads on after an end: the run was resumed. */
  goOn(): void {
    this.publish({ progress: { ...this.next.progress, ended: null }, endedAt: null });
    this.start();
  }

  /** Leaves the stream; what is known stays. */
  stop(): void {
    this.following?.abort();
    this.following = null;
    clearTimeout(this.quiet);
    // No timer stays behind.
    if (this.frame !== null) this.tell();
  }

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => {
      this.listeners.delete(listener);
    };
  };

  getSnapshot = (): FeedSnapshot => this.snapshot;

  private take(events: NumberedEvent[]): void {
    let { outputVersion } = this.next;
    for (const { id, event } of events) {
      if (id <= this.next.progress.lastId) continue;
      if (event.event === "step_started") this.mark(event.step);
      if (event.event !== "output") continue;
      this.output(event.step).append(event.stream, event.text);
      outputVersion += 1;
    }
    this.publish({ progress: advance(this.next.progress, events), outputVersion });
    this.expectQuiet();
  }

  /** A resumed run begins a step again: a mark separates its earlier output from its new output. */
  private mark(step: number): void {
    const attempt = (this.attempts.get(step) ?? 0) + 1;
    this.attempts.set(step, attempt);
    if (attempt > 1) this.output(step).mark(`Attempt ${attempt}`);
  }

  private output(step: number): StepOutput {
    const known = this.outputs.get(step);
    if (known !== undefined) return known;
    const output = new StepOutput();
    this.outputs.set(step, output);
    return output;
  }

  private expectQuiet(): void {
    if (this.next.caughtUp) return;
    clearTimeout(this.quiet);
    if (this.next.connection.state === "ended") {
      this.publish({ caughtUp: true });
    } else if (this.next.connection.state === "live") {
      this.quiet = setTimeout(() => this.publish({ caughtUp: true }), QUIET);
    }
  }

  private publish(change: Partial<FeedSnapshot>): void {
    this.next = { ...this.next, ...change };
    if (this.frame !== null) return;
    this.frame = requestAnimationFrame(this.tell);
    this.fallback = setTimeout(this.tell, HIDDEN_FRAME);
  }

  private readonly tell = (): void => {
    if (this.frame !== null) cancelAnimationFrame(this.frame);
    clearTimeout(this.fallback);
    this.frame = null;
    this.snapshot = this.next;
    for (const listener of this.listeners) listener();
  };
}

/** The feed of a run of this service. */
export function feedOf(id: number, isOver: () => Promise<boolean>): RunFeed {
  return new RunFeed((headers, signal) => runEvents(id, headers, signal), isOver);
}
