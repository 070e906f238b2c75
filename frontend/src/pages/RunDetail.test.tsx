import { screen, waitFor, within } from "@testing-library/react";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { RunDetails } from "../api/types";
import { FakeApi, problem } from "../testing/fakeApi";
import { expectAccessible, open } from "../testing/page";
import { aRunWithSteps, aRunStep, FakeStream } from "../testing/runs";

afterEach(() => vi.useRealTimers());

/** A service with one run, whose summary a story may change. */
function service(run: RunDetails) {
  const stream = new FakeStream();
  const state = { run };
  const api = new FakeApi()
    .on("GET /api/runs/:id", () => state.run)
    .on("GET /api/runs/:id/events", ({ headers }) =>
      stream.answer(Number(headers.get("Last-Event-ID") ?? 0)),
    );
  return { api, stream, state };
}

const started = (step: number) => ({ event: "step_started", step, title: null });
const ended = (step: number, outcome: string, over = {}) => ({
  event: "step_ended",
  step,
  title: null,
  outcome,
  exit_status: outcome === "failed" ? 100 : 0,
  duration_ms: 1200,
  reason: null,
  ...over,
});
const printed = (step: number, text: string, stream = "stdout") => ({ event: "output", step, stream, text });

const step = (name: RegExp) => screen.findByRole("button", { name });

test("a check that passed is called a check, as in the terminal", async () => {
  const steps = [aRunStep(1, "no_change", { effect: "check" }), aRunStep(2, "no_change")];
  const { api } = service(aRunWithSteps({ state: "done", steps }));
  open("/runs/12", api);
  expect(await step(/Step one\s*check/)).toBeInTheDocument();
  expect(await step(/Step two\s*no change/)).toBeInTheDocument();
  expect(screen.getByText("1 check")).toBeInTheDocument();
});

