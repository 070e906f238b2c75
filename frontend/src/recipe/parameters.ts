/** A recipe's parameters between a form and the API: what a person writes into it, and the values that it stands for. */

import type { Parameters, RecipeParameter } from "../api/types";

/** What stands in the form, by the parameter's name: a tick, or text as it was typed. */
export type ParameterDraft = Readonly<Record<string, string | boolean>>;

/** The form as it is first shown: with these values, and the defaults for the others. */
export function draftOf(parameters: readonly RecipeParameter[], values: Parameters = {}): ParameterDraft {
  return Object.fromEntries(
    parameters.map((parameter) => [
      parameter.name,
      asTyped({ ...parameter, default: values[parameter.name] ?? parameter.default }),
    ]),
  );
}

/**
 * The values that a form stands for, and what is wrong with it. Only what differs from the defaults is given on, so that
 * the plan says the same as one from the command line.
 */
export function readDraft(
  parameters: readonly RecipeParameter[],
  draft: ParameterDraft,
): { parameters: Parameters; errors: Record<string, string> } {
  const values: Parameters = {};
  const errors: Record<string, string> = {};
  for (const parameter of parameters) {
    const typed = draft[parameter.name] ?? asTyped(parameter);
    const mustBeGiven = parameter.default === null || parameter.default === undefined;
    if (!mustBeGiven && typed === asTyped(parameter)) continue;
    if (mustBeGiven && typed === "" && parameter.type !== "string") {
      errors[parameter.name] = "Required.";
    } else if (parameter.type === "int" && !isInteger(typed)) {
      errors[parameter.name] = "Enter a whole number, such as 8080.";
    } else {
      values[parameter.name] = value(parameter, typed);
    }
  }
  return { parameters: values, errors };
}

function asTyped({ type, default: value }: RecipeParameter): string | boolean {
  if (type === "bool") return value === true;
  if (Array.isArray(value)) return value.map(String).join("\n");
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}

function value({ type }: RecipeParameter, typed: string | boolean): unknown {
  if (typeof typed === "boolean") return typed;
  if (type === "list") {
    return typed
      .split(/[\n,]/)
      .map((item) => item.trim())
      .filter((item) => item !== "");
  }
  // What JavaScript can't count exactly goes as text, which the service reads as the number that it is.
  if (type === "int") return Number.isSafeInteger(Number(typed)) ? Number(typed) : typed.trim();
  return typed;
}

function isInteger(typed: string | boolean): boolean {
  return typeof typed === "string" && /^\s*[+-]?\d+\s*$/.test(typed);
}
