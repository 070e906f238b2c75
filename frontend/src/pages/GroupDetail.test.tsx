import { screen } from "@testing-library/react";
import { expect, test } from "vitest";
import type { Group } from "../api/types";
import { FakeApi } from "../testing/fakeApi";
import { expectAccessible, open } from "../testing/page";

const group: Group = {
  id: "g3",
  recipe: "hello.rhai",
  parameters: { greeting: "hi" },
  servers: [
    { server: "prod-2", run: 12, state: "done", left_out: null, reason: null },
    { server: "web-1", run: 13, state: "failed", left_out: null, reason: "step 2 failed" },
    { server: "gone", run: null, state: null, left_out: "unreachable", reason: "cannot reach 'gone'" },
  ],
};

test("a group is a page: each server with its run, or why it has none", async () => {
  const api = new FakeApi().on("GET /api/groups/:id", () => group);
  open("/groups/g3", api);
  expect(await screen.findByRole("heading", { level: 1, name: "Group g3: hello" })).toBeVisible();
  expect(screen.getByText("1 of 3 servers done")).toBeVisible();
  expect(screen.getByRole("link", { name: "Run 13" })).toHaveAttribute("href", "/runs/13");
  const left = screen.getByRole("row", { name: /gone/ });
  expect(left).toHaveTextContent("not reached");
  expect(left).toHaveTextContent("cannot reach 'gone'");
  expect(screen.getByText('"hi"')).toBeVisible();
  await expectAccessible();
});
