import { onlineManager } from "@tanstack/react-query";
import { act, screen, waitFor, within } from "@testing-library/react";
import { describe, expect, test } from "vitest";
import type { Plan, RecipeParameter, Server } from "../api/types";
import { FakeApi, held, problem } from "../testing/fakeApi";
import {
  aHost,
  anApp,
  aPlan,
  aRun,
  aServer,
  aStatus,
  aStep,
  noLosses,
  someLosses,
  withRoute,
} from "../testing/fixtures";
import { expectAccessible, open } from "../testing/page";

const WIPES = "POST /api/servers/prod-2/provision";

/** A service that knows one server, and what can be asked of it. */
function serviceWith(server: Server, plan: Plan = aPlan()): FakeApi {
  return new FakeApi()
    .on("GET /api/servers", () => [server])
    .on("GET /api/servers/:name", () => withRoute(server))
    .on("GET /api/servers/:name/status", () => aStatus({ server: server.name, protected: server.protected }))
    .on("GET /api/servers/:name/plan", () => plan)
    .on("GET /api/runs", () => [aRun()])
    .on("GET /api/apps", () => [anApp()])
    .on("POST /api/servers/:name/provision", () => Response.json({ run_id: 12 }, { status: 202 }));
}

/** Opens the page of prod-2 and the question whether to wipe it. */
async function openTheQuestion(api: FakeApi) {
  const page = open("/servers/prod-2", api);
  const provision = await screen.findByRole("button", { name: "Provision" });
  await page.user.click(provision);
  const dialog = await screen.findByRole("dialog", { name: "Warning: This will wipe all data on prod-2" });
  return { ...page, dialog, provision };
}

/** The same, where a name is asked for. */
async function openTheModal(api: FakeApi) {
  const question = await openTheQuestion(api);
  const { dialog } = question;
  return {
    ...question,
    input: within(dialog).getByLabelText('Type "prod-2" to confirm:'),
    wipe: within(dialog).getByRole("button", { name: "Wipe & Provision" }),
    cancel: within(dialog).getByRole("button", { name: "Cancel" }),
    untilThePlanIsThere: () => within(dialog).findByText("3 volumes"),
  };
}

