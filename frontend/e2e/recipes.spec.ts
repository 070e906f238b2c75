import type { Machine } from "./computer.ts";
import { expect, needsLab, story } from "./story.ts";

needsLab();
story.use({ about: "recipes" });
story.describe.configure({ mode: "serial" });

let machine: Machine;

story.beforeAll(({ boot, service }) => {
  machine = boot("recipe");
  service.add("web-1", machine);
  service.write(
    "greet",
    `//! Greet someone, once the file /root/ready is there.
let name = param("name", "world", "Who is greeted");
let token = secret("GREETING_TOKEN");

section("Preparation");
ssh::run("Print in colours", "printf '\\\\033[32mgreen\\\\033[0m and plain\\\\n'; echo 'to standard error' >&2");
ssh::run("Print many lines", "seq -f 'line %g' 1 5000");
section("Greeting");
ssh::run("Look for the file", "test -e /root/ready || { echo 'E: /root/ready is missing' >&2; exit 7; }");
ssh::run("Greet", \`echo hello \${quote(name)} > /root/greeting; echo "the token is $TOKEN"\`).env("TOKEN", token);
`,
  );
  service.write(
    "motd",
    `//! Write the message of the day.
ssh::upload("Write the message", "/etc/motd", "Welcome.\\nAsk ops@example.org first.\\n");
`,
  );
  service.write(
    "slow",
    `//! Wait until it may continue.
section("Slow");
ssh::run("First", "until test -e /root/go; do sleep 0.1; done; echo one >> /root/slow");
ssh::run("Second", "echo two >> /root/slow");
ssh::run("Third", "echo three >> /root/slow");
`,
  );
});

/** Lets the first step of `slow` end when the server knows that the run is to stop after it. */
function endFirstStepOnceStopped(): void {
  const script = "until grep -q stop /var/lib/infrakt/spool/*/order; do sleep 0.1; done; touch /root/go";
  machine.exec("timeout", "120", "sh", "-c", script);
}

story(
  "a plan shows which lines of a file would change, below each other and side by side",
  async ({ dashboard }) => {
    machine.exec("sh", "-c", "printf 'Welcome.\\nAsk ops first.\\n' >/etc/motd; chmod 644 /etc/motd");
    await dashboard.getByRole("link", { name: "Recipes", exact: true }).click();
    await dashboard.getByRole("link", { name: "motd" }).click();
    await dashboard.getByRole("button", { name: "Show the plan" }).click();
    const plan = dashboard.getByRole("region", { name: "Plan: motd on web-1" });
    const step = plan.getByRole("listitem").filter({ hasText: "Write the message" });
    await expect(step).toContainText("+1 −1");
    await step.getByText("Write the message").click();
    await expect(step.getByRole("row").filter({ hasText: "Ask ops first." })).toContainText("−");
    await expect(step.getByRole("row").filter({ hasText: "Ask ops@example.org first." })).toContainText("+");
    await step.getByRole("button", { name: "Side by side" }).click();
    const changed = step.getByRole("row").filter({ hasText: "Ask ops first.", visible: true });
    await expect(changed).toContainText("Ask ops@example.org first.");
  },
);

story(
  "a recipe is read, planned and run with parameters and a secret; its failure explains itself",
  async ({ dashboard }) => {
    await dashboard.getByRole("link", { name: "Recipes", exact: true }).click();
    await dashboard.getByRole("link", { name: "greet" }).click();
    await expect(dashboard.getByRole("region", { name: "Source of greet" })).toContainText('param("name"');

    await dashboard.getByLabel("name", { exact: true }).fill("Ada O'Hara");
    await dashboard.getByRole("button", { name: "Show the plan" }).click();
    const run = dashboard.getByRole("button", { name: "Run greet on web-1" });
    await expect(run).toBeEnabled();
    await dashboard.getByLabel(/GREETING_TOKEN/).fill("s3cret-t0ken");
    await run.click();

    await expect(dashboard).toHaveURL(/\/runs\/\d+$/);
    await expect(dashboard.getByText("Step 3 failed: Look for the file")).toBeVisible();
    await expect(dashboard.getByText("E: /root/ready is missing", { exact: true })).toBeVisible();
    await expect(dashboard.getByText("exit status 7").first()).toBeVisible();
  },
);

