import { act, screen, waitFor, within } from "@testing-library/react";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { Server } from "../api/types";
import { FakeApi, problem } from "../testing/fakeApi";
import { aHost, aRun, aServer, aStatus, withRoute } from "../testing/fixtures";
import { expectAccessible, open } from "../testing/page";

afterEach(() => vi.useRealTimers());

const service = (...inventory: Server[]) =>
  new FakeApi()
    .on("GET /api/servers", () => inventory)
    .on(
      "GET /api/servers/:name",
      (_, [name]) => inventory.filter((server) => server.name === name).map(withRoute)[0],
    )
    .on("GET /api/servers/:name/status", () => aStatus())
    .on("GET /api/runs", () => [])
    .on("GET /api/apps", () => []);

const names = () => within(screen.getByRole("main")).queryAllByRole("listitem");

describe("the list of servers", () => {
  test("says what a server is, where it is, and why it is protected", async () => {
    open(
      "/servers",
      service(aHost(), aServer({ name: "prod-3", host: "2001:db8::7", user: "debian", port: 2222 })),
    );
    const host = (await screen.findByRole("link", { name: "control" })).closest("li");
    expect(host).toHaveTextContent("protected");
    expect(host).toHaveTextContent("its row says that it hosts infrakt");
    const other = screen.getByRole("link", { name: "prod-3" }).closest("li");
    expect(other).toHaveTextContent("debian@[2001:db8::7]:2222");
    expect(other).not.toHaveTextContent("protected");
    await expectAccessible();
  });

  test("can be narrowed by tag and by words, and the address remembers it", async () => {
    const { user, path } = open(
      "/servers",
      service(
        aServer({ name: "web-1", tags: ["web"] }),
        aServer({ id: 5, name: "db-1", tags: ["db"] }),
        aHost(),
      ),
    );
    await screen.findByText("3 servers");
    await user.selectOptions(screen.getByLabelText("Tag"), "web");
    expect(names().map((row) => within(row).getAllByRole("link")[0]?.textContent)).toEqual(["web-1"]);
    expect(path()).toBe("/servers?tag=web");
    expect(within(screen.getByRole("search")).getByRole("status")).toHaveTextContent("1 of 3 servers");
    await user.selectOptions(screen.getByLabelText("Tag"), "");
    await user.type(screen.getByLabelText("Find"), "192.0.2.1");
    expect(names().map((row) => within(row).getAllByRole("link")[0]?.textContent)).toEqual(["control"]);
    await user.type(screen.getByLabelText("Find"), "no such");
    await user.click(screen.getByRole("button", { name: "Show all" }));
    expect(names()).toHaveLength(3);
  });

  test("says whether each answers, with its system, and what was run there last", async () => {
    const run = aRun({ id: 14, state: "running", ended_at: null, recipe: "motd.rhai" });
    const api = service(aServer({ last_run: run }), aHost()).on(
      "GET /api/servers/:name/status",
      (_, [name]) =>
        name === "control"
          ? problem(502, { code: "unreachable", message: "no answer within 10 s" })
          : aStatus(),
    );
    open("/servers", api);
    const row = (await screen.findByRole("link", { name: "prod-2" })).closest("li");
    await waitFor(() => expect(row).toHaveTextContent("reachedDebian GNU/Linux 13 (trixie)"));
    expect(row).toHaveTextContent("running motd");
    expect(screen.getByRole("link", { name: "motd" })).toHaveAttribute("href", "/runs/14");
    const other = screen.getByRole("link", { name: "control" }).closest("li");
    await waitFor(() => expect(other).toHaveTextContent("not reached"));
    expect(other).toHaveTextContent("no run yet");
  });

  test("comes back by itself after an outage of the service", async () => {
    vi.useFakeTimers({ shouldAdvanceTime: true });
    const api = service(aServer()).on("GET /api/servers", () => {
      throw new TypeError("network");
    });
    open("/servers", api);
    expect(await screen.findByText("The service does not answer.")).toBeVisible();
    api.on("GET /api/servers", () => [aServer()]);
    await act(() => vi.advanceTimersByTimeAsync(6_000));
    expect(await screen.findByRole("link", { name: "prod-2" })).toBeVisible();
    expect(screen.queryByText("The service does not answer.")).not.toBeInTheDocument();
  });

  test("asks each server again after an outage of the service", async () => {
    vi.useFakeTimers({ shouldAdvanceTime: true });
    const api = service(aServer()).on("GET /api/servers/:name/status", () => {
      throw new TypeError("network");
    });
    open("/servers", api);
    const row = (await screen.findByRole("link", { name: "prod-2" })).closest("li");
    await waitFor(() => expect(row).toHaveTextContent("not reached"));
    api.on("GET /api/servers/:name/status", () => aStatus());
    await act(() => vi.advanceTimersByTimeAsync(6_000));
    await waitFor(() => expect(row).toHaveTextContent("reachedDebian GNU/Linux 13 (trixie)"));
  });

  test("that is empty says how to begin", async () => {
    open("/servers", service());
    expect(await screen.findByText("No servers yet")).toBeVisible();
    expect(screen.getByText("infrakt server add prod-2 --host 192.0.2.7")).toBeVisible();
  });
});

