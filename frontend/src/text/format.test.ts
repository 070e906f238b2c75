import { describe, expect, test } from "vitest";
import { ago, bytes, count, duration } from "./format";

describe("numbers are read as on the command line", () => {
  test.each([
    [0, "0 B"],
    [999, "999 B"],
    [1000, "1.0 kB"],
    [600_000, "600 kB"],
    [4_200_000, "4.2 MB"],
    [999_600, "1.0 MB"],
    [4_005_834_752, "4.0 GB"],
  ])("%d bytes are %s", (given, read) => expect(bytes(given)).toBe(read));

  test.each([
    [0, "0.0 s"],
    [300, "0.3 s"],
    [12_000, "12 s"],
    [59_600, "1 min"],
    [185_000, "3 min 5 s"],
    [7_800_000, "2 h 10 min"],
    [200 * 3_600_000, "8 days"],
  ])("%d ms are %s", (given, read) => expect(duration(given)).toBe(read));

  test("a clock that is behind does not tell of the future", () => {
    const now = new Date("2026-01-02T03:04:05Z");
    expect(ago(new Date("2026-01-02T03:09:05Z"), now)).toBe("just now");
    expect(ago(new Date("2026-01-02T03:03:05Z"), now)).toBe("1 min ago");
  });

  test("one is not many", () => {
    expect(count(1, "container")).toBe("1 container");
    expect(count(2, "container")).toBe("2 containers");
  });
});
