/** A plan in a sentence, and in sections. */

import type { Effect, FileChange, Mark, Plan, PlanStep } from "../api/types";
import { count } from "../text/format";

/** `12 steps: 4 destroy, 6 change, 2 checks. 9 steps would change something.` */
export function totals(plan: Plan): string {
  const of = (effect: Effect) => plan.steps.filter((step) => step.effect === effect).length;
  const parts = [
    of("destroy") > 0 && `${of("destroy")} destroy`,
    of("change") > 0 && `${of("change")} change`,
    of("check") > 0 && count(of("check"), "check"),
  ].filter((part) => part !== false);
  const steps = count(plan.steps.length, "step");
  const sentence = parts.length === 0 ? `${steps}.` : `${steps}: ${parts.join(", ")}.`;
  if (!plan.marks) return sentence;
  const would = plan.marks.filter(mayChange).length;
  const fails = plan.marks.filter((mark) => mark === "would_fail").length;
  return [
    sentence,
    would === 0 ? "Nothing would change." : `${count(would, "step")} would change something.`,
    fails > 0 && `${count(fails, "step")} would fail.`,
  ]
    .filter((part) => part !== false)
    .join(" ");
}

/** Whether a step would change something, or would if another one does. */
export function mayChange(mark: Mark): boolean {
  return mark === "would_change" || mark === "would_change_if";
}

/** Numbers as a sentence has them: `4, 6 or 7`. */
export function anyOf(numbers: number[]): string {
  return numbers.join(", ").replace(/, (\d+)$/, " or $1");
}

export interface PlannedStep {
  /** From 0, as the API counts. */
  index: number;
  step: PlanStep;
  mark: Mark | null;
  /** On which other steps it depends whether it would change something. */
  condition: string | null;
  change: FileChange | null;
}

export interface PlanSection {
  title: string;
  steps: PlannedStep[];
}

/** The steps as the recipe grouped them. A section that comes back later is a section of its own. */
export function sections(plan: Plan): PlanSection[] {
  const all: PlanSection[] = [];
  const firstDestroying = plan.steps.findIndex((step) => step.effect === "destroy");
  plan.steps.forEach((step, index) => {
    const title = step.section ?? "Steps";
    let section = all.at(-1);
    if (section?.title !== title) {
      section = { title, steps: [] };
      all.push(section);
    }
    const change = plan.changes?.find((change) => change.step === index + 1) ?? null;
    const mark = markOf(plan, index, firstDestroying);
    section.steps.push({ index, step, mark, condition: conditionOf(plan, index, step, mark), change });
  });
  return all;
}

/**
 * What the guards said of a step when the plan was made. After something was destroyed, what was in place before may be gone,
 * so there "no change" would promise too much.
 */
function markOf(plan: Plan, index: number, firstDestroying: number): Mark | null {
  const mark = plan.marks?.[index] ?? null;
  const afterwards = firstDestroying >= 0 && index > firstDestroying;
  if (mark === "no_change" && afterwards && plan.steps[index]?.effect !== "destroy") return null;
  return mark;
}

/** That infrakt can't list what some steps delete, and which. */
export function unlisted(plan: Plan): string | null {
  const steps = plan.unlisted ?? [];
  if (steps.length === 0) return null;
  return steps.length === 1
    ? `infrakt can’t list what step ${steps.join()} deletes: read its command.`
    : `infrakt can’t list what these steps delete: read the commands of ${steps.join(", ")}.`;
}

/** Whether a step deletes what is listed, rather than that it may. */
export function isCertain(plan: Plan): boolean {
  return plan.steps.filter((step) => step.effect === "destroy").length > (plan.unlisted ?? []).length;
}

function conditionOf(plan: Plan, index: number, step: PlanStep, mark: Mark | null): string | null {
  if (mark === "no_change") {
    const doubt = plan.doubts?.find((doubt) => doubt.step === index + 1);
    return doubt === undefined ? null : `unless ${anyOf(doubt.after)} changes that`;
  }
  if (mark !== "would_change_if") return null;
  const would = (step.when_changed ?? []).filter((number) => {
    const other = plan.marks?.[number - 1];
    return other !== undefined && mayChange(other);
  });
  return `if ${anyOf(would)} does`;
}

/** What the recipe read of the inventory: variables with their values, the names of all, and the servers of a tag. */
export function inventoryLines({ inventory }: Plan): [string, string][] {
  const vars = Object.entries(inventory?.vars ?? {}).map(([name, value]): [string, string] => [
    `server.vars.${name}`,
    value === null ? "not set" : JSON.stringify(value),
  ]);
  const listed = inventory?.names;
  const names: [string, string][] = listed
    ? [["server.vars.keys()", listed.length === 0 ? "none" : listed.join(", ")]]
    : [];
  const servers = Object.entries(inventory?.servers ?? {}).map(([tag, { names }]): [string, string] => [
    `servers("${tag}")`,
    names.length === 0 ? "none" : names.join(", "),
  ]);
  return [...vars, ...names, ...servers];
}

/** The parameters of a plan, as a recipe's author would write their values. */
export function parameterLines(plan: Plan): [string, string][] {
  return Object.entries(plan.parameters).map(([name, value]) => [name, JSON.stringify(value)]);
}
