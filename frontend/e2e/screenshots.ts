/** The pictures of the README: the real pages, of a service at work on machines of the lab. */

import type { Locator, Page } from "@playwright/test";
import path from "node:path";
import { checkout, type Machine, whyNoLab } from "./computer.ts";
import { expect, logIn, story } from "./story.ts";

const reason = whyNoLab();
if (reason !== null) throw new Error(`the pictures need the lab, which can't work here: ${reason}`);

story.describe.configure({ mode: "serial" });

let shop: Machine;

story.beforeAll(({ boot, service }) => {
  shop = boot("shots-shop", "--full");
  const control = boot("shots-control", "--docker");
  const staging = boot("shots-staging");
  service.add("prod-2", shop, "--provider", "hetzner", "--tag", "web", "--tag", "shop");
  service.add("control", control, "--provider", "hetzner", "--infrakt-host");
  service.add("staging-1", staging, "--tag", "web");
  for (const [app, image] of [
    ["shop", "shop/web:1.5"],
    ["worker", "shop/worker:1.5"],
  ] as const) {
    service.infrakt("app", "add", app, "--server", "prod-2", "--image", image);
    service.infrakt("env", "set", app, "DATABASE_URL=postgres://db/shop");
  }
  service.write(
    "backup",
    `//! Copy what the volumes hold to the storage box.
let keep = param("keep", 7, "How many days old copies are kept");
let target = param("target", "/opt/infrakt/backups", "The directory that copies go to");
let volumes = param("volumes", ["pgdata", "uploads"], "Which volumes are copied");

section("Backup");
ssh::check("There is room", \`test "$(df --output=avail \${quote(target)} | tail -n 1)" -gt 100000\`);
for volume in volumes {
    ssh::run(\`Copy the volume \${volume}\`, \`cd /var/lib/docker/volumes/\${quote(volume)} && tar -cvzf \${quote(target)}/\${quote(volume)}.tar.gz _data\`);
}
ssh::run("Send the copies to the storage box", "printf 'sending to \\\\033[36mstorage-1\\\\033[0m\\\\n'; echo 'rsync: connection to storage-1 refused' >&2; exit 10");
`,
  );
  service.infrakt("run", "provision", "--server", "staging-1", "--confirm", "staging-1");
  try {
    service.infrakt("run", "backup", "--server", "prod-2");
  } catch {
    // There is no storage box: that is the picture of a run that failed.
  }
});

async function picture(of: Page | Locator, name: string): Promise<void> {
  await of.screenshot({ path: path.join(checkout, "docs/images", `${name}.png`), animations: "disabled" });
}

/** A window that is as high as its page, so that the picture cuts nothing off. */
async function showAll(page: Page): Promise<void> {
  const height = await page.evaluate(() => document.documentElement.scrollHeight);
  await page.setViewportSize({ width: 1280, height });
}

story("the servers", async ({ dashboard }) => {
  await dashboard.goto("/servers");
  await expect(dashboard.getByRole("link", { name: "staging-1" })).toBeVisible();
  await expect(dashboard.getByText("reading …")).toHaveCount(0);
  await picture(dashboard, "servers");
});

story("a server", async ({ dashboard }) => {
  await dashboard.goto("/servers/prod-2");
  await expect(dashboard.getByText("Memory")).toBeVisible();
  await expect(dashboard.getByText("postgres:16").first()).toBeVisible();
  await picture(dashboard, "server");
});

story("a run that failed", async ({ dashboard }) => {
  await dashboard.goto("/runs");
  await dashboard.getByRole("link", { name: /backup/ }).click();
  await expect(dashboard.getByText("rsync: connection to storage-1 refused", { exact: true })).toBeVisible();
  await showAll(dashboard);
  await picture(dashboard, "run-failed");
});

story("a recipe and its plan", async ({ dashboard }) => {
  await dashboard.goto("/recipes/backup?server=prod-2");
  await dashboard.getByRole("button", { name: "Show the plan" }).click();
  await expect(dashboard.getByRole("button", { name: "Run backup on prod-2" })).toBeEnabled();
  await picture(dashboard, "recipe");
});

story.describe("in the dark", () => {
  story.use({ colorScheme: "dark" });

  story("the question before a wipe, and the wipe", async ({ dashboard, browser, service }) => {
    await dashboard.goto("/servers/prod-2");
    await dashboard.getByRole("button", { name: "Provision", exact: true }).click();
    const dialog = dashboard.getByRole("dialog");
    await expect(dialog.getByText("pgdata")).toBeVisible();
    await dialog.getByLabel('Type "prod-2" to confirm:').fill("prod-2");
    await expect(dialog.getByRole("button", { name: "Wipe & Provision" })).toBeEnabled();
    await picture(dashboard, "wipe");

    await dialog.getByRole("button", { name: "Wipe & Provision" }).click();
    await expect(dashboard).toHaveURL(/\/runs\/\d+$/);
    await expect(dashboard.getByRole("region", { name: /Install / })).toContainText("Unpacking", {
      timeout: 240_000,
    });
    await picture(dashboard, "run");

    const phone = await browser.newPage({
      baseURL: service.url,
      colorScheme: "light",
      viewport: { width: 390, height: 800 },
      deviceScaleFactor: 2,
    });
    await phone.goto("/login");
    await logIn(phone, service.key);
    await phone.goto(new URL(dashboard.url()).pathname);
    await expect(phone.getByText("Done", { exact: true })).toBeVisible({ timeout: 240_000 });
    await picture(phone, "phone");
  });
});
