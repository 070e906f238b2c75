/** What is different in a new plan, in sentences for the person who has to consent again. */

import type { Plan } from "../api/types";
import { lostNames, newLosses } from "../plan/losses";

export function planChanges(before: Plan, now: Plan): string[] {
  const changes = [
    ...newLosses(before.losses, now.losses).map((name) => `Would be lost too: ${name}`),
    ...lostNames(now.losses, before.losses).map((name) => `No longer there: ${name}`),
    ...changedSteps(before, now),
  ];
  return changes.length > 0 || before.digest === now.digest
    ? changes
    : ["The server’s identity, a parameter, or the recipe’s text."];
}

function changedSteps(before: Plan, now: Plan): string[] {
  const key = (plan: Plan) => new Map(plan.steps.map((step) => [step.title, JSON.stringify(step)]));
  const then = key(before);
  const after = key(now);
  return [
    ...[...after].flatMap(([title, text]) => {
      const old = then.get(title);
      if (old === undefined) return [`New step: ${title}`];
      return old === text ? [] : [`Changed step: ${title}`];
    }),
    ...[...then.keys()].filter((title) => !after.has(title)).map((title) => `Removed step: ${title}`),
  ];
}
