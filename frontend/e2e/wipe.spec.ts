import type { Page } from "@playwright/test";
import type { Machine } from "./computer.ts";
import { actionsOf, expect, needsLab, story } from "./story.ts";

needsLab();
story.use({ about: "wipe" });
story.describe.configure({ mode: "serial" });

let shop: Machine;
let host: Machine;

story.beforeAll(({ boot, service }) => {
  shop = boot("shop", "--full");
  host = boot("host", "--docker");
  host.exec("docker", "volume", "create", "precious");
  service.add("prod-2", shop);
  service.add("control", host, "--infrakt-host");
  service.infrakt("app", "add", "shop", "--server", "prod-2", "--image", "shop/web:1.5");
  service.infrakt("env", "set", "shop", "DATABASE_URL=postgres://db/shop");
});

const question = (page: Page) =>
  page.getByRole("dialog", { name: "Warning: This will wipe all data on prod-2" });

async function askToWipe(page: Page): Promise<void> {
  await page.goto("/servers/prod-2");
  await page.getByRole("button", { name: "Provision", exact: true }).click();
  await expect(question(page)).toBeVisible();
}

story("before a wipe the page shows what will be lost, and asks for the name", async ({ dashboard }) => {
  await askToWipe(dashboard);
  const dialog = question(dashboard);
  await expect(
    dialog.getByText(
      "All Docker containers, images, volumes, and app data will be permanently deleted before reprovisioning.",
    ),
  ).toBeVisible();
  const losses = dialog.getByRole("region", { name: "What will be lost" });
  for (const lost of ["pgdata", "uploads", "/opt/infrakt"]) await expect(losses).toContainText(lost);
  await expect(losses, "what infrakt itself forgets is among it").toContainText("shop");

  const name = dialog.getByLabel('Type "prod-2" to confirm:');
  const wipe = dialog.getByRole("button", { name: "Wipe & Provision" });
  await expect(name).toBeFocused();
  for (const other of ["", "prod-", "Prod-2", "prod-2 ", " prod-2", "prod-22"]) {
    await name.fill(other);
    await expect(wipe, `"${other}" is not the name`).toBeDisabled();
  }
  await name.fill("prod-2");
  await expect(wipe).toBeEnabled();
});

story("at 200 % zoom the counts, the name and the button are in sight", async ({ dashboard }) => {
  // A window of 1280 × 900 at 200 %.
  await dashboard.setViewportSize({ width: 640, height: 450 });
  await askToWipe(dashboard);
  const dialog = question(dashboard);
  await expect(dialog.getByText("Destructive steps")).toBeInViewport({ ratio: 1 });
  await expect(dialog.getByLabel('Type "prod-2" to confirm:')).toBeInViewport({ ratio: 1 });
  await expect(dialog.getByRole("button", { name: "Wipe & Provision" })).toBeInViewport({ ratio: 1 });
});

story("Cancel and Escape send nothing, and nothing is lost", async ({ dashboard, service }) => {
  const actions = actionsOf(dashboard);
  await askToWipe(dashboard);
  await question(dashboard).getByLabel('Type "prod-2" to confirm:').fill("prod-2");
  await question(dashboard).getByRole("button", { name: "Cancel" }).click();
  await expect(question(dashboard)).toBeHidden();
  await expect(
    dashboard.getByRole("button", { name: "Provision", exact: true }),
    "the focus is back where it was",
  ).toBeFocused();

  await askToWipe(dashboard);
  await dashboard.keyboard.press("Escape");
  await expect(question(dashboard)).toBeHidden();

  await askToWipe(dashboard);
  await question(dashboard).getByLabel('Type "prod-2" to confirm:').fill("prod-");
  await dashboard.keyboard.press("Enter");
  await expect(question(dashboard)).toBeVisible();

  expect(actions).toEqual([]);
  expect(JSON.parse(service.infrakt("runs", "list", "--json"))).toEqual([]);
  expect(shop.exec("docker", "volume", "ls", "-q")).toContain("pgdata");
});

