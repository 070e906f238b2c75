import { expect, test } from "vitest";
import { origin, shownValue, typedValue } from "./variables";

test("a typed value is the data that the command line reads from it", () => {
  const values: [string, unknown][] = [
    ["eu", "eu"],
    [" 8080 ", 8080],
    ["-1", -1],
    ["007", "007"],
    ["1.10", "1.10"],
    ["true", true],
    ['["a", 2]', ["a", 2]],
    ['"8080"', "8080"],
    ["9007199254740993", "9007199254740993"],
    ["[a", undefined],
  ];
  for (const [typed, value] of values) expect(typedValue(typed)).toEqual(value);
});

test("where a value is from is said, and what tags that disagree say", () => {
  const disagree = { value: null, own: false, tags: { eu: 1, web: "x" } };
  expect(origin(disagree)).toBe("its tags disagree");
  expect(shownValue(disagree)).toBe('eu: 1, web: "x"');
  expect(origin({ value: 1, own: true, tags: { eu: 2 } })).toBe("this server, before eu");
  expect(origin({ value: 1, own: false, tags: { eu: 1, web: 1 } })).toBe("eu, web");
});
