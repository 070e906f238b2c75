/** Runs and their event streams as the API answers them, for tests. */

import type { Outcome, RunDetails, RunStep } from "../api/types";

const WORDS = ["one", "two", "three", "four", "five", "six"];

export function aRunStep(step: number, outcome: Outcome | null, over: Partial<RunStep> = {}): RunStep {
  const ran = outcome !== null && outcome !== "skipped";
  return {
    step,
    section: "Packages",
    title: `Step ${WORDS[step - 1] ?? String(step)}`,
    effect: "change",
    outcome,
    exit_status: ran ? 0 : null,
    duration_ms: ran ? 40 : null,
    reason: null,
    started_at: ran ? "2026-01-02T03:04:06Z" : null,
    ended_at: ran ? "2026-01-02T03:04:07Z" : null,
    action: { kind: "run", command: "true" },
    unless: [],
    only_if: [],
    when_changed: [],
    outputs: {},
    always: false,
    validate: null,
    restore_unless: null,
    undo: null,
    invocation: {},
    origin: { file: "provision.rhai", kept_by: "shipped", line: 12 },
    ...over,
  };
}

export function aRunWithSteps(over: Partial<RunDetails> = {}): RunDetails {
  const state = over.state ?? "running";
  return {
    id: 12,
    server: "prod-2",
    server_id: 2,
    recipe: "provision.rhai",
    digest: "5c9e",
    reason: null,
    operator: "alice@laptop",
    computer: "laptop",
    pid: 4711,
    started_at: "2026-01-02T03:04:05Z",
    ended_at: state === "running" ? null : "2026-01-02T03:05:05Z",
    paused_ms: 0,
    group: null,
    stage: null,
    consent: null,
    parameters: {},
    report: {},
    notices: [],
    resumable: state === "failed" || state === "interrupted",
    steps: [],
    ...over,
    state,
  };
}

/** An event stream that a story writes: events arrive at once, and it stays open until the story ends or breaks it. */
export class FakeStream {
  private readonly controllers = new Set<ReadableStreamDefaultController<Uint8Array>>();
  private readonly told: string[] = [];
  private isEnded = false;

  /** How many are listening. */
  get listeners(): number {
    return this.controllers.size;
  }

  /** The answer to a request for the stream; events up to `after` are left out. */
  answer(after: number): Response {
    let own: ReadableStreamDefaultController<Uint8Array> | null = null;
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        for (const event of this.told.slice(after)) controller.enqueue(new TextEncoder().encode(event));
        if (this.isEnded) {
          controller.close();
          return;
        }
        own = controller;
        this.controllers.add(controller);
      },
      cancel: () => {
        if (own !== null) this.controllers.delete(own);
      },
    });
    return new Response(body, { headers: { "Content-Type": "text/event-stream" } });
  }

  tell(...events: ({ event: string } & Record<string, unknown>)[]): this {
    for (const event of events) {
      const message = `id: ${this.told.length + 1}\nevent: ${event.event}\ndata: ${JSON.stringify(event)}\n\n`;
      this.told.push(message);
      for (const controller of this.controllers) controller.enqueue(new TextEncoder().encode(message));
    }
    return this;
  }

  /** The run has ended, and the stream with it. */
  end(state: string, reason: string | null = null): this {
    this.tell({ event: "run_ended", state, reason });
    this.isEnded = true;
    for (const controller of this.controllers) controller.close();
    this.controllers.clear();
    return this;
  }

  /** The run continues: it was resumed. */
  reopen(): void {
    this.isEnded = false;
  }

  /** The connection is lost. */
  cut(): void {
    for (const controller of this.controllers) controller.error(new TypeError("network error"));
    this.controllers.clear();
  }
}
