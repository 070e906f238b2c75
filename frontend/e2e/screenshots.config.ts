import { defineConfig } from "@playwright/test";
import stories from "./playwright.config.ts";

/** Makes the pictures of the README, with the same browser as the stories. */
export default defineConfig({
  ...stories,
  testMatch: "screenshots.ts",
  use: { ...stories.use, viewport: { width: 1280, height: 800 }, trace: "off" },
});