story("the focus stays inside of the question", async ({ dashboard }) => {
  await askToWipe(dashboard);
  await expect(question(dashboard).getByText("What will be lost").first()).toBeVisible();
  for (let press = 0; press < 12; press += 1) {
    await dashboard.keyboard.press(press % 3 === 2 ? "Shift+Tab" : "Tab");
    expect(await dashboard.evaluate(() => document.activeElement?.closest("dialog") !== null)).toBe(true);
  }
});

story("the host of infrakt is provisioned as it is, without the question", async ({ dashboard }) => {
  await dashboard.goto("/servers/control");
  await expect(dashboard.getByText("Protected: nothing is ever deleted here")).toBeVisible();
  await dashboard.getByRole("button", { name: "Provision", exact: true }).click();
  const start = dashboard.getByRole("button", { name: "Provision as it is" });
  await expect(start).toBeEnabled();
  await expect(dashboard.getByRole("dialog")).toHaveCount(0);
  await expect(dashboard.getByText("destroys", { exact: true })).toHaveCount(0);

  await start.click();
  await expect(dashboard).toHaveURL(/\/runs\/\d+$/);
  await expect(dashboard.getByText("Done", { exact: true })).toBeVisible({ timeout: 240_000 });
  expect(host.exec("docker", "volume", "ls", "-q")).toContain("precious");
});

story(
  "a wipe is watched live to its end: in two windows, across a reload",
  async ({ dashboard, context, service }) => {
    await askToWipe(dashboard);
    await question(dashboard).getByLabel('Type "prod-2" to confirm:').fill("prod-2");
    await question(dashboard).getByRole("button", { name: "Wipe & Provision" }).click();
    await expect(dashboard).toHaveURL(/\/runs\/\d+$/);
    const bar = dashboard.getByRole("progressbar");
    await expect(bar).toBeVisible();
    await expect(dashboard.getByRole("button", { name: "Stop", exact: true })).toBeVisible();

    const second = await context.newPage();
    await second.goto(dashboard.url());
    await expect(second.getByRole("button", { name: "Stop", exact: true })).toBeVisible();

    await expect.poll(async () => Number(await bar.getAttribute("aria-valuenow"))).toBeGreaterThan(3);
    const before = Number(await bar.getAttribute("aria-valuenow"));
    await dashboard.reload();
    await expect(bar).toBeVisible();
    expect(
      Number(await bar.getAttribute("aria-valuenow")),
      "a reload does not begin again",
    ).toBeGreaterThanOrEqual(before);

    for (const page of [dashboard, second]) {
      await expect(page.getByText("Done", { exact: true })).toBeVisible({ timeout: 240_000 });
      await expect(page.getByRole("button", { name: "Stop", exact: true })).toHaveCount(0);
      const all = Number(await page.getByRole("progressbar").getAttribute("aria-valuemax"));
      await expect(page.getByRole("progressbar")).toHaveAttribute("aria-valuenow", String(all));
    }

    await dashboard.getByRole("button", { name: /Remove the named volumes/ }).click();
    await expect(dashboard.getByRole("region", { name: /Remove the named volumes/ })).toContainText("pgdata");

    expect(shop.exec("docker", "volume", "ls", "-q")).toBe("");
    expect(shop.exec("docker", "ps", "--format", "{{.Names}}")).toContain("traefik");
    expect(shop.exec("ufw", "status")).toContain("Status: active");
    expect(JSON.parse(service.infrakt("app", "list", "--json"))).toEqual([]);
  },
);

story("it is found again: in the list of runs, and on the server's page", async ({ dashboard }) => {
  await dashboard.goto("/runs?server=prod-2");
  await dashboard.getByRole("link", { name: /provision/ }).click();
  await expect(dashboard.getByText("Done", { exact: true })).toBeVisible();
  await expect(dashboard.getByText(/given to the API/)).toBeVisible();
  await dashboard.goto("/servers/prod-2");
  await expect(dashboard.getByRole("main").getByText("provisioned").first()).toBeVisible();
  await expect(dashboard.getByRole("main").locator('a[href^="/runs/"]').first()).toBeVisible();
});