describe("the page of a server", () => {
  test("shows what the server says of itself, and what was run on it", async () => {
    open("/servers/prod-2", serviceWith(aServer()));
    expect(await screen.findByRole("heading", { level: 1, name: "prod-2" })).toBeVisible();
    expect(await screen.findByRole("meter", { name: "Memory" })).toHaveAttribute(
      "aria-valuetext",
      "902 MB, of 4.0 GB, 3.1 GB free",
    );
    expect(screen.getByRole("meter", { name: "Disk /" })).toHaveAttribute("aria-valuenow", "23");
    expect(screen.getByRole("row", { name: /db postgres:16 running/ })).toBeVisible();
    expect(await screen.findByRole("link", { name: "Run 12" })).toHaveAttribute("href", "/runs/12");
    expect(await screen.findByRole("row", { name: /shop shop\/web:1.5/ })).toBeVisible();
    expect(screen.getByText("SHA256:/xlvc9kHBATo7huSvMDxv73h+riyEWAP6OHP65xwtzg")).toBeVisible();
    await expectAccessible();
  });

  test("shows the variables that recipes read, and sets and removes those of the server", async () => {
    let vars: Record<string, unknown> = { region: "eu" };
    const api = serviceWith(aServer())
      .on("GET /api/servers/:name", () => {
        const known = withRoute(aServer({ vars }));
        const port = { value: 80, own: false, tags: { web: 80 } };
        return { ...known, variables: { ...known.variables, port } };
      })
      .on("PATCH /api/servers/:name", ({ body }) => {
        vars = { ...vars, ...(body as { vars: Record<string, unknown> }).vars };
        vars = Object.fromEntries(Object.entries(vars).filter(([, value]) => value !== null));
        return { ...aServer({ vars }), notes: [] };
      });
    const { user } = open("/servers/prod-2", api);
    const table = await screen.findByRole("table", { name: "Variables of prod-2" });
    expect(within(table).getByRole("row", { name: /port 80 web/ })).toBeVisible();
    expect(screen.queryByRole("button", { name: "Remove port" })).toBeNull();

    await user.click(screen.getByText("Set a variable"));
    await user.type(screen.getByLabelText("Variable"), "mirrors");
    await user.type(screen.getByLabelText("Value"), "[[a");
    await user.click(screen.getByRole("button", { name: "Set" }));
    expect(screen.getByText("This begins like JSON and is none.")).toBeVisible();
    await user.clear(screen.getByLabelText("Value"));
    await user.type(screen.getByLabelText("Value"), '[["a", "b"]');
    await user.click(screen.getByRole("button", { name: "Set" }));
    expect(await screen.findByRole("row", { name: /mirrors \["a","b"\] this server/ })).toBeVisible();

    await user.click(screen.getByRole("button", { name: "Remove region" }));
    await waitFor(() => expect(screen.queryByRole("row", { name: /region/ })).toBeNull());
    expect(api.askedFor("PATCH /api/servers/prod-2").map(({ body }) => body)).toEqual([
      { vars: { mirrors: ["a", "b"] } },
      { vars: { region: null } },
    ]);
    await expectAccessible();
  });

  test("says calmly that a server can't be reached, and what to do", async () => {
    const api = serviceWith(aServer()).on("GET /api/servers/:name/status", () =>
      problem(502, { code: "unreachable", message: "cannot reach 'prod-2'", hint: "check its address" }),
    );
    open("/servers/prod-2", api);
    expect(await screen.findByText("Could not reach prod-2.")).toBeVisible();
    expect(screen.getByText("cannot reach 'prod-2'")).toBeVisible();
    expect(screen.getByText(/Check its address/)).toBeVisible();
    expect(screen.getByRole("button", { name: "Provision" })).toBeEnabled();
  });

  test("of a server that does not exist is an error and no page", async () => {
    const api = serviceWith(aServer()).on("GET /api/servers/:name", () =>
      problem(404, {
        code: "unknown_server",
        message: "there is no server 'prod-9'",
        hint: "infrakt server list",
      }),
    );
    open("/servers/prod-9", api);
    expect(await screen.findByRole("alert")).toHaveTextContent("there is no server 'prod-9'");
    expect(screen.queryByRole("button", { name: "Provision" })).not.toBeInTheDocument();
  });
});

