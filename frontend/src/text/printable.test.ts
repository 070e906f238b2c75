import { expect, test } from "vitest";
import { printable } from "./printable";

test.each([
  "\u001b",
  "\u007f",
  "\u009b",
  "\u00a0",
  "\u00ad",
  "\u180e",
  "\u200b",
  "\u200c",
  "\u200d",
  "\u202e",
  "\u2061",
  "\u2800",
  "\u3164",
  "\ufe0f",
  "\ufeff",
  "\u{e0041}",
])("an invisible character is written out: %j", (character) => {
  const code = (character.codePointAt(0) ?? 0).toString(16);
  expect(printable(`/srv/${character}data`)).toBe(`/srv/\\u{${code}}data`);
});

test("letters, signs, tabs and line breaks stay", () => {
  const text = "größer, 漢字 עברית → 🚀\n\tfurther";
  expect(printable(text)).toBe(text);
});
