import { describe, expect, it } from "vitest";
import { spans } from "./ansi";

const line = (text: string) => spans({ stream: "stdout", text, carried: "" });

describe("the colours of a line", () => {
  it("become class names, and never bleed into the text before them", () => {
    expect(line("\u001b[31mred \u001b[1mbold\u001b[22m \u001b[4mline\u001b[m end")).toEqual([
      { text: "red ", className: "ansi-fg-red" },
      { text: "bold", className: "ansi-fg-red ansi-bold" },
      { text: " ", className: "ansi-fg-red" },
      { text: "line", className: "ansi-fg-red ansi-underline" },
      { text: " end", className: "" },
    ]);
  });

  it("are the nearest of those that can be read in light and dark", () => {
    expect(line("\u001b[38;5;196mx")[0]?.className).toBe("ansi-fg-red");
    expect(line("\u001b[38;2;90;90;250mx")[0]?.className).toBe("ansi-fg-bright-blue");
    expect(line("\u001b[48;5;2mx")[0]?.className).toBe("ansi-bg-green");
  });

  it("leave nothing of other sequences", () => {
    expect(line("\u001b]0;title\u0007a\u001b[2Kb\u001b[1A\u001b[?25lc")).toEqual([
      { text: "abc", className: "" },
    ]);
  });

  it("let nothing through that would show another text than there is", () => {
    expect(line("safe\u202egnp.exe")).toEqual([{ text: "safe\\u{202e}gnp.exe", className: "" }]);
    expect(line("bell\u0007")).toEqual([{ text: "bell\\u{7}", className: "" }]);
  });
});
