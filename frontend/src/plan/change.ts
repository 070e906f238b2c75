/** How a file would change, in words and in rows. */

import type { DiffLine, FileChange, Hunk } from "../api/types";
import { count } from "../text/format";

/** The whole change in a few words: `+3 −1`, `new file, +20`, `mode 0600 to 0644`. */
export function inShort(change: FileChange): string {
  const { lines, before, after, mode, owner, limit } = change;
  const parts = [
    change.new && "new file",
    lines != null && change.new && lines.removed === 0 && `+${lines.added}`,
    lines != null && !change.new && lines.added + lines.removed > 0 && `+${lines.added} −${lines.removed}`,
    before != null && after != null && `${before.bytes} to ${after.bytes} bytes`,
    mode != null && `mode ${mode.from} to ${mode.to}`,
    owner != null && `owner ${owner.from} to ${owner.to}`,
  ].filter((part) => part !== false);
  if (parts.length > 0) return parts.join(", ");
  if (limit === "secret") return "a secret, not compared";
  return limit === "no_file" ? "not a file" : "not compared";
}

/** Why less is shown than the whole difference. */
export const LIMITS: Record<NonNullable<FileChange["limit"]>, string> = {
  secret: "The file holds secrets: removed lines are not shown, and secrets are not compared.",
  private: "Not every user of the server may read the file: removed lines are not shown.",
  long: "Longer than 64 KiB, so the lines are not compared.",
  binary: "Not a text, or a copied file: only size and SHA-256 are compared.",
  room: "The diffs of the plan exceed 1 MiB, so the lines are not compared.",
  no_file: "There is something else than a file at this path, so the upload would fail.",
};

export interface Row {
  /** The numbers of the line, before and after. */
  from: number | null;
  to: number | null;
  line: DiffLine;
}

/** The lines of a hunk with their numbers. */
export function rows(hunk: Hunk): Row[] {
  let from = hunk.from_line;
  let to = hunk.to_line;
  return hunk.lines.map((line) => ({
    from: line.kind === "added" ? null : from++,
    to: line.kind === "removed" ? null : to++,
    line,
  }));
}

/** The same, side by side: removed lines beside the added lines that follow them. */
export function pairs(hunk: Hunk): [Row | null, Row | null][] {
  const all: [Row | null, Row | null][] = [];
  let removed: Row[] = [];
  let added: Row[] = [];
  const flush = () => {
    for (let at = 0; at < Math.max(removed.length, added.length); at++)
      all.push([removed[at] ?? null, added[at] ?? null]);
    removed = [];
    added = [];
  };
  for (const row of rows(hunk)) {
    if (row.line.kind === "same") {
      flush();
      all.push([row, row]);
    } else if (row.line.kind === "removed") {
      if (added.length > 0) flush();
      removed.push(row);
    } else {
      added.push(row);
    }
  }
  flush();
  return all;
}

/** `12 more lines`, or nothing. */
export function leftOut(change: FileChange): string | null {
  const more = change.left_out ?? 0;
  return more === 0 ? null : count(more, "more line");
}