describe("provisioning a server that is not protected", () => {
  test("warns in words, and lists what will be lost", async () => {
    const { dialog, untilThePlanIsThere } = await openTheModal(serviceWith(aServer()));
    expect(dialog).toHaveTextContent(
      "All Docker containers, images, volumes, and app data will be permanently deleted before reprovisioning.",
    );
    await untilThePlanIsThere();
    const losses = within(dialog).getByRole("region", { name: "What will be lost" });
    expect(within(losses).getByText("pgdata").closest("li")).toHaveTextContent("4.2 MB");
    expect(losses).toHaveTextContent("600 kB, with 3 backups in backups/");
    expect(within(dialog).getByRole("status")).toHaveTextContent(
      "Will be lost: 3 containers, 2 images, 3 volumes, 1 network, 1 path, 1 app, 1 env file.",
    );
    await expectAccessible();
  });

  test("shows the exact commands that destroy", async () => {
    const { dialog, user, untilThePlanIsThere } = await openTheModal(serviceWith(aServer()));
    await untilThePlanIsThere();
    const [command] = within(dialog).getAllByText("docker system prune -af --volumes");
    expect(command).not.toBeVisible();
    await user.click(within(dialog).getByText("The exact commands that delete data (4)"));
    expect(command).toBeVisible();
  });

  test.each(["", "prod", "prod-22", "Prod-2", "PROD-2", "prod-2 ", " prod-2", "prod‑2"])(
    "can't be confirmed with “%s”",
    async (typed) => {
      const { input, wipe, user, untilThePlanIsThere } = await openTheModal(serviceWith(aServer()));
      await untilThePlanIsThere();
      if (typed !== "") await user.type(input, typed);
      expect(wipe).toBeDisabled();
    },
  );

  test("is confirmed with the exact name, and goes to the run", async () => {
    const api = serviceWith(aServer());
    const { input, wipe, user, path, untilThePlanIsThere } = await openTheModal(api);
    await untilThePlanIsThere();
    await user.type(input, "prod-2");
    expect(wipe).toBeEnabled();
    await user.click(wipe);
    await waitFor(() => expect(path()).toBe("/runs/12"));
    expect(api.askedFor(WIPES).map(({ body }) => body)).toEqual([
      { confirm: "prod-2", digest: "d506882013903ea531bed7429517ca17" },
    ]);
  });

  test("is not possible before the plan is there, however right the name is", async () => {
    const slow = held<Plan>();
    const api = serviceWith(aServer()).on("GET /api/servers/:name/plan", () => slow.answer);
    const { input, wipe, user, untilThePlanIsThere } = await openTheModal(api);
    await user.type(input, "prod-2");
    expect(wipe).toBeDisabled();
    slow.release(aPlan());
    await untilThePlanIsThere();
    expect(wipe).toBeEnabled();
  });

  test("is not possible if what is there to lose can't be read", async () => {
    const api = serviceWith(aServer()).on("GET /api/servers/:name/plan", () =>
      problem(502, { code: "unreachable", message: "cannot reach 'prod-2'", hint: "check its address" }),
    );
    const { dialog, user } = await openTheQuestion(api);
    const alert = await within(dialog).findByRole("alert");
    expect(alert).toHaveTextContent("cannot reach 'prod-2'");
    expect(within(alert).getByRole("link", { name: "Edit prod-2" })).toHaveAttribute(
      "href",
      "/servers/prod-2?edit",
    );
    // No name could ever start this, so none is asked for.
    expect(within(dialog).queryByLabelText(/to confirm/)).not.toBeInTheDocument();
    expect(within(dialog).queryByRole("button", { name: "Wipe & Provision" })).not.toBeInTheDocument();
    expect(within(dialog).getByRole("button", { name: "Close" })).toHaveFocus();
    api.on("GET /api/servers/:name/plan", () => aPlan());
    await user.click(within(dialog).getByRole("button", { name: "Try again" }));
    await within(dialog).findByText("3 volumes");
    await user.type(within(dialog).getByLabelText('Type "prod-2" to confirm:'), "prod-2");
    expect(within(dialog).getByRole("button", { name: "Wipe & Provision" })).toBeEnabled();
  });

  test("sends nothing before the button is pressed: not with Enter, not by cancelling, not by Escape", async () => {
    const api = serviceWith(aServer());
    const { input, cancel, provision, user, untilThePlanIsThere } = await openTheModal(api);
    await untilThePlanIsThere();
    await user.type(input, "prod-2{Enter}");
    await user.click(cancel);
    expect(screen.queryByRole("dialog")).not.toBeInTheDocument();
    await user.click(provision);
    await user.type(await screen.findByLabelText('Type "prod-2" to confirm:'), "prod-2{Escape}");
    expect(screen.queryByRole("dialog")).not.toBeInTheDocument();
    expect(api.asked.filter(({ method }) => method !== "GET")).toEqual([]);
  });

  test("forgets what was typed when it is cancelled", async () => {
    const { input, cancel, provision, user } = await openTheModal(serviceWith(aServer()));
    await user.type(input, "prod-2");
    await user.click(cancel);
    await user.click(provision);
    expect(await screen.findByLabelText('Type "prod-2" to confirm:')).toHaveValue("");
  });

  test("keeps the focus inside, begins at the name, and gives it back", async () => {
    const { dialog, input, cancel, wipe, provision, user, untilThePlanIsThere } = await openTheModal(
      serviceWith(aServer()),
    );
    expect(input).toHaveFocus();
    await untilThePlanIsThere();
    await user.type(input, "prod-2");
    await user.tab();
    expect(cancel).toHaveFocus();
    await user.tab();
    expect(wipe).toHaveFocus();
    await user.tab();
    expect(dialog).toContainElement(document.activeElement as HTMLElement);
    await user.tab({ shift: true });
    expect(wipe).toHaveFocus();
    await user.keyboard("{Escape}");
    expect(provision).toHaveFocus();
  });

  test("asks again, with the differences, when the plan is out of date", async () => {
    const api = serviceWith(aServer()).on(WIPES, () =>
      problem(422, { code: "stale_plan", message: "the server has changed since the plan was made" }),
    );
    const { dialog, input, wipe, user, path, untilThePlanIsThere } = await openTheModal(api);
    await untilThePlanIsThere();
    const newer = aPlan({
      digest: "ffff",
      losses: { ...someLosses, volumes: [...someLosses.volumes, { name: "orders", detail: "2.0 GB" }] },
    });
    api.on("GET /api/servers/:name/plan", () => newer);
    await user.type(input, "prod-2");
    await user.click(wipe);

    const alert = await within(dialog).findByRole("alert");
    expect(alert).toHaveTextContent("The plan has changed since it was shown. Nothing was done.");
    expect(alert).toHaveTextContent("the server has changed since the plan was made");
    expect(alert).toHaveTextContent("Would be lost too: volume orders");
    expect(input).toHaveValue("");
    expect(input).toHaveFocus();
    expect(wipe).toBeDisabled();

    api.on(WIPES, () => Response.json({ run_id: 13 }, { status: 202 }));
    await user.type(input, "prod-2");
    await user.click(wipe);
    await waitFor(() => expect(path()).toBe("/runs/13"));
    expect(api.askedFor(WIPES).map(({ body }) => body)).toEqual([
      { confirm: "prod-2", digest: "d506882013903ea531bed7429517ca17" },
      { confirm: "prod-2", digest: "ffff" },
    ]);
  });

  test("shows the commands unfolded where they destroy what no list knows of", async () => {
    const steps = [
      aStep({
        title: "Remove the archive",
        effect: "destroy",
        action: { kind: "run", command: "rm -rf /srv/archive" },
      }),
    ];
    const api = serviceWith(
      aServer(),
      aPlan({ steps, marks: ["would_change"], losses: noLosses, losses_complete: false, unlisted: [1] }),
    );
    const { dialog } = await openTheModal(api);
    const [command] = await within(dialog).findAllByText("rm -rf /srv/archive");
    expect(command).toBeVisible();
    expect(dialog).not.toHaveTextContent("hold nothing");
    expect(within(dialog).getByRole("status")).toHaveTextContent("1 command deletes data.");
  });

  test("is sent when the button is pressed or never, whatever the browser thinks of its network", async () => {
    const api = serviceWith(aServer()).on(WIPES, () => {
      throw new TypeError("network");
    });
    const { dialog, input, wipe, cancel, user, untilThePlanIsThere } = await openTheModal(api);
    await untilThePlanIsThere();
    await user.type(input, "prod-2");
    act(() => onlineManager.setOnline(false));
    await user.click(wipe);
    expect(await within(dialog).findByRole("alert")).toHaveTextContent("The run may have started.");
    await user.click(cancel);
    api.on(WIPES, () => Response.json({ run_id: 12 }, { status: 202 }));
    act(() => onlineManager.setOnline(true));
    await user.click(screen.getByRole("button", { name: "Provision" }));
    await screen.findByText("3 volumes");
    expect(api.askedFor(WIPES)).toHaveLength(1);
  });

  test("keeps what a user has typed when the page behind it can't be read again", async () => {
    const api = serviceWith(aServer());
    const { dialog, input, user, queries, untilThePlanIsThere } = await openTheModal(api);
    await untilThePlanIsThere();
    await user.type(input, "prod-");
    api.on("GET /api/servers/:name", () => {
      throw new TypeError("network");
    });
    await act(() => queries.refetchQueries({ queryKey: ["servers", "prod-2"], exact: true }));
    expect(await screen.findByText("This page may be out of date.")).toBeInTheDocument();
    expect(dialog).toBeInTheDocument();
    expect(input).toHaveValue("prod-");
  });

  test("says who is at work there", async () => {
    const api = serviceWith(aServer()).on(WIPES, () =>
      problem(409, { code: "locked", message: "another run is in progress on 'prod-2': run 11 of bob@desk" }),
    );
    const { dialog, input, wipe, user, untilThePlanIsThere } = await openTheModal(api);
    await untilThePlanIsThere();
    await user.type(input, "prod-2");
    await user.click(wipe);
    expect(await within(dialog).findByRole("alert")).toHaveTextContent("run 11 of bob@desk");
    expect(within(dialog).getByRole("link", { name: "Runs on prod-2" })).toHaveAttribute(
      "href",
      "/runs?server=prod-2",
    );
  });

  test("does not guess whether a run began when there was no answer", async () => {
    const api = serviceWith(aServer()).on(WIPES, () => {
      throw new TypeError("network");
    });
    const { dialog, input, wipe, user, untilThePlanIsThere } = await openTheModal(api);
    await untilThePlanIsThere();
    await user.type(input, "prod-2");
    await user.click(wipe);
    expect(await within(dialog).findByRole("alert")).toHaveTextContent("The run may have started.");
    expect(wipe).toBeDisabled();
  });

  test("can't be sent twice, nor be looked away from while it is on its way", async () => {
    const slow = held<Response>();
    const api = serviceWith(aServer()).on(WIPES, () => slow.answer);
    const { input, wipe, cancel, user, path, untilThePlanIsThere } = await openTheModal(api);
    await untilThePlanIsThere();
    await user.type(input, "prod-2");
    await user.dblClick(wipe);
    expect(wipe).toHaveAttribute("aria-disabled", "true");
    expect(cancel).toBeDisabled();
    await user.keyboard("{Escape}");
    expect(screen.getByRole("dialog")).toBeVisible();
    slow.release(Response.json({ run_id: 12 }, { status: 202 }));
    await waitFor(() => expect(path()).toBe("/runs/12"));
    expect(api.askedFor(WIPES)).toHaveLength(1);
  });

  test("is refused where the plan says so, and the reason is shown", async () => {
    const refused = {
      code: "no_identity",
      message: "'prod-2' has no machine-id",
      hint: "systemd-machine-id-setup",
    };
    const { dialog } = await openTheQuestion(serviceWith(aServer(), aPlan({ refused })));
    expect(await within(dialog).findByRole("alert")).toHaveTextContent("'prod-2' has no machine-id");
    expect(within(dialog).queryByLabelText(/to confirm/)).not.toBeInTheDocument();
    expect(within(dialog).queryByRole("button", { name: "Wipe & Provision" })).not.toBeInTheDocument();
  });

  test("says why where the host key has changed, and shows the new one to compare", async () => {
    const key = "SHA256:1NRdIBgTg/VDbf3mLc0kwzGlrmpV7SIwDQD96yoNLm4";
    const api = serviceWith(aServer()).on("GET /api/servers/:name/plan", () =>
      problem(502, {
        code: "host_key_changed",
        message: "the host key of 'prod-2' has changed",
        hint: `compare it: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub\nif it is the same: infrakt server update prod-2 --host-key ${key}`,
      }),
    );
    const { dialog } = await openTheQuestion(api);
    expect(await within(dialog).findByRole("alert")).toHaveTextContent(
      "the host key of 'prod-2' has changed",
    );
    expect(within(dialog).getByText(key)).toBeVisible();
    expect(within(dialog).queryByLabelText('Type "prod-2" to confirm:')).not.toBeInTheDocument();
    expect(dialog).not.toHaveTextContent("infrakt server update");
  });

  test("says so while what is typed can’t become the name", async () => {
    const { input, user, untilThePlanIsThere } = await openTheModal(serviceWith(aServer()));
    await untilThePlanIsThere();
    await user.type(input, "prod");
    expect(input).toBeValid();
    await user.type(input, "{Enter}");
    expect(input).toHaveAccessibleDescription("This is not the name “prod-2”.");
    await user.type(input, "-2");
    expect(input).toBeValid();
    await user.type(input, "2");
    expect(input).toHaveAccessibleDescription("This is not the name “prod-2”.");
  });

  test("tells the server and the counts before everything else", async () => {
    const { dialog, untilThePlanIsThere } = await openTheModal(serviceWith(aServer()));
    await untilThePlanIsThere();
    expect(dialog).toHaveTextContent(
      /Server\s*prod-2 192\.0\.2\.7\s*Deleted\s*3 containers, 2 images, 3 volumes, .*Destructive steps\s*4/,
    );
  });

  test("asks for the password of sudo, and sends it with this run only", async () => {
    const api = serviceWith(aServer())
      .on("GET /api/servers/:name/plan", () =>
        problem(502, { code: "sudo_needs_password", message: "sudo wants a password" }),
      )
      .on("POST /api/servers/:name/plan", ({ body }) =>
        (body as { sudo_password: string }).sudo_password === "hunter2"
          ? aPlan()
          : problem(502, { code: "sudo_wrong_password", message: "sudo does not accept it" }),
      );
    const { dialog, user, path, queries } = await openTheQuestion(api);
    const password = await within(dialog).findByLabelText("Password for sudo");
    expect(password).toHaveAttribute("type", "password");
    await user.type(password, "guess{Enter}");
    const again = await within(dialog).findByLabelText("Password for sudo");
    await waitFor(() => expect(again).toHaveAccessibleDescription(/sudo does not accept it/));
    await user.clear(again);
    await user.type(again, "hunter2{Enter}");
    await within(dialog).findByText("3 volumes");
    await user.type(within(dialog).getByLabelText('Type "prod-2" to confirm:'), "prod-2");
    await user.click(within(dialog).getByRole("button", { name: "Wipe & Provision" }));
    await waitFor(() => expect(path()).toBe("/runs/12"));
    expect(api.askedFor(WIPES)[0]?.body).toMatchObject({ sudo_password: "hunter2", confirm: "prod-2" });
    // Nothing that outlives the dialog holds it.
    const kept = queries
      .getQueryCache()
      .getAll()
      .map(({ queryKey, state }) => [queryKey, state]);
    expect(JSON.stringify([kept, Object.values(sessionStorage), Object.values(localStorage)])).not.toContain(
      "hunter2",
    );
  });

  test("asks for the secrets that the plan names, and sends them with the run only", async () => {
    const api = serviceWith(aServer(), aPlan({ secrets: ["TOKEN"] }));
    const { dialog, input, wipe, user, path, untilThePlanIsThere } = await openTheModal(api);
    await untilThePlanIsThere();
    await user.type(within(dialog).getByLabelText("Secret TOKEN"), "s3cret");
    await user.type(input, "prod-2");
    await user.click(wipe);
    await waitFor(() => expect(path()).toBe("/runs/12"));
    expect(api.askedFor(WIPES)[0]?.body).toMatchObject({ secrets: { TOKEN: "s3cret" } });
  });

  test("can leave the data alone: then no name is asked for", async () => {
    const api = serviceWith(aServer()).on("GET /api/servers/:name/plan", ({ query }) =>
      aPlan({ wipes: query.get("keep_data") !== "true" }),
    );
    const { user, path } = open("/servers/prod-2", api);
    await user.click(await screen.findByRole("button", { name: "Provision without wiping" }));
    expect(await screen.findByText("4 steps: 3 change, 1 check.", { exact: false })).toBeVisible();
    expect(screen.queryByRole("dialog")).not.toBeInTheDocument();
    await user.click(screen.getByRole("button", { name: "Provision, keep all data" }));
    await waitFor(() => expect(path()).toBe("/runs/12"));
    expect(api.askedFor(WIPES)[0]?.body).toEqual({ digest: "0f2b6a55c0ffee00", keep_data: true });
  });
});

