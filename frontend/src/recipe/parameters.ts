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
    } else if (isData(parameter) && typed !== "") {
      const data = parsed(String(typed));
      if (data === undefined) errors[parameter.name] = "Enter JSON, as in a file.";
      else values[parameter.name] = data;
    } else {
      values[parameter.name] = value(parameter, typed);
    }
  }
  return { parameters: values, errors };
}

/** Whether a parameter is written as JSON: a map, or a list of maps. */
export function isData({ type, fields }: RecipeParameter): boolean {
  return type === "map" || (fields !== undefined && fields.length > 0);
}

/** The fields of such a parameter in words: `name, key, sudo (optional)`. */
export function fieldsInWords({ fields = [] }: RecipeParameter): string {
  return fields
    .map(({ name, default: value }) => (value === null || value === undefined ? name : `${name} (optional)`))
    .join(", ");
}

function asTyped(parameter: RecipeParameter): string | boolean {
  const { type, default: value } = parameter;
  if (type === "bool") return value === true;
  if (isData(parameter)) return value === null || value === undefined ? "" : JSON.stringify(value, null, 2);
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

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isInteger(typed: string | boolean): boolean {
  return typeof typed === "string" && /^\s*[+-]?\d+\s*$/.test(typed);
}