describe("a run in progress", () => {
  const steps = [aRunStep(1, null), aRunStep(2, null), aRunStep(3, null, { section: "Proof" })];

  test("is shown as it happens, to its end", async () => {
    const { api, stream, state } = service(aRunWithSteps({ steps }));
    open("/runs/12", api);
    const bar = await screen.findByRole("progressbar");
    expect(bar).toHaveAttribute("aria-valuetext", "0 of 3 steps");

    stream.tell(started(1), printed(1, "Get:1 packages\n"));
    expect(await step(/Step one.*running/)).toBeInTheDocument();

    stream.tell(ended(1, "changed"), started(2), ended(2, "no_change"), started(3), ended(3, "changed"));
    await waitFor(() => expect(bar).toHaveAttribute("aria-valuenow", "3"));
    expect(await step(/Step two.*no change/)).toBeInTheDocument();

    state.run = aRunWithSteps({ state: "done", steps: steps.map(({ step }) => aRunStep(step, "changed")) });
    stream.end("done");
    expect(await screen.findByText("Done")).toBeInTheDocument();
    expect(screen.queryByRole("button", { name: "Stop" })).toBeNull();
  });

  test("keeps what a step printed under it: opened, searched, with errors marked", async () => {
    const { api, stream } = service(aRunWithSteps({ steps }));
    stream.tell(
      started(1),
      printed(1, "\u001b[32mfine\u001b[0m\nneedle one\n"),
      printed(1, "a warning\n", "stderr"),
      ended(1, "changed"),
      started(2),
      printed(2, "another Needle\n"),
    );
    const { user } = open("/runs/12", api);

    await user.type(await screen.findByRole("searchbox"), "needle");
    expect(await screen.findByText("2 found")).toBeInTheDocument();
    await user.keyboard("{Enter}");
    expect(await screen.findByText("1 of 2 found")).toBeInTheDocument();
    const log = await screen.findByRole("region", { name: "Output of step 1: Step one" });
    expect(within(log).getByText("needle")).toHaveClass("current");
    expect(within(log).getByText("fine")).toHaveClass("ansi-fg-green");
    expect(within(log).getByText(/a warning/)).toHaveClass("stderr");
    await user.keyboard("{Enter}");
    expect(await screen.findByText("2 of 2 found")).toBeInTheDocument();
    expect(await screen.findByRole("region", { name: "Output of step 2: Step two" })).toBeInTheDocument();
  });

  test("says that the connection is lost, and continues where it was when the connection comes back", async () => {
    const { api, stream } = service(aRunWithSteps({ steps }));
    stream.tell(started(1), ended(1, "changed"));
    open("/runs/12", api);
    expect(await step(/Step one.*changed/)).toBeInTheDocument();

    let down = true;
    api.on("GET /api/runs/:id/events", ({ headers }) =>
      down
        ? problem(503, { code: "busy", message: "too many event streams" })
        : stream.answer(Number(headers.get("Last-Event-ID") ?? 0)),
    );
    stream.cut();
    expect(await screen.findByText(/reconnecting/)).toBeInTheDocument();

    down = false;
    stream.tell(started(2), ended(2, "changed"));
    expect(await screen.findByRole("button", { name: /Step two.*changed/ })).toBeInTheDocument();
    await waitFor(() => expect(screen.queryByText(/reconnecting/)).toBeNull());
    expect(api.asked.at(-1)?.headers.get("Last-Event-ID")).toBe("2");
  });

  test("closes its stream when the page is left", async () => {
    const { api, stream } = service(aRunWithSteps({ steps }));
    api.on("GET /api/apps", () => []);
    const { user } = open("/runs/12", api);
    await screen.findByRole("progressbar");
    await waitFor(() => expect(stream.listeners).toBe(1));
    await user.click(screen.getByRole("link", { name: "Apps" }));
    await waitFor(() => expect(stream.listeners).toBe(0));
  });

  test("leaves its stream while it is hidden, and later reads on from there", async () => {
    vi.useFakeTimers({ shouldAdvanceTime: true });
    const { api, stream } = service(aRunWithSteps({ steps }));
    stream.tell(started(1), ended(1, "changed"));
    open("/runs/12", api);
    expect(await step(/Step one.*changed/)).toBeInTheDocument();

    const seen = vi.spyOn(document, "hidden", "get").mockReturnValue(true);
    document.dispatchEvent(new Event("visibilitychange"));
    await vi.advanceTimersByTimeAsync(20_000);
    expect(stream.listeners).toBe(0);
    stream.tell(started(2), ended(2, "changed"));

    seen.mockReturnValue(false);
    document.dispatchEvent(new Event("visibilitychange"));
    expect(await step(/Step two.*changed/)).toBeInTheDocument();
    const last = api.askedFor("GET /api/runs/12/events").at(-1);
    expect(last?.headers.get("Last-Event-ID")).toBe("2");
  });

  test("is stopped only after a question", async () => {
    const { api } = service(aRunWithSteps({ steps }));
    api.on("POST /api/runs/:id/stop", () => aRunWithSteps({ steps }));
    const { user } = open("/runs/12", api);
    await user.click(await screen.findByRole("button", { name: "Stop" }));
    const dialog = await screen.findByRole("dialog", { name: "Stop run 12?" });
    await user.click(within(dialog).getByRole("button", { name: "Let it run" }));
    expect(api.askedFor("POST /api/runs/12/stop")).toHaveLength(0);

    await user.click(screen.getByRole("button", { name: "Stop" }));
    await user.click(await screen.findByRole("button", { name: "Stop after this step" }));
    await waitFor(() => expect(api.askedFor("POST /api/runs/12/stop").map(({ body }) => body)).toEqual([{}]));

    await user.click(await screen.findByRole("button", { name: /Stop now\?/ }));
    await user.click(await screen.findByRole("button", { name: "Stop now" }));
    await waitFor(() => expect(api.askedFor("POST /api/runs/12/stop")[1]?.body).toEqual({ now: true }));
  });
});

