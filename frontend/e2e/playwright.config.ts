import { defineConfig, devices } from "@playwright/test";
import { existsSync } from "node:fs";
import { binary, chromium } from "./computer.ts";

if (!existsSync(binary)) throw new Error(`there is no ${binary}; build it: scripts/dashboard && cargo build`);
const isThere = existsSync(chromium);
if (!isThere) {
  process.stderr.write(
    `skipped: dashboard: all of its stories: there is no ${chromium}; apt-get install chromium\n`,
  );
}

export default defineConfig({
  testDir: ".",
  testIgnore: isThere ? [] : "**",
  outputDir: "../test-results",
  // All stories of a file share machines of the lab and one service, and run in their order.
  workers: 1,
  forbidOnly: process.env.CI !== undefined,
  timeout: 5 * 60_000,
  expect: { timeout: 30_000 },
  reporter: [["list"], ["./skipped.ts"]],
  use: {
    ...devices["Desktop Chrome"],
    colorScheme: "light",
    actionTimeout: 60_000,
    navigationTimeout: 60_000,
    trace: "retain-on-failure",
    screenshot: "only-on-failure",
    launchOptions: {
      executablePath: chromium,
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    },
  },
});
