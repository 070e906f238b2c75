import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { expect, needsLab, story } from "./story.ts";

needsLab();
story.use({ about: "accessible" });

story.beforeAll(({ boot, service }) => {
  const machine = boot("axe", "--docker");
  service.add("prod-2", machine, "--tag", "web");
  service.infrakt("server", "add", "control", "--host", "127.0.0.1", "--port", "1", "--infrakt-host");
  service.infrakt("app", "add", "shop", "--server", "prod-2", "--image", "shop/web:1.5");
  service.write(
    "colours",
    `//! Print in all colours, then fail.
ssh::run("Print", "for c in 30 31 32 33 34 35 36 37 90 91 92 93 94 95 96 97 41 42 43 44; do printf '\\\\033[%sm colour \\\\033[0m' $c; done; echo; echo error >&2");
ssh::run("Fail", "echo no >&2; exit 3");
`,
  );
  try {
    service.infrakt("run", "colours", "--server", "prod-2");
  } catch {
    // It is meant to fail.
  }
});

async function expectAccessible(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join("\n")}`)).toEqual(
    [],
  );
  const tooWide = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
  expect(tooWide, "nothing has to be scrolled sideways").toBe(false);
}

const SIZES = { desktop: { width: 1280, height: 900 }, phone: { width: 360, height: 740 } };

for (const colorScheme of ["light", "dark"] as const) {
  for (const [size, viewport] of Object.entries(SIZES)) {
    story.describe(`${colorScheme}, ${size}`, () => {
      story.use({ colorScheme, viewport });

      story("the question for the key", async ({ page }) => {
        await page.goto("/");
        await expect(page.getByLabel("Key")).toBeVisible();
        await expectAccessible(page);
      });

      story("every page", async ({ dashboard }) => {
        const pages: [address: string, there: string | RegExp][] = [
          ["/servers", "prod-2"],
          ["/servers/prod-2", /Memory/],
          ["/servers/control", "Protected: nothing is ever deleted here"],
          ["/runs", "colours"],
          ["/groups/g1", "colours"],
          ["/recipes", "provision"],
          ["/recipes/provision", "extra_ports"],
          ["/apps", "shop/web:1.5"],
        ];
        for (const [address, there] of pages) {
          await dashboard.goto(address);
          await expect(dashboard.getByRole("main").getByText(there).first(), address).toBeVisible();
          await expectAccessible(dashboard);
        }
        // The service answers this address with 404; within the page a link may still lead there.
        await dashboard.evaluate(() => {
          history.pushState(null, "", "/nothing/here");
          dispatchEvent(new PopStateEvent("popstate"));
        });
        await expect(dashboard.getByRole("main").getByText(/./).first()).toBeVisible();
        await expectAccessible(dashboard);
      });

      story("a run with its output open", async ({ dashboard }) => {
        await dashboard.goto("/runs/1");
        await expect(dashboard.getByText("Step 2 failed: Fail")).toBeVisible();
        await dashboard.getByRole("button", { name: "Open all" }).click();
        await dashboard.getByRole("searchbox").fill("colour");
        await dashboard.getByRole("searchbox").press("Enter");
        await expect(dashboard.locator("mark").first()).toBeVisible();
        await expectAccessible(dashboard);
      });

      story("a plan, and the question before a wipe", async ({ dashboard }) => {
        await dashboard.goto("/recipes/wipe?server=prod-2");
        await dashboard.getByRole("button", { name: "Show the plan" }).click();
        await dashboard.getByRole("button", { name: "Continue" }).click();
        const dialog = dashboard.getByRole("dialog");
        await dialog.getByLabel('Type "prod-2" to confirm:').fill("prod-2");
        await expect(dialog.getByRole("button", { name: "Destroy & run wipe" })).toBeEnabled();
        await expectAccessible(dashboard);
      });
    });
  }
}