describe("a run that failed", () => {
  const failed = aRunWithSteps({
    state: "failed",
    reason: "step 2 failed: Step two: exit status 100",
    consent: { server: "prod-2", digest: "5c9e", who: "bob@desk", how: "typed", at: "2026-01-02T03:04:05Z" },
    notices: ["connection lost, trying again"],
    steps: [aRunStep(1, "changed"), aRunStep(2, "failed", { exit_status: 100 }), aRunStep(3, "skipped")],
  });
  const past = () => {
    const all = service(failed);
    all.stream
      .tell(
        started(1),
        ended(1, "changed"),
        started(2),
        printed(2, "E: Unable to locate package\n", "stderr"),
      )
      .tell(ended(2, "failed"), { event: "notice", message: "connection lost, trying again" })
      .end("failed", "step 2 failed: Step two: exit status 100");
    return all;
  };

  test("opens the step that failed by itself, and says why and what to do", async () => {
    const { api } = past();
    const page = open("/runs/12", api);
    expect(await screen.findByText("Step 2 failed: Step two")).toBeInTheDocument();
    expect(await screen.findByText("E: Unable to locate package", { exact: false })).toBeVisible();
    // Beside the heading, and at the step itself.
    expect(screen.getAllByText("exit status 100")).toHaveLength(2);
    expect(screen.getByRole("group", { name: "Command of: Step two" })).toBeVisible();
    expect(screen.getByText(/Fix the cause, then choose Resume/)).toBeInTheDocument();
    expect(screen.getByText(/bob@desk/)).toBeInTheDocument();
    expect(screen.getByText("connection lost, trying again")).toBeInTheDocument();
    // What was not begun has no output, but can be read.
    const { user } = page;
    await user.click(screen.getByRole("button", { name: /Step three.*skipped/ }));
    expect(screen.queryByText("No output.")).toBeNull();
    expect(screen.getByRole("group", { name: "Command of: Step three" })).toBeVisible();
    expect(screen.getAllByText(/provision\.rhai:12/).at(-1)).toBeVisible();
    await expectAccessible();
  });

  test("continues in place when it is resumed", async () => {
    const { api, stream, state } = past();
    api.on("POST /api/runs/:id/resume", () => {
      state.run = { ...failed, state: "running", reason: null, resumable: false };
      stream.reopen();
      return Response.json({ run_id: 12 }, { status: 202 });
    });
    const { user } = open("/runs/12", api);
    await user.click(await screen.findByRole("button", { name: "Resume" }));
    await screen.findByRole("button", { name: "Stop" });
    stream.tell(started(2), ended(2, "changed"), started(3), ended(3, "changed"));
    expect(await step(/Step three.*changed/)).toBeInTheDocument();
    expect(screen.queryByText("Step 2 failed: Step two")).toBeNull();
    state.run = { ...failed, state: "done", reason: null, resumable: false };
    stream.end("done");
    expect(await screen.findByText("Done")).toBeInTheDocument();
  });

  test("tells what a resumed step prints from what it printed before", async () => {
    const { api, stream } = past();
    stream.reopen();
    stream.tell(started(2), printed(2, "second try\n"), ended(2, "failed"));
    stream.end("failed");
    open("/runs/12", api);
    const log = await screen.findByRole("region", { name: "Output of step 2: Step two" });
    await waitFor(() => expect(log).toHaveTextContent(/Unable to locate package\s*Attempt 2\s*second try/));
  });

  test("can be run again with what it was given", async () => {
    const { api } = past();
    open("/runs/12", api);
    expect(await screen.findByRole("link", { name: "Run again" })).toHaveAttribute(
      "href",
      "/recipes/provision?again=12",
    );
  });

  test("asks for the password of sudo where the server wants one", async () => {
    const { api } = past();
    api.on("POST /api/runs/:id/resume", ({ body }) =>
      (body as { sudo_password?: string }).sudo_password === "hunter2"
        ? Response.json({ run_id: 12 }, { status: 202 })
        : problem(502, { code: "sudo_needs_password", message: "sudo wants a password" }),
    );
    const { user } = open("/runs/12", api);
    await user.click(await screen.findByRole("button", { name: "Resume" }));
    const dialog = await screen.findByRole("dialog", { name: "sudo on prod-2 needs a password" });
    await user.type(within(dialog).getByLabelText("Password for sudo"), "hunter2");
    await user.click(within(dialog).getByRole("button", { name: "Resume" }));
    await waitFor(() =>
      expect(api.askedFor("POST /api/runs/12/resume").at(-1)?.body).toEqual({ sudo_password: "hunter2" }),
    );
  });

  test("asks how a step ended whose end infrakt did not see", async () => {
    const { api } = past();
    api.on("POST /api/runs/:id/resume", ({ body }) =>
      (body as { unknown?: string }).unknown === undefined
        ? problem(409, { code: "unknown_step", message: "step 2 may have run on 'prod-2'" })
        : Response.json({ run_id: 12 }, { status: 202 }),
    );
    const { user } = open("/runs/12", api);
    await user.click(await screen.findByRole("button", { name: "Resume" }));
    const dialog = await screen.findByRole("dialog", { name: "Did this step run?" });
    expect(within(dialog).getByText(/may have run/)).toBeInTheDocument();
    await expectAccessible();
    await user.click(within(dialog).getByRole("button", { name: "It ran: continue with the next" }));
    await waitFor(() =>
      expect(api.askedFor("POST /api/runs/12/resume").map(({ body }) => body)).toEqual([
        {},
        { unknown: "done" },
      ]),
    );
  });

  test("asks for the name again where the consent no longer holds", async () => {
    const { api } = past();
    api.on("POST /api/runs/:id/resume", ({ body }) =>
      (body as { confirm?: string }).confirm === "prod-2"
        ? Response.json({ run_id: 12 }, { status: 202 })
        : problem(422, { code: "consent_missing", message: "the consent is older than a day" }),
    );
    const { user } = open("/runs/12", api);
    await user.click(await screen.findByRole("button", { name: "Resume" }));
    const dialog = await screen.findByRole("dialog");
    const resume = within(dialog).getByRole("button", { name: "Resume" });
    await user.type(within(dialog).getByLabelText('Type "prod-2" to confirm:'), "prod-");
    expect(resume).toBeDisabled();
    await user.keyboard("2");
    await user.click(resume);
    await waitFor(() =>
      expect(api.askedFor("POST /api/runs/12/resume").at(-1)?.body).toEqual({ confirm: "prod-2" }),
    );
  });

  test("says why it was not resumed", async () => {
    const { api } = past();
    api.on("POST /api/runs/:id/resume", () =>
      problem(409, { code: "locked", message: "run 14 is at work on 'prod-2'", hint: "wait for it" }),
    );
    const { user } = open("/runs/12", api);
    await user.click(await screen.findByRole("button", { name: "Resume" }));
    expect(await screen.findByText("run 14 is at work on 'prod-2'")).toBeInTheDocument();
    await user.click(screen.getByRole("button", { name: "Close" }));
    expect(screen.queryByRole("dialog")).toBeNull();
  });
});

describe("a run that is not there", () => {
  test("is said, with what to do", async () => {
    const api = new FakeApi().on("GET /api/runs/:id", () =>
      problem(404, {
        code: "unknown_run",
        message: "there is no run 99",
        hint: "see all: infrakt runs list",
      }),
    );
    open("/runs/99", api);
    expect(await screen.findByText("there is no run 99")).toBeInTheDocument();
    expect(screen.getByText(/infrakt runs list/)).toBeInTheDocument();
  });

  test("is not asked for where the address names no number", async () => {
    const api = new FakeApi();
    open("/runs/..%2Fservers", api);
    expect(await screen.findByRole("heading", { name: "No such run" })).toBeInTheDocument();
    expect(api.asked.filter(({ path }) => path !== "/api/health")).toEqual([]);
  });
});
