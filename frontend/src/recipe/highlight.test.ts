import { describe, expect, it } from "vitest";
import { highlight } from "./highlight";

describe("the text of a recipe", () => {
  it("is shown in full, whatever is in it", () => {
    const source =
      '//! Doc\nlet a = "x // no comment"; /* open\nover lines */ ssh::run("t", `echo ${a}\n`)\n\n"never closed';
    const shown = highlight(source).map((line) => line.map((piece) => piece.text).join(""));
    expect(shown.join("\n")).toBe(source);
  });

  it("tells comments, texts, words of the language and calls apart", () => {
    expect(
      highlight('if port > 80 { ssh::run("a"); } // why')[0]?.filter(({ kind }) => kind !== "plain"),
    ).toEqual([
      { kind: "keyword", text: "if" },
      { kind: "number", text: "80" },
      { kind: "call", text: "ssh::run" },
      { kind: "string", text: '"a"' },
      { kind: "comment", text: "// why" },
    ]);
  });

  it("keeps a text that reaches over lines a text on each of them", () => {
    expect(highlight("let a = `one\ntwo`;").map((line) => line.at(-2)?.kind ?? line[0]?.kind)).toEqual([
      "plain",
      "string",
    ]);
  });
});
