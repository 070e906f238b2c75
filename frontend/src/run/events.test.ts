import { describe, expect, it } from "vitest";
import { parseEvent } from "./events";

describe("an event of a run", () => {
  it("is read as the service sends it", () => {
    const data = JSON.stringify({
      event: "step_ended",
      run: 12,
      server: "prod-2",
      step: 3,
      title: "Install packages",
      outcome: "failed",
      exit_status: 100,
      duration_ms: 1234,
      reason: null,
    });
    expect(parseEvent(data)).toEqual({
      event: "step_ended",
      step: 3,
      title: "Install packages",
      outcome: "failed",
      exitStatus: 100,
      durationMs: 1234,
      reason: null,
    });
  });

  it.each([
    "",
    "not json",
    "[]",
    "null",
    '{"event":"of a newer service"}',
    '{"event":"output","step":-1,"text":"x"}',
  ])("that is not understood is left out: %s", (data) => {
    expect(parseEvent(data)).toBeNull();
  });
});
