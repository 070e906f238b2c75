import { expect, logIn, story } from "./story.ts";

story.use({ about: "login" });

story("without a key there is nothing but the question for it", async ({ page, service }) => {
  await page.goto("/runs?state=failed");
  await expect(page.getByLabel("Key")).toBeVisible();
  await page.getByRole("button", { name: "Log in" }).click();
  await expect(page.getByText("Type or paste the key.")).toBeVisible();

  await page.getByLabel("Key").fill(service.key);
  await page.getByRole("button", { name: "Log in" }).click();
  await expect(page, "they are where they wanted to be").toHaveURL(/\/runs\?state=failed$/);
});

story("a wrong key is refused, and forgotten", async ({ page }) => {
  await page.goto("/");
  await page.getByLabel("Key").fill("not-the-key");
  await page.getByRole("button", { name: "Log in" }).click();
  await expect(page.getByText("This is not the key of this service.")).toBeVisible();
  await page.reload();
  await expect(page.getByLabel("Key")).toHaveValue("");
});

story("another tab has the key too, until the last one is closed", async ({ page, context, service }) => {
  await page.goto("/");
  await logIn(page, service.key);
  const second = await context.newPage();
  await second.goto("/servers");
  await expect(second.getByRole("heading", { name: "Servers", level: 1 })).toBeVisible();
  expect(await second.evaluate(() => localStorage.length), "nothing outlives the tabs").toBe(0);
  await second.getByRole("button", { name: "Log out" }).click();
  await expect(second.getByLabel("Key")).toBeVisible();
  await expect(page.getByLabel("Key"), "the other tab is logged out as well").toBeVisible();

  await logIn(page, service.key);
  await page.close();
  await second.close();
  const later = await context.newPage();
  await later.goto("/servers");
  await expect(later.getByLabel("Key")).toBeVisible();
  await later.getByLabel("Keep me signed in").check();
  await logIn(later, service.key);
  await later.close();
  const last = await context.newPage();
  await last.goto("/servers");
  await expect(last.getByRole("heading", { name: "Servers", level: 1 })).toBeVisible();
});

story(
  "nothing of the page is from elsewhere, and nothing in it is against its own policy",
  async ({ page, service }) => {
    const foreign: string[] = [];
    const complaints: string[] = [];
    page.on("request", (request) => {
      if (!request.url().startsWith(service.url)) foreign.push(request.url());
    });
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) complaints.push(message.text());
    });
    await page.goto("/");
    await logIn(page, service.key);
    for (const place of ["Runs", "Recipes", "Apps"]) {
      await page.getByRole("link", { name: place, exact: true }).click();
      await expect(page.getByRole("heading", { name: place, level: 1 })).toBeVisible();
    }
    expect(foreign).toEqual([]);
    expect(complaints).toEqual([]);
  },
);
