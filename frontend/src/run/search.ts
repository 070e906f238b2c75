/**
 * Finds a text in all that the steps of a run printed. When there is more output, the search
 * continues where it stopped: a search of everything with each new line would make a long run slow.
 */

import { printable } from "../text/printable";
import { plain, type StepOutput } from "./output";

export interface Match {
  step: number;
  line: number;
  start: number;
  end: number;
}

/** The most matches that are counted. A user who gets more needs a longer search text. */
export const MOST_MATCHES = 5_000;

export class OutputSearch {
  readonly query: string;
  private readonly needle: string;
  /** Per step: matches in lines that will not change any more, and the line to continue with. */
  private readonly settled = new Map<number, { matches: Match[]; next: number }>();

  constructor(query: string) {
    this.query = query;
    this.needle = query.toLowerCase();
  }

  /** All matches, in the order of steps and lines; at most [`MOST_MATCHES`]. */
  matches(outputs: ReadonlyMap<number, StepOutput>): Match[] {
    if (this.needle === "") return [];
    const all: Match[] = [];
    for (const step of [...outputs.keys()].sort((a, b) => a - b)) {
      const output = outputs.get(step);
      if (output === undefined) continue;
      const known = this.settled.get(step) ?? { matches: [], next: 0 };
      this.settled.set(step, known);
      if (known.next < output.dropped) {
        known.matches = known.matches.filter((match) => match.line >= output.dropped);
        known.next = output.dropped;
      }
      for (; known.next < output.settled && known.matches.length < MOST_MATCHES; known.next += 1) {
        known.matches.push(...this.inLine(output, step, known.next));
      }
      all.push(...known.matches);
      for (let line = known.next; line < output.end && all.length < MOST_MATCHES; line += 1) {
        all.push(...this.inLine(output, step, line));
      }
      if (all.length >= MOST_MATCHES) return all.slice(0, MOST_MATCHES);
    }
    return all;
  }

  private inLine(output: StepOutput, step: number, line: number): Match[] {
    const shown = printable(plain(output.line(line)?.text ?? ""));
    const lower = shown.toLowerCase();
    // A few letters get longer in lower case; the places of matches are those in what is shown.
    const text = lower.length === shown.length ? lower : shown;
    const found: Match[] = [];
    for (
      let at = text.indexOf(this.needle);
      at !== -1;
      at = text.indexOf(this.needle, at + this.needle.length)
    ) {
      found.push({ step, line, start: at, end: at + this.needle.length });
    }
    return found;
  }
}

/** The match after (or before) the given place in the list, round its end. */
export function neighbour(count: number, current: number | null, direction: 1 | -1): number | null {
  if (count === 0) return null;
  if (current === null) return direction === 1 ? 0 : count - 1;
  return (current + direction + count) % count;
}