describe("a server with a run in progress", () => {
  test("says so, and can't be provisioned meanwhile", async () => {
    const run = aRun({ id: 14, state: "running", ended_at: null, recipe: "motd.rhai" });
    open("/servers/prod-2", serviceWith(aServer({ last_run: run })));
    expect(await screen.findByText("Run 14 is running: motd")).toBeVisible();
    expect(screen.getByRole("link", { name: "Watch run 14" })).toHaveAttribute("href", "/runs/14");
    expect(screen.getByRole("button", { name: "Provision" })).toBeDisabled();
    expect(screen.getByRole("button", { name: "Provision without wiping" })).toBeDisabled();
    expect(screen.getByText(/Not possible now:/)).toHaveTextContent("run 14 (motd) is using prod-2");
  });
});

describe("the settings of a provisioning", () => {
  const email: RecipeParameter = { name: "email", type: "string", default: "", help: "For Let's Encrypt" };
  const acme: RecipeParameter = {
    name: "acme_server",
    type: "string",
    default: "https://acme-v02.api.letsencrypt.org/directory",
    help: "Directory URL of the ACME server that issues certificates",
  };
  const firewall: RecipeParameter = { name: "firewall", type: "bool", default: true, help: "Block" };
  const withSettings = (server: Server) =>
    serviceWith(server)
      .on("GET /api/recipes/:name", () => ({ parameters: [email, firewall, acme] }))
      .on("POST /api/servers/:name/plan", () => aPlan());

  test("that matter are in sight before it begins, and are sent", async () => {
    const api = withSettings(aServer());
    const { user } = open("/servers/prod-2", api);
    expect(await screen.findByLabelText("email")).toBeVisible();
    expect(screen.getByText("More settings (1)")).toBeVisible();
    expect(screen.getByLabelText("firewall")).not.toBeVisible();
    const server = screen.getByLabelText("acme_server");
    expect(server).toBeVisible();
    expect(server).toHaveValue("https://acme-v02.api.letsencrypt.org/directory");
    await user.type(screen.getByLabelText("email"), "ops@example.org");
    await user.clear(server);
    await user.type(server, "https://acme.example.org/directory");
    await user.click(screen.getByRole("button", { name: "Provision" }));
    await screen.findByText("3 volumes");
    expect(api.askedFor("POST /api/servers/prod-2/plan").at(-1)?.body).toEqual({
      recipe: "provision",
      parameters: { email: "ops@example.org", acme_server: "https://acme.example.org/directory" },
    });
  });

  test.each([
    ["provisioned", "Provision without wiping"],
    [null, "Provision"],
  ])("on a server that is %s the first button is “%s”", async (status, name) => {
    open("/servers/prod-2", withSettings(aServer({ status })));
    expect(await screen.findByRole("button", { name })).toHaveClass("primary");
  });
});

