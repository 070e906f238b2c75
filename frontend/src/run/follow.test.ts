import { describe, expect, it } from "vitest";
import { follows } from "./follow";

const at = (scrollTop: number, scrollHeight = 1000) => ({ scrollTop, clientHeight: 200, scrollHeight });

describe("a view of growing output", () => {
  it("keeps to the end while it is there", () => {
    expect(follows(true, at(800), at(800, 1400), false)).toBe(true);
  });

  it("stops when the reader scrolls up, and stays where the reader is", () => {
    expect(follows(true, at(800), at(600), true)).toBe(false);
    expect(follows(false, at(600), at(600, 1400), false)).toBe(false);
  });

  it("follows again when the reader is back at the end", () => {
    expect(follows(false, at(600), at(797), true)).toBe(true);
  });

  it("does not take dropped lines or another layout for a reader", () => {
    expect(follows(true, at(800), at(500, 900), false)).toBe(true);
    expect(follows(true, at(800), at(0, 900), false)).toBe(true);
  });
});
