/** The events of a run, as `GET /api/runs/{id}/events` sends them. Nothing here knows how they arrive or are shown. */

import type { Outcome, RunState } from "../api/types";

export type OutputStream = "stdout" | "stderr";

export type RunEvent =
  | { event: "step_started"; step: number; title: string | null }
  | { event: "output"; step: number; stream: OutputStream; text: string }
  | {
      event: "step_ended";
      step: number;
      title: string | null;
      outcome: Outcome;
      exitStatus: number | null;
      durationMs: number | null;
      reason: string | null;
    }
  | { event: "notice"; message: string }
  | { event: "run_ended"; state: RunState; reason: string | null };

/** An event with its place in the order of all that happened in the run. */
export interface NumberedEvent {
  id: number;
  event: RunEvent;
}

const OUTCOMES: readonly string[] = [
  "changed",
  "no_change",
  "failed",
  "stopped",
  "skipped",
  "unknown",
] satisfies Outcome[];
const STATES: readonly string[] = ["running", "done", "failed", "interrupted"] satisfies RunState[];

/**
 * Reads the data of one event. Gives null for what this page does not know: a newer service may tell more, and what it
 * tells on top must not stop the page from showing the rest.
 */
export function parseEvent(data: string): RunEvent | null {
  const value = parseObject(data);
  if (value === null) return null;
  const step = counted(value.step);
  const title = text(value.title);
  const reason = text(value.reason);
  switch (value.event) {
    case "step_started":
      return step === null ? null : { event: "step_started", step, title };
    case "output": {
      const printed = text(value.text);
      if (step === null || printed === null) return null;
      return {
        event: "output",
        step,
        stream: value.stream === "stderr" ? "stderr" : "stdout",
        text: printed,
      };
    }
    case "step_ended": {
      const outcome = value.outcome;
      if (step === null || !isOutcome(outcome)) return null;
      return {
        event: "step_ended",
        step,
        title,
        outcome,
        exitStatus: number(value.exit_status),
        durationMs: number(value.duration_ms),
        reason,
      };
    }
    case "notice": {
      const message = text(value.message);
      return message === null ? null : { event: "notice", message };
    }
    case "run_ended": {
      const state = value.state;
      return isRunState(state) ? { event: "run_ended", state, reason } : null;
    }
    default:
      return null;
  }
}

function parseObject(data: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(data);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

function text(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

function number(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

/** A number that counts from 1. */
function counted(value: unknown): number | null {
  return typeof value === "number" && Number.isInteger(value) && value >= 1 ? value : null;
}

function isOutcome(value: unknown): value is Outcome {
  return typeof value === "string" && OUTCOMES.includes(value);
}

function isRunState(value: unknown): value is RunState {
  return typeof value === "string" && STATES.includes(value);
}