describe("adding a server", () => {
  async function openTheForm(api: FakeApi) {
    const page = open("/servers", api);
    await page.user.click(await screen.findByRole("button", { name: "Add a server" }));
    return { ...page, dialog: screen.getByRole("dialog", { name: "Add a server" }) };
  }

  test("sends what was filled in and nothing else, and shows the host key to compare", async () => {
    const api = service().on("POST /api/servers", ({ body }) =>
      Response.json({ ...aServer(body as Partial<Server>), reached: true, problem: null }, { status: 201 }),
    );
    const { user, dialog } = await openTheForm(api);
    expect(screen.getByLabelText("Name")).toHaveFocus();
    await expectAccessible();
    await user.type(screen.getByLabelText("Name"), "prod-2");
    await user.type(screen.getByLabelText("Address"), "192.0.2.7");
    await user.type(screen.getByLabelText("Port (optional)"), "2222");
    await user.type(screen.getByLabelText("Tags (optional)"), "web, shop web");
    await user.click(within(dialog).getByRole("button", { name: "Add" }));
    const result = await screen.findByRole("dialog", { name: "prod-2 was added" });
    expect(result).toHaveTextContent("SHA256:/xlvc9kHBATo7huSvMDxv73h+riyEWAP6OHP65xwtzg");
    expect(api.askedFor("POST /api/servers")[0]?.body).toEqual({
      name: "prod-2",
      host: "192.0.2.7",
      port: 2222,
      tags: ["web", "shop"],
    });
    await expectAccessible();
  });

  test("that could not be reached is saved all the same, and says why", async () => {
    const api = service().on("POST /api/servers", () => ({
      ...aServer({ host_key: null }),
      reached: false,
      problem: "cannot reach 'prod-2': no answer within 10 s",
    }));
    const { user } = await openTheForm(api);
    await user.type(screen.getByLabelText("Name"), "prod-2");
    await user.type(screen.getByLabelText("Address"), "192.0.2.7");
    await user.click(screen.getByRole("button", { name: "Add" }));
    const result = await screen.findByRole("dialog", { name: "prod-2 is saved, but was not reached" });
    expect(result).toHaveTextContent("no answer within 10 s");
    expect(result).toHaveTextContent("Its page tries again.");
  });

  test("shows what is wrong at the field that is meant, and goes there", async () => {
    const api = service().on("POST /api/servers", () =>
      problem(422, {
        code: "invalid",
        message: "'prod 2' is no name",
        hint: "letters and digits",
        field: "name",
      }),
    );
    const { user, dialog } = await openTheForm(api);
    await user.click(within(dialog).getByRole("button", { name: "Add" }));
    expect(screen.getByLabelText("Name")).toHaveAccessibleDescription(/A server needs a name/);
    expect(screen.getByLabelText("Name")).toHaveFocus();
    await user.type(screen.getByLabelText("Name"), "prod 2");
    await user.type(screen.getByLabelText("Address"), "192.0.2.7");
    await user.type(screen.getByLabelText("Port (optional)"), "65536");
    await user.click(within(dialog).getByRole("button", { name: "Add" }));
    expect(screen.getByLabelText("Port (optional)")).toHaveAccessibleDescription(/1 to 65535/);
    expect(api.askedFor("POST /api/servers")).toEqual([]);
    await user.clear(screen.getByLabelText("Port (optional)"));
    await user.click(within(dialog).getByRole("button", { name: "Add" }));
    await waitFor(() =>
      expect(screen.getByLabelText("Name")).toHaveAccessibleDescription(/'prod 2' is no name/),
    );
    await waitFor(() => expect(screen.getByLabelText("Name")).toHaveFocus());
  });

  test("that exists is an error with the service's own words", async () => {
    const api = service().on("POST /api/servers", () =>
      problem(409, { code: "exists", message: "there is a server 'prod-2' already" }),
    );
    const { user, dialog } = await openTheForm(api);
    await user.type(screen.getByLabelText("Name"), "prod-2");
    await user.type(screen.getByLabelText("Address"), "192.0.2.7");
    await user.click(screen.getByRole("button", { name: "Add" }));
    expect(await within(dialog).findByRole("alert")).toHaveTextContent("there is a server 'prod-2' already");
  });
});

