/** Variables of a server between the page and the API. */

import type { ServerWithRoute } from "../api/types";

type Variable = ServerWithRoute["variables"][string];

/**
 * The data that a typed value stands for, as `--var` of the command line reads it: whole numbers, true, false, and what
 * begins as JSON does; all else is a text. `undefined` if it begins as JSON and is none.
 */
export function typedValue(typed: string): unknown {
  const text = typed.trim();
  if (text === "true" || text === "false") return text === "true";
  if (/^(0|-?[1-9]\d*)$/.test(text) && Number.isSafeInteger(Number(text))) return Number(text);
  if (!/^[[{"]/.test(text)) return text;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Where the value of a variable is from. */
export function origin({ own, tags, value }: Variable): string {
  const names = Object.keys(tags);
  if (own) return names.length === 0 ? "this server" : `this server, before ${names.join(", ")}`;
  return value === null ? "its tags disagree" : names.join(", ");
}

/** The value as data; what each tag says, where they disagree. */
export function shownValue({ value, tags }: Variable): string {
  if (value !== null) return JSON.stringify(value);
  return Object.entries(tags)
    .map(([tag, said]) => `${tag}: ${JSON.stringify(said)}`)
    .join(", ");
}
