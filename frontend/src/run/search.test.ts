import { describe, expect, it } from "vitest";
import { StepOutput } from "./output";
import { MOST_MATCHES, neighbour, OutputSearch } from "./search";

function printed(text: string): StepOutput {
  const output = new StepOutput();
  output.append("stdout", text);
  return output;
}

describe("the search in the output of a run", () => {
  it("finds a word in every step, in upper and lower case, in reading order", () => {
    const outputs = new Map([
      [4, printed("an Error, an error\n")],
      [2, printed("fine\n\u001b[31merr\u001b[1mor\u001b[0m\n")],
    ]);
    expect(new OutputSearch("error").matches(outputs)).toEqual([
      { step: 2, line: 1, start: 0, end: 5 },
      { step: 4, line: 0, start: 3, end: 8 },
      { step: 4, line: 0, start: 13, end: 18 },
    ]);
  });

  it("finds what is printed later, also in a line that was half there", () => {
    const output = printed("fail");
    const outputs = new Map([[0, output]]);
    const search = new OutputSearch("failed");
    expect(search.matches(outputs)).toEqual([]);
    output.append("stdout", "ed\nand failed again\n");
    expect(search.matches(outputs)).toHaveLength(2);
    expect(search.matches(outputs)).toHaveLength(2);
  });

  it("forgets matches in lines that are no longer kept", () => {
    const output = printed("needle\n");
    const outputs = new Map([[0, output]]);
    const search = new OutputSearch("needle");
    expect(search.matches(outputs)).toHaveLength(1);
    output.append("stdout", "hay\n".repeat(120_000));
    expect(search.matches(outputs)).toEqual([]);
  });

  it("counts no further than is of use", () => {
    expect(
      new OutputSearch("a").matches(new Map([[0, printed("a\n".repeat(MOST_MATCHES + 10))]])),
    ).toHaveLength(MOST_MATCHES);
  });

  it("goes round from the last match to the first, and back", () => {
    expect(neighbour(3, null, 1)).toBe(0);
    expect(neighbour(3, 2, 1)).toBe(0);
    expect(neighbour(3, 0, -1)).toBe(2);
    expect(neighbour(0, null, 1)).toBeNull();
  });
});
