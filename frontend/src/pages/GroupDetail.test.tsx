import { screen, within } from "@testing-library/react";
import { expect, test } from "vitest";
import type { Group } from "../api/types";
import { FakeApi } from "../testing/fakeApi";
import { expectAccessible, open } from "../testing/page";

const group: Group = {
  id: "g3",
  recipe: "hello.rhai",
  parameters: { greeting: "hi" },
  stages: [],
  servers: [
    { server: "prod-2", stage: null, run: 12, state: "done", left_out: null, reason: null },
    { server: "web-1", stage: null, run: 13, state: "failed", left_out: null, reason: "step 2 failed" },
    {
      server: "gone",
      stage: null,
      run: null,
      state: null,
      left_out: "unreachable",
      reason: "cannot reach 'gone'",
    },
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

test("a play is shown stage by stage, each with its servers and parameters", async () => {
  const stage = { recipe: "/srv/recipes/db.rhai", parameters: {}, parallel: null, fail_fast: false };
  const play: Group = {
    id: "g4",
    recipe: "/srv/recipes/deploy.toml",
    parameters: {},
    stages: [
      { ...stage, name: "Database", parameters: { word: "data" } },
      { ...stage, name: "Web" },
    ],
    servers: [
      {
        server: "db-1",
        stage: "Database",
        run: 12,
        state: "failed",
        left_out: null,
        reason: "step 2 failed",
      },
      { server: "web-1", stage: "Web", run: 13, state: "interrupted", left_out: null, reason: "not started" },
    ],
  };
  open(
    "/groups/g4",
    new FakeApi().on("GET /api/groups/:id", () => play),
  );
  expect(await screen.findByRole("heading", { level: 1, name: "Group g4: deploy.toml" })).toBeVisible();
  expect(screen.getByRole("heading", { level: 3, name: "Stage 1 of 2: Database" })).toBeVisible();
  const web = screen.getByRole("table", { name: "Servers of the stage Web" });
  expect(within(web).getByRole("row", { name: /web-1/ })).toHaveTextContent("not started");
  expect(within(web).queryByRole("row", { name: /db-1/ })).toBeNull();
  expect(screen.getByRole("heading", { level: 2, name: "Parameters of Database" })).toBeVisible();
  await expectAccessible();
});
