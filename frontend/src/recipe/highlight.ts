/** Cuts a recipe's text into pieces by what they are, for a reader's eye only: nothing else rests on it. */

export type Kind = "comment" | "string" | "number" | "keyword" | "call" | "plain";

export interface Piece {
  kind: Kind;
  text: string;
}

const KEYWORDS =
  "let const if else switch while loop do until for in break continue return throw try catch fn private import export as true false";

// What Rhai's own grammar calls tokens, as far as a reader tells them apart. A text in `…` may reach over lines.
const TOKENS = new RegExp(
  [
    "(?<comment>//[^\\n]*|/\\*[\\s\\S]*?(?:\\*/|$))",
    '(?<string>"(?:\\\\[\\s\\S]|[^"\\\\])*"?|`(?:``|[^`])*`?)',
    "(?<number>\\b\\d[\\d_.]*\\b)",
    `(?<keyword>\\b(?:${KEYWORDS.replaceAll(" ", "|")})\\b)`,
    "(?<call>\\b[A-Za-z_][\\w]*(?:::[A-Za-z_]\\w*)*(?=\\s*\\())",
  ].join("|"),
  "g",
);

/** The lines of a recipe, each as its pieces. */
export function highlight(source: string): Piece[][] {
  const lines: Piece[][] = [[]];
  const add = (kind: Kind, text: string) => {
    text.split("\n").forEach((part, index) => {
      if (index > 0) lines.push([]);
      if (part !== "") lines.at(-1)?.push({ kind, text: part });
    });
  };
  let end = 0;
  for (const match of source.matchAll(TOKENS)) {
    add("plain", source.slice(end, match.index));
    add(kindOf(match.groups ?? {}), match[0]);
    end = match.index + match[0].length;
  }
  add("plain", source.slice(end));
  if (lines.length > 1 && lines.at(-1)?.length === 0) lines.pop();
  return lines;
}

function kindOf(groups: Record<string, string | undefined>): Kind {
  if (groups.comment !== undefined) return "comment";
  if (groups.string !== undefined) return "string";
  if (groups.number !== undefined) return "number";
  return groups.keyword !== undefined ? "keyword" : "call";
}
