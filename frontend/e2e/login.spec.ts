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

story("the key is not for another tab, unless that was asked for", async ({ page, context, service }) => {
  await page.goto("/");
  await logIn(page, service.key);
  const second = await context.newPage();
  await second.goto("/servers");
  await expect(second.getByLabel("Key")).toBeVisible();

  await second.getByLabel("Keep me signed in").check();
  await logIn(second, service.key);
  const third = await context.newPage();
  await third.goto("/servers");
  await expect(third.getByRole("heading", { name: "Servers", level: 1 })).toBeVisible();
  await third.getByRole("button", { name: "Log out" }).click();
  await expect(third.getByLabel("Key")).toBeVisible();
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
