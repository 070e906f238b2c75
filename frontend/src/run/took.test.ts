import { expect, it } from "vitest";
import { aRun } from "../testing/fixtures";
import { tookMs } from "./took";

it("leaves out the time before a run was resumed", () => {
  expect(tookMs(aRun({ paused_ms: 0 }))).toBe(90_000);
  expect(tookMs(aRun({ paused_ms: 60_000 }))).toBe(30_000);
  expect(tookMs(aRun({ ended_at: null }))).toBeNull();
  expect(tookMs(aRun({ ended_at: "2026-01-02T03:00:00Z" }))).toBeNull();
});
