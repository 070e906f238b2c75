import { screen, waitFor, within } from "@testing-library/react";
import { expect, test } from "vitest";
import type { RecipeDetails, RecipeParameter } from "../api/types";
import { FakeApi } from "../testing/fakeApi";
import { aHost, aPlan, aServer } from "../testing/fixtures";
import { expectAccessible, open } from "../testing/page";
import { aRunWithSteps } from "../testing/runs";

const parameter = (over: Partial<RecipeParameter>): RecipeParameter => ({
  name: "greeting",
  type: "string",
  default: "hello",
  help: "",
  ...over,
});

const recipe: RecipeDetails = {
  name: "greet.rhai",
  kept_by: "user",
  overrides_shipped: false,
  description: "Say hello.",
  source: '//! Say hello.\nssh::run("Say hello", "echo hello");\n',
  parameters: [
    parameter({}),
    parameter({ name: "loud", type: "bool", default: false, help: "In capitals" }),
    parameter({ name: "times", type: "int", default: 1 }),
    parameter({ name: "tone", choices: ["friendly", "formal"], default: "friendly" }),
    parameter({ name: "to", type: "list", default: [] }),
  ],
};

/** A service with the recipe, two servers, and a plan for whatever is asked. */
function service(plan = aPlan({ wipes: false })): FakeApi {
  return new FakeApi()
    .on("GET /api/recipes/:name", () => recipe)
    .on("GET /api/servers", () => [aHost(), aServer()])
    .on("GET /api/servers/:name/plan", () => plan)
    .on("POST /api/servers/:name/plan", () => plan)
    .on("POST /api/runs", () => Response.json({ run_id: 12 }, { status: 202 }))
    .on("GET /api/runs/:id", () => aRunWithSteps())
    .on("GET /api/runs/:id/events", () => new Response(""));
}

test("a recipe shows its text with the numbers of its lines", async () => {
  open("/recipes/greet", service());
  const source = await screen.findByRole("region", { name: "Source of greet" });
  const lines = within(source).getAllByRole("listitem");
  expect(lines.map((line) => [line.dataset.number, line.textContent.trim()])).toEqual([
    ["1", "//! Say hello."],
    ["2", 'ssh::run("Say hello", "echo hello");'],
  ]);
  await expectAccessible();
});

test("a recipe is run with what the form says, after its plan was shown", async () => {
  const api = service();
  const { user, path } = open("/recipes/greet", api);
  await user.selectOptions(await screen.findByLabelText("Server"), "prod-2");
  await user.click(screen.getByLabelText("loud"));
  await user.clear(screen.getByLabelText("times"));
  await user.type(screen.getByLabelText("times"), "3");
  await user.selectOptions(screen.getByLabelText("tone"), "formal");
  await user.type(screen.getByLabelText("to"), "alice{Enter}bob");
  await user.click(screen.getByRole("button", { name: "Show the plan" }));

  const parameters = { loud: true, times: 3, tone: "formal", to: ["alice", "bob"] };
  const run = await screen.findByRole("button", { name: "Run greet on prod-2" });
  expect(api.askedFor("POST /api/servers/prod-2/plan").at(-1)?.body).toEqual({ recipe: "greet", parameters });
  expect(api.askedFor("POST /api/runs")).toHaveLength(0);
  await expectAccessible();

  await user.click(run);
  await waitFor(() => expect(path()).toBe("/runs/12"));
  expect(api.askedFor("POST /api/runs")[0]?.body).toMatchObject({
    recipe: "greet",
    server: "prod-2",
    parameters,
  });
});

test("a form that is not filled in says so, and asks the service nothing", async () => {
  const api = service();
  const { user } = open("/recipes/greet", api);
  await user.clear(await screen.findByLabelText("times"));
  await user.type(screen.getByLabelText("times"), "often");
  await user.click(screen.getByRole("button", { name: "Show the plan" }));
  expect(screen.getByLabelText("times")).toBeInvalid();
  expect(screen.getByText("Choose a server.")).toBeInTheDocument();
  expect(api.asked.some(({ path }) => path.endsWith("/plan"))).toBe(false);
});

test("a plan that was shown for something else can't be started", async () => {
  const { user } = open("/recipes/greet?server=prod-2", service());
  await user.click(await screen.findByRole("button", { name: "Show the plan" }));
  await screen.findByRole("button", { name: "Run greet on prod-2" });
  await user.click(screen.getByLabelText("loud"));
  expect(screen.queryByRole("button", { name: "Run greet on prod-2" })).toBeNull();
});

test("a run is run again with the parameters it was given", async () => {
  const before = aRunWithSteps({
    state: "done",
    parameters: { greeting: "good day", loud: true, to: ["ada"] },
  });
  const api = service().on("GET /api/runs/:id", () => before);
  open("/recipes/greet?again=12", api);
  expect(await screen.findByLabelText("greeting")).toHaveValue("good day");
  expect(screen.getByLabelText("Server")).toHaveValue("prod-2");
  expect(screen.getByLabelText("loud")).toBeChecked();
  expect(screen.getByLabelText("to")).toHaveValue("ada");
  expect(screen.getByLabelText("times")).toHaveValue("1");
});

test("a recipe that destroys is run only with the server's exact name", async () => {
  const api = service(aPlan({ wipes: true }));
  const { user } = open("/recipes/greet?server=prod-2", api);
  await user.click(await screen.findByRole("button", { name: "Show the plan" }));
  await user.click(await screen.findByRole("button", { name: "Continue" }));
  const dialog = await screen.findByRole("dialog");
  const destroy = within(dialog).getByRole("button", { name: "Destroy & run greet" });
  expect(destroy).toBeDisabled();
  await user.type(within(dialog).getByLabelText('Type "prod-2" to confirm:'), "prod-2");
  await waitFor(() => expect(destroy).toBeEnabled());
  expect(api.askedFor("POST /api/runs")).toHaveLength(0);
  await user.click(destroy);
  await waitFor(() =>
    expect(api.askedFor("POST /api/runs")[0]?.body).toMatchObject({ server: "prod-2", confirm: "prod-2" }),
  );
});

test("secrets that the plan names are asked for, and sent with the run only", async () => {
  const api = service({ ...aPlan({ wipes: false }), secrets: ["TOKEN"] });
  const { user } = open("/recipes/greet?server=prod-2", api);
  await user.click(await screen.findByRole("button", { name: "Show the plan" }));
  const field = await screen.findByLabelText(/TOKEN/);
  expect(field).toHaveAttribute("type", "password");
  await user.type(field, "hunter2");
  await user.click(screen.getByRole("button", { name: "Run greet on prod-2" }));
  await waitFor(() =>
    expect(api.askedFor("POST /api/runs")[0]?.body).toMatchObject({ secrets: { TOKEN: "hunter2" } }),
  );
});