describe("editing a server", () => {
  test("sends what changed, with null for what was emptied", async () => {
    const api = service(aServer()).on("PATCH /api/servers/:name", () => ({ ...aServer(), notes: [] }));
    const { user } = open("/servers/prod-2", api);
    await user.click(await screen.findByRole("button", { name: "Edit" }));
    await user.clear(screen.getByLabelText("Provider (optional)"));
    await user.type(screen.getByLabelText("User (optional)"), "debian");
    await user.click(screen.getByRole("button", { name: "Save" }));
    expect(await screen.findByText("prod-2 was changed.")).toBeVisible();
    expect(api.askedFor("PATCH /api/servers/prod-2").map(({ body }) => body)).toEqual([
      { user: "debian", provider: null },
    ]);
  });

  test("that lifts a protection takes the name, typed", async () => {
    const api = service(aHost()).on("PATCH /api/servers/:name", () => ({
      ...aServer({ name: "control" }),
      notes: ["'control' keeps the marker of another installation"],
    }));
    const { user } = open("/servers/control", api);
    await user.click(await screen.findByRole("button", { name: "Edit" }));
    expect(screen.queryByLabelText('Type "control" to confirm:')).not.toBeInTheDocument();
    await user.click(screen.getByLabelText("It hosts infrakt: protect it"));
    const typed = screen.getByLabelText('Type "control" to confirm:');
    const save = screen.getByRole("button", { name: "Save" });
    await user.type(typed, "Control{Enter}");
    expect(save).toBeDisabled();
    expect(api.askedFor("PATCH /api/servers/control")).toEqual([]);
    await user.clear(typed);
    await user.type(typed, "control");
    await user.click(save);
    expect(await screen.findByText(/keeps the marker of another installation/)).toBeVisible();
    expect(api.askedFor("PATCH /api/servers/control").map(({ body }) => body)).toEqual([
      { is_infrakt_host: false, confirm: "control" },
    ]);
  });

  test("takes nothing back that became different meanwhile", async () => {
    let known = aServer({ host_key: null });
    const api = service()
      .on("GET /api/servers/:name", () => withRoute(known))
      .on("PATCH /api/servers/:name", () => ({ ...known, notes: [] }));
    const { user, queries } = open("/servers/prod-2", api);
    await user.click(await screen.findByRole("button", { name: "Edit" }));
    await user.type(screen.getByLabelText("Provider (optional)"), " cloud");
    known = aServer({ host: "192.0.2.99" });
    await act(() => queries.refetchQueries({ queryKey: ["servers", "prod-2"], exact: true }));
    await user.click(screen.getByRole("button", { name: "Save" }));
    await screen.findByText("prod-2 was changed.");
    expect(api.askedFor("PATCH /api/servers/prod-2").map(({ body }) => body)).toEqual([
      { provider: "hetzner cloud" },
    ]);
  });

  test("that changes nothing asks nothing of the service", async () => {
    const api = service(aServer());
    const { user } = open("/servers/prod-2", api);
    await user.click(await screen.findByRole("button", { name: "Edit" }));
    await user.click(screen.getByRole("button", { name: "Save" }));
    expect(screen.queryByRole("dialog")).not.toBeInTheDocument();
    expect(api.asked.filter(({ method }) => method === "PATCH")).toEqual([]);
  });
});

describe("removing a server", () => {
  const gone = () => new Response(null, { status: 204 });

  test("is asked about first, and ends at the list", async () => {
    const api = service(aServer()).on("DELETE /api/servers/:name", gone);
    const { user, path } = open("/servers/prod-2", api);
    await user.click(await screen.findByRole("button", { name: "Remove" }));
    const dialog = screen.getByRole("dialog", { name: "Remove prod-2 from the inventory?" });
    expect(within(dialog).getByRole("button", { name: "Cancel" })).toHaveFocus();
    expect(api.asked.filter(({ method }) => method === "DELETE")).toEqual([]);
    await user.click(within(dialog).getByRole("button", { name: "Remove" }));
    await waitFor(() => expect(path()).toBe("/servers"));
    expect(screen.getByText("prod-2 was removed from the inventory.")).toBeVisible();
  });

  test("takes its name, typed, where it is protected", async () => {
    const api = service(aHost()).on("DELETE /api/servers/:name", gone);
    const { user, path } = open("/servers/control", api);
    await user.click(await screen.findByRole("button", { name: "Remove" }));
    const remove = within(screen.getByRole("dialog")).getByRole("button", { name: "Remove" });
    expect(remove).toBeDisabled();
    await user.type(screen.getByLabelText('Type "control" to confirm:'), "control");
    await user.click(remove);
    await waitFor(() => expect(path()).toBe("/servers"));
    expect(api.askedFor("DELETE /api/servers/control")[0]?.body).toEqual({ confirm: "control" });
  });

  test("that the service refuses says why, and the server stays", async () => {
    const api = service(aServer()).on("DELETE /api/servers/:name", () =>
      problem(409, {
        code: "server_has_apps",
        message: "'prod-2' still has apps: shop",
        hint: "infrakt app remove shop",
      }),
    );
    const { user, path } = open("/servers/prod-2", api);
    await user.click(await screen.findByRole("button", { name: "Remove" }));
    await user.click(within(screen.getByRole("dialog")).getByRole("button", { name: "Remove" }));
    expect(await screen.findByRole("alert")).toHaveTextContent("'prod-2' still has apps: shop");
    expect(path()).toBe("/servers/prod-2");
  });
});
