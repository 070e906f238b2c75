/** The words, signs and colours for the states of runs and steps. The word says it; sign and colour only help. */

import type { RunState } from "../api/types";
import type { Tone } from "../components/Badge";
import type { StepStatus, StepView } from "./view";

interface Shown {
  word: string;
  sign: string;
  tone: Tone;
}

export const RUN_STATES: Record<RunState, Shown> = {
  running: { word: "running", sign: "●", tone: "accent" },
  done: { word: "done", sign: "✓", tone: "good" },
  failed: { word: "failed", sign: "✕", tone: "destroy" },
  interrupted: { word: "interrupted", sign: "‖", tone: "change" },
};

const STEP_STATUSES: Record<StepStatus, Shown> = {
  waiting: { word: "waiting", sign: "·", tone: "neutral" },
  running: { word: "running", sign: "●", tone: "accent" },
  changed: { word: "changed", sign: "✓", tone: "good" },
  no_change: { word: "no change", sign: "=", tone: "neutral" },
  failed: { word: "failed", sign: "✕", tone: "destroy" },
  stopped: { word: "stopped", sign: "‖", tone: "change" },
  skipped: { word: "skipped", sign: "–", tone: "neutral" },
  unknown: { word: "unknown", sign: "?", tone: "change" },
};

const PASSED_CHECK: Shown = { word: "check", sign: "✓", tone: "neutral" };

/** How a step is or was. A check that passed is called what it is: it could change nothing. */
export function wordsFor({ status, effect }: Pick<StepView, "status" | "effect">): Shown {
  return status === "no_change" && effect === "check" ? PASSED_CHECK : STEP_STATUSES[status];
}

/** A recipe as people call it: `provision` rather than `provision.rhai`, and without the folder of its file. */
export function recipeName(recipe: string): string {
  return recipe.replace(/^.*\//, "").replace(/\.rhai$/, "");
}