story(
  "what was printed is searched, in colours, and only as much as can be seen is on the page",
  async ({ dashboard }) => {
    await dashboard.goto("/runs");
    await dashboard.getByRole("link", { name: /greet/ }).click();
    await dashboard.getByRole("searchbox").fill("line 4321");
    await expect(dashboard.getByRole("search").getByRole("status")).toHaveText("1 found");
    await dashboard.getByRole("searchbox").press("Enter");
    const log = dashboard.getByRole("region", { name: /Print many lines/ });
    await expect(log.locator("mark")).toBeInViewport();
    expect(await log.locator("[data-line]").count(), "5000 lines were printed").toBeLessThan(200);

    await dashboard.getByRole("button", { name: /Print in colours/ }).click();
    const coloured = dashboard.getByRole("region", { name: /Print in colours/ });
    await expect(coloured.getByText("green")).toHaveClass(/ansi-fg-green/);
  },
);

story(
  "when the cause is removed, the run is resumed and continues in place",
  async ({ dashboard, service }) => {
    machine.exec("touch", "/root/ready");
    await dashboard.goto("/runs");
    await dashboard.getByRole("link", { name: /greet/ }).click();
    await dashboard.getByRole("button", { name: "Resume" }).click();
    const question = dashboard.getByRole("dialog", { name: "The run needs a secret" });
    await question.getByLabel("GREETING_TOKEN").fill("s3cret-t0ken");
    await question.getByRole("button", { name: "Resume" }).click();

    await expect(dashboard.getByText("Done", { exact: true })).toBeVisible();
    expect(machine.exec("cat", "/root/greeting")).toBe("hello Ada O'Hara");
    await dashboard.getByRole("button", { name: /Step 4 Greet/ }).click();
    await expect(dashboard.getByRole("region", { name: /Step 4|step 4/ })).not.toContainText("s3cret-t0ken");
    expect(service.infrakt("runs", "list", "--json").match(/"id"/g), "it is still the same run").toHaveLength(
      1,
    );
  },
);

story("a run is stopped after its current step, and resumed with the next one", async ({ dashboard }) => {
  await dashboard.goto("/recipes/slow?server=web-1");
  await dashboard.getByRole("button", { name: "Show the plan" }).click();
  await dashboard.getByRole("button", { name: "Run slow on web-1" }).click();
  await expect(dashboard.getByRole("button", { name: /First.*running/ })).toBeVisible();
  await dashboard.getByRole("button", { name: "Stop", exact: true }).click();
  await dashboard.getByRole("button", { name: "Stop after this step" }).click();
  endFirstStepOnceStopped();

  await expect(dashboard.getByText("The run was interrupted")).toBeVisible();
  await expect(dashboard.getByRole("button", { name: /First.*changed/ })).toBeVisible();
  expect(machine.exec("cat", "/root/slow")).toBe("one");

  await dashboard.getByRole("button", { name: "Resume" }).click();
  await expect(dashboard.getByText("Done", { exact: true })).toBeVisible();
  expect(machine.exec("cat", "/root/slow"), "no step ran twice").toBe("one\ntwo\nthree");
});

story("a page that loses the service says so, and comes back by itself", async ({ dashboard, service }) => {
  machine.exec("rm", "/root/slow", "/root/go");
  await dashboard.goto("/recipes/slow?server=web-1");
  await dashboard.getByRole("button", { name: "Show the plan" }).click();
  await dashboard.getByRole("button", { name: "Run slow on web-1" }).click();
  await expect(dashboard.getByRole("button", { name: /First.*running/ })).toBeVisible();
  const stopped = service.stop();
  endFirstStepOnceStopped();
  await stopped;
  await expect(dashboard.getByText("Connection lost, reconnecting …")).toBeVisible();

  await service.start();
  await expect(dashboard.getByText("Connection lost, reconnecting …")).toBeHidden();
  await expect(dashboard.getByText("The run was interrupted")).toBeVisible();
  await dashboard.getByRole("button", { name: "Resume" }).click();
  await expect(dashboard.getByText("Done", { exact: true })).toBeVisible();
  expect(machine.exec("cat", "/root/slow"), "each step ran once").toBe("one\ntwo\nthree");
});
