import { describe, expect, it } from "vitest";
import { aRunWithSteps, aRunStep } from "../testing/runs";
import type { NumberedEvent } from "./events";
import { advance, NOTHING_YET } from "./state";
import { whatIsNew } from "./StepAnnouncer";
import { viewOf } from "./view";

const events = (...all: NumberedEvent["event"][]) =>
  advance(
    NOTHING_YET,
    all.map((event, index) => ({ id: index + 1, event })),
  );

const began = (step: number): NumberedEvent["event"] => ({ event: "step_started", step, title: null });
const changed = (step: number): NumberedEvent["event"] => ({
  event: "step_ended",
  step,
  title: null,
  outcome: "changed",
  exitStatus: 0,
  durationMs: 5,
  reason: null,
});

describe("a run as it is shown", () => {
  it("does not play the past again while it is still being read", () => {
    const run = aRunWithSteps({ steps: [aRunStep(1, "changed"), aRunStep(2, null)] });
    const progress = events(began(1));
    expect(viewOf(run, { progress, caughtUp: false }).steps.map((step) => step.status)).toEqual([
      "changed",
      "waiting",
    ]);
  });

  it("continues from the summary with the events", () => {
    const run = aRunWithSteps({ steps: [aRunStep(1, "changed"), aRunStep(2, null), aRunStep(3, null)] });
    const progress = events(began(1), changed(1), began(2), changed(2), began(3));
    const view = viewOf(run, { progress, caughtUp: true });
    expect(view.steps.map((step) => step.status)).toEqual(["changed", "changed", "running"]);
    expect(view).toMatchObject({ ended: 2, running: { step: 3 }, state: "running" });
  });

  it("says of steps that were never begun that they were skipped, once the run is over", () => {
    const run = aRunWithSteps({ state: "interrupted", steps: [aRunStep(1, "changed"), aRunStep(2, null)] });
    expect(viewOf(run, { progress: NOTHING_YET, caughtUp: true }).steps[1]?.status).toBe("skipped");
  });

  it("keeps the order of the plan in its sections, also where a section comes twice", () => {
    const run = aRunWithSteps({
      steps: [
        aRunStep(1, null, { section: null }),
        aRunStep(2, null, { section: "Docker" }),
        aRunStep(3, null, { section: "Docker" }),
        aRunStep(4, null, { section: "Proof" }),
        aRunStep(5, null, { section: "Docker" }),
      ],
    });
    const { sections } = viewOf(run, { progress: NOTHING_YET, caughtUp: true });
    expect(sections.map(({ name, steps }) => [name, steps.length])).toEqual([
      [null, 1],
      ["Docker", 2],
      ["Proof", 1],
      ["Docker", 1],
    ]);
  });
});

describe("what a screen reader hears", () => {
  const run = aRunWithSteps({ steps: [1, 2, 3].map((step) => aRunStep(step, null)) });
  const view = (...all: NumberedEvent["event"][]) =>
    viewOf(run, { progress: events(...all), caughtUp: true });

  it("is the end of a step, and how it ended", () => {
    expect(whatIsNew(view(began(1)), view(began(1), changed(1)))).toBe("Step 1, Step one: changed.");
  });

  it("is one sentence for many fast steps", () => {
    const after = view(began(1), changed(1), began(2), changed(2));
    expect(whatIsNew(view(), after)).toBe("1 step ended. Step 2, Step two: changed.");
  });

  it("is nothing for output and beginnings", () => {
    const printed = { event: "output", step: 1, stream: "stdout", text: "hello\n" } as const;
    expect(whatIsNew(view(), view(began(1), printed))).toBe("");
  });

  it("is the end of the run", () => {
    const ended = { event: "run_ended", state: "done", reason: null } as const;
    expect(whatIsNew(view(began(1), changed(1)), view(began(1), changed(1), ended))).toBe("The run is done.");
  });
});
