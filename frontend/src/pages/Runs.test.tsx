import { screen, waitFor, within } from "@testing-library/react";
import { expect, test } from "vitest";
import type { Run } from "../api/types";
import { FakeApi } from "../testing/fakeApi";
import { aRun, aServer } from "../testing/fixtures";
import { expectAccessible, open } from "../testing/page";

/** A service with runs 1 to `count`, which pages and filters as the real one does. */
function service(count: number, over: (id: number) => Partial<Run> = () => ({})): FakeApi {
  const all = Array.from({ length: count }, (_, index) =>
    aRun({ id: count - index, ...over(count - index) }),
  );
  return new FakeApi()
    .on("GET /api/servers", () => [aServer({ name: "prod-2" }), aServer({ id: 3, name: "web-1" })])
    .on("GET /api/runs", ({ query }) =>
      all
        .filter(({ server }) => !query.has("server") || server === query.get("server"))
        .filter(({ state }) => !query.has("state") || state === query.get("state"))
        .filter(({ id }) => !query.has("before") || id < Number(query.get("before")))
        .slice(0, Number(query.get("limit") ?? 50)),
    );
}

const shown = () => [...document.querySelectorAll("tbody tr")];

test("runs are listed newest first, page by page", async () => {
  const { user } = open("/runs", service(120));
  expect(await screen.findByRole("link", { name: /^120 / })).toHaveAttribute("href", "/runs/120");
  expect(shown()).toHaveLength(50);
  await user.click(screen.getByRole("button", { name: "Show older runs" }));
  await waitFor(() => expect(shown()).toHaveLength(100));
  await user.click(screen.getByRole("button", { name: "Show older runs" }));
  await waitFor(() => expect(shown()).toHaveLength(120));
  expect(screen.queryByRole("button", { name: "Show older runs" })).toBeNull();
  expect(within(shown()[119] as HTMLElement).getByRole("link", { name: /^1 / })).toBeInTheDocument();
});

test("runs can be narrowed to a server and a state, and the address says so", async () => {
  const api = service(8, (id) => ({
    server: id % 2 === 0 ? "prod-2" : "web-1",
    state: id % 4 === 0 ? "failed" : "done",
  }));
  const { user, path } = open("/runs", api);
  await screen.findByRole("option", { name: "prod-2" });
  await user.selectOptions(screen.getByLabelText("Server"), "prod-2");
  await waitFor(() => expect(shown()).toHaveLength(4));
  await user.selectOptions(screen.getByLabelText("State"), "failed");
  await waitFor(() => expect(shown()).toHaveLength(2));
  // The service filters, so that old runs are found too.
  expect(api.askedFor("GET /api/runs").at(-1)?.query.get("state")).toBe("failed");
  expect(path()).toBe("/runs?server=prod-2&state=failed");
  await expectAccessible();
});

test("the runs of a server that is gone can still be looked at", async () => {
  open(
    "/runs?server=old-1",
    service(1, () => ({ server: "old-1", server_id: null })),
  );
  expect(await screen.findByRole("link", { name: /^1 / })).toBeInTheDocument();
  expect(screen.getByLabelText("Server")).toHaveValue("old-1");
});

test("where there is no run yet, the page says what one is", async () => {
  open("/runs", service(0));
  expect(await screen.findByText("No runs yet")).toBeInTheDocument();
});
