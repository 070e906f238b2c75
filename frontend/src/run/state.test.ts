import { describe, expect, it } from "vitest";
import type { Outcome } from "../api/types";
import type { NumberedEvent, RunEvent } from "./events";
import { advance, NOTHING_YET } from "./state";

let id = 0;
const numbered = (...events: RunEvent[]): NumberedEvent[] =>
  events.map((event) => ({ id: (id += 1), event }));
const started = (step: number): RunEvent => ({ event: "step_started", step, title: `Step ${step}` });
const ended = (step: number, outcome: Outcome): RunEvent => ({
  event: "step_ended",
  step,
  title: `Step ${step}`,
  outcome,
  exitStatus: outcome === "failed" ? 1 : 0,
  durationMs: 40,
  reason: null,
});

describe("the state of a run", () => {
  it("tells which step is running, and how the others ended", () => {
    const state = advance(NOTHING_YET, numbered(started(1), ended(1, "changed"), started(2)));
    expect(state.current).toBe(2);
    expect(state.steps.get(1)).toMatchObject({ outcome: "changed", durationMs: 40 });
    expect(state.steps.get(2)).toMatchObject({ outcome: null });
    expect(state.ended).toBeNull();
  });

  it("counts nothing twice when the same events arrive again", () => {
    const events = numbered(started(1), ended(1, "changed"), { event: "notice", message: "connection lost" });
    const once = advance(NOTHING_YET, events);
    expect(advance(once, events)).toBe(once);
    expect(advance(once, [...events, ...numbered(started(2))]).notices).toHaveLength(1);
  });

  it("comes out the same from the journal at once as live, one by one", () => {
    const events = numbered(
      started(1),
      { event: "output", step: 1, stream: "stdout", text: "hello\n" },
      ended(1, "no_change"),
      started(2),
      ended(2, "failed"),
      { event: "run_ended", state: "failed", reason: "step 2 failed" },
    );
    const live = events.reduce((state, event) => advance(state, [event]), NOTHING_YET);
    expect(advance(NOTHING_YET, events)).toEqual(live);
  });

  it("continues after an end when the run was resumed", () => {
    const failed = advance(
      NOTHING_YET,
      numbered(started(1), ended(1, "failed"), {
        event: "run_ended",
        state: "failed",
        reason: "step 1 failed",
      }),
    );
    expect(failed.ended).toEqual({ state: "failed", reason: "step 1 failed" });

    const resumed = advance(failed, numbered(started(1)));
    expect(resumed.ended).toBeNull();
    expect(resumed.steps.get(1)).toMatchObject({ outcome: null, attempts: 2 });

    const done = advance(
      resumed,
      numbered(ended(1, "changed"), { event: "run_ended", state: "done", reason: null }),
    );
    expect(done.ended).toEqual({ state: "done", reason: null });
    expect(done.steps.get(1)?.outcome).toBe("changed");
  });

  it("marks a step as unknown if no event tells its end", () => {
    const state = advance(
      NOTHING_YET,
      numbered(started(1), { event: "run_ended", state: "interrupted", reason: "connection lost" }),
    );
    expect(state.steps.get(1)?.outcome).toBe("unknown");
    expect(state.current).toBeNull();
  });
});
