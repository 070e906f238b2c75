/**
 * From events to the state of a run: what each step is at, what was noticed, how it ended. Output is not part of it (see
 * output.ts). A pure function, so that a live run, one read again from the journal and one that was resumed come out alike.
 */

import type { Outcome, RunState } from "../api/types";
import type { NumberedEvent } from "./events";

export interface StepProgress {
  title: string | null;
  /** Null while it is running. */
  outcome: Outcome | null;
  exitStatus: number | null;
  durationMs: number | null;
  reason: string | null;
  /** How often it was begun: a resumed run may begin a step again. */
  attempts: number;
}

export interface Notice {
  id: number;
  message: string;
}

export interface RunProgress {
  /** The last event that was taken note of. */
  lastId: number;
  /** By the step's number in the plan, counted from 1; only those with events. */
  steps: ReadonlyMap<number, StepProgress>;
  /** The step that is running. */
  current: number | null;
  notices: readonly Notice[];
  /** How it ended; null while it is in progress, and again once it was resumed. */
  ended: { state: RunState; reason: string | null } | null;
}

export const NOTHING_YET: RunProgress = {
  lastId: 0,
  steps: new Map(),
  current: null,
  notices: [],
  ended: null,
};

/** The state after further events. Events that are known already change nothing. */
export function advance(progress: RunProgress, events: readonly NumberedEvent[]): RunProgress {
  const fresh = events.filter((event) => event.id > progress.lastId);
  if (fresh.length === 0) return progress;
  const steps = new Map(progress.steps);
  let { lastId, current, notices, ended } = progress;
  for (const { id, event } of fresh) {
    if (id <= lastId) continue;
    lastId = id;
    // Whatever comes after an end means that the run was resumed.
    if (event.event !== "run_ended") ended = null;
    switch (event.event) {
      case "step_started": {
        const known = steps.get(event.step);
        steps.set(event.step, {
          title: event.title ?? known?.title ?? null,
          outcome: null,
          exitStatus: null,
          durationMs: null,
          reason: null,
          attempts: (known?.attempts ?? 0) + 1,
        });
        current = event.step;
        break;
      }
      case "step_ended": {
        const known = steps.get(event.step);
        steps.set(event.step, {
          title: event.title ?? known?.title ?? null,
          outcome: event.outcome,
          exitStatus: event.exitStatus,
          durationMs: event.durationMs,
          reason: event.reason,
          attempts: known?.attempts ?? 0,
        });
        if (current === event.step) current = null;
        break;
      }
      case "notice":
        notices = [...notices, { id, message: event.message }];
        break;
      case "run_ended":
        ended = { state: event.state, reason: event.reason };
        // There is no event for the end of a step that had not ended by then.
        if (current !== null) {
          const open = steps.get(current);
          if (open !== undefined) steps.set(current, { ...open, outcome: "unknown" });
          current = null;
        }
        break;
      case "output":
        break;
    }
  }
  return { lastId, steps, current, notices, ended };
}
