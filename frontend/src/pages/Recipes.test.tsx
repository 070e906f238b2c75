import { screen } from "@testing-library/react";
import { expect, test } from "vitest";
import type { Recipe } from "../api/types";
import { FakeApi } from "../testing/fakeApi";
import { expectAccessible, open } from "../testing/page";

test("recipes are listed with what they do and who keeps them", async () => {
  const recipes: Recipe[] = [
    { name: "motd", kept_by: "user", overrides_shipped: false, description: "Greet users who log in." },
    { name: "provision", kept_by: "user", overrides_shipped: true, description: "Our own way." },
    { name: "wipe", kept_by: "shipped", overrides_shipped: false, description: "Destroy everything." },
  ];
  open(
    "/recipes",
    new FakeApi().on("GET /api/recipes", () => recipes),
  );
  expect(await screen.findByRole("row", { name: /motd Greet users who log in\. you/ })).toBeInTheDocument();
  expect(screen.getByRole("row", { name: /provision .* yours, replaces infrakt/ })).toBeInTheDocument();
  expect(screen.getByRole("link", { name: "wipe" })).toHaveAttribute("href", "/recipes/wipe");
  await expectAccessible();
});

test("a recipe that can't be read says why, and hides no other", async () => {
  const broken: Recipe = {
    name: "mine",
    kept_by: "user",
    overrides_shipped: false,
    description: "",
    problem: { code: "file", message: "cannot read mine.rhai: it is not UTF-8", hint: "save it as UTF-8" },
  };
  const fine: Recipe = { name: "wipe", kept_by: "shipped", overrides_shipped: false, description: "" };
  open(
    "/recipes",
    new FakeApi().on("GET /api/recipes", () => [broken, fine]),
  );
  expect(await screen.findByText("cannot read mine.rhai: it is not UTF-8")).toBeInTheDocument();
  expect(screen.getByRole("link", { name: "wipe" })).toBeInTheDocument();
});
