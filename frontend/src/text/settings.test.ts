import { expect, it } from "vitest";
import { withoutOptions } from "./settings";

it("names a setting where a recipe names an option of the command line", () => {
  expect(withoutOptions("for real ones: --set email=you@example.org")).toBe(
    "for real ones: the setting “email”",
  );
  expect(withoutOptions("nothing to set")).toBe("nothing to set");
});
