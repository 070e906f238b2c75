/**
 * A run as the page shows it: the service's summary of it, and the events since. The summary knows every step,
 * sections and times; the events know what happened a moment ago.
 */

import type { Effect, Outcome, RunDetails, RunState, RunStep } from "../api/types";
import type { StepContent } from "../plan/StepBody";
import type { FeedSnapshot } from "./feed";
import type { StepProgress } from "./state";

/** `waiting`: not begun; `running`: begun and not ended. */
export type StepStatus = Outcome | "waiting" | "running";

export interface StepView {
  /** Its number in the plan, counted from 1. */
  step: number;
  title: string;
  effect: Effect;
  status: StepStatus;
  exitStatus: number | null;
  durationMs: number | null;
  reason: string | null;
  startedAt: string | null;
  /** What it does, as the plan says; null where that is not known any more. */
  content: StepContent | null;
}

export interface SectionView {
  /** Null for steps before the first section. */
  name: string | null;
  steps: StepView[];
}

export interface RunView {
  state: RunState;
  reason: string | null;
  sections: SectionView[];
  steps: StepView[];
  notices: string[];
  /** Steps that have an outcome, and are not skipped. */
  ended: number;
  counts: Record<Outcome, number>;
  /** Steps that only looked, and found what they looked for; they are not among the unchanged. */
  checked: number;
  running: StepView | null;
  failed: StepView | null;
}

export function viewOf(run: RunDetails, feed: Pick<FeedSnapshot, "progress" | "caughtUp">): RunView {
  const { progress, caughtUp } = feed;
  const state = progress.ended !== null && caughtUp ? progress.ended.state : run.state;
  const over = state !== "running";
  const steps = run.steps.map((summary) =>
    stepView(summary, progress.steps.get(summary.step), caughtUp, over),
  );
  const counts: Record<Outcome, number> = {
    changed: 0,
    no_change: 0,
    failed: 0,
    stopped: 0,
    skipped: 0,
    unknown: 0,
  };
  let checked = 0;
  for (const { status, effect } of steps) {
    if (status === "no_change" && effect === "check") checked += 1;
    else if (status !== "waiting" && status !== "running") counts[status] += 1;
  }
  return {
    state,
    reason: progress.ended?.reason ?? run.reason,
    steps,
    sections: sectionsOf(steps, run.steps),
    notices: noticesOf(run, feed),
    ended: counts.changed + counts.no_change + checked + counts.failed + counts.stopped + counts.unknown,
    counts,
    checked,
    running: steps.find((step) => step.status === "running") ?? null,
    failed: steps.findLast((step) => step.status === "failed") ?? null,
  };
}

function contentOf(step: RunStep): StepContent | null {
  const { action, origin } = step;
  return action === null || origin === null ? null : { ...step, action, origin };
}

function stepView(
  summary: RunStep,
  told: StepProgress | undefined,
  caughtUp: boolean,
  over: boolean,
): StepView {
  const { step, title, effect } = summary;
  const content = contentOf(summary);
  // While the past is being read again, it must not look as if it happened now.
  if (told !== undefined && (caughtUp || summary.outcome === null)) {
    return {
      step,
      title,
      effect,
      status: told.outcome ?? (over ? (summary.outcome ?? "unknown") : "running"),
      exitStatus: told.exitStatus,
      durationMs: told.durationMs,
      reason: told.reason,
      startedAt: summary.started_at,
      content,
    };
  }
  return {
    step,
    title,
    effect,
    status: summary.outcome ?? withoutOutcome(summary.started_at !== null, over),
    exitStatus: summary.exit_status,
    durationMs: summary.duration_ms,
    reason: summary.reason,
    startedAt: summary.started_at,
    content,
  };
}

/** What a step is at that has no outcome yet, or never got one. */
function withoutOutcome(begun: boolean, over: boolean): StepStatus {
  if (over) return begun ? "unknown" : "skipped";
  return begun ? "running" : "waiting";
}

function sectionsOf(steps: StepView[], summaries: RunStep[]): SectionView[] {
  const sections: SectionView[] = [];
  steps.forEach((step, index) => {
    const name = summaries[index]?.section ?? null;
    const last = sections.at(-1);
    if (last?.name === name) last.steps.push(step);
    else sections.push({ name, steps: [step] });
  });
  return sections;
}

/** The summary holds all notices up to when it was asked for; the stream holds all once it is read. */
function noticesOf(
  run: RunDetails,
  { progress, caughtUp }: Pick<FeedSnapshot, "progress" | "caughtUp">,
): string[] {
  const summary = run.notices;
  const told = progress.notices.map((notice) => notice.message);
  return caughtUp && told.length >= summary.length ? told : summary;
}