describe("provisioning a server that hosts infrakt", () => {
  const host = aHost();
  const plan = aPlan({ wipes: false });

  test("shows its plan and no modal, and wipes nothing", async () => {
    const api = serviceWith(host, {
      ...plan,
      server: { ...plan.server, name: "control", protected: host.protected },
    });
    const { user, path } = open("/servers/control", api);
    expect((await screen.findAllByText("its row says that it hosts infrakt"))[0]).toBeVisible();
    expect(screen.queryByRole("button", { name: "Provision without wiping" })).not.toBeInTheDocument();
    await user.click(screen.getByRole("button", { name: "Provision" }));
    const start = await screen.findByRole("button", { name: "Provision as it is" });
    expect(screen.queryByRole("dialog")).not.toBeInTheDocument();
    await expectAccessible();
    await user.click(start);
    await waitFor(() => expect(path()).toBe("/runs/12"));
    expect(api.askedFor("POST /api/servers/control/provision").map(({ body }) => body)).toEqual([
      { digest: "0f2b6a55c0ffee00" },
    ]);
  });

  test("holds too where only the machine itself says so", async () => {
    const api = serviceWith(aServer(), plan).on("GET /api/servers/:name/status", () =>
      aStatus({
        protected: [{ code: "marker", message: "it has the marker /etc/infrakt/host" }],
      }),
    );
    const { user } = open("/servers/prod-2", api);
    expect(await screen.findByText("it has the marker /etc/infrakt/host")).toBeVisible();
    await user.click(screen.getByRole("button", { name: "Provision" }));
    expect(await screen.findByRole("button", { name: "Provision as it is" })).toBeEnabled();
    expect(screen.queryByRole("dialog")).not.toBeInTheDocument();
  });

  test("is believed from the plan, if nothing else was known in time", async () => {
    const slow = held<Response>();
    const api = serviceWith(aServer(), plan).on("GET /api/servers/:name/status", () => slow.answer);
    const { user } = open("/servers/prod-2", api);
    await user.click(await screen.findByRole("button", { name: "Provision" }));
    const dialog = await screen.findByRole("dialog", { name: "Nothing is deleted on prod-2" });
    expect(
      within(dialog).getByText("This plan deletes nothing, so you don’t have to type the server’s name."),
    ).toBeVisible();
    expect(within(dialog).queryByLabelText(/to confirm/)).not.toBeInTheDocument();
    expect(within(dialog).getByRole("button", { name: "Provision" })).toBeEnabled();
  });
});
