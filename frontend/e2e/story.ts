/** What every story begins with: a service that runs, and a browser whose user may be logged in. */

import { test as base, type Page } from "@playwright/test";
import { Machine, whyNoLab } from "./computer.ts";
import { Service } from "./service.ts";

interface Fixtures {
  /** A page of a user who has logged in. */
  dashboard: Page;
  /** Prints what the page showed and what the service said when a story fails. */
  evidence: null;
}

interface Shared {
  /** What a file is about. Files that say different things here share neither service nor machines. */
  about: string;
  /** One service for all stories of a file. */
  service: Service;
  /** Boots a machine of the lab; only after `needsLab()`. */
  boot: (name: string, ...options: string[]) => Machine;
}

export const story = base.extend<Fixtures, Shared>({
  about: ["", { scope: "worker", option: true }],
  service: [
    // eslint-disable-next-line no-empty-pattern -- Playwright reads from it what the fixture needs
    async ({}, give) => {
      const service = await new Service().start();
      await give(service);
      await service.remove();
    },
    { scope: "worker" },
  ],
  boot: [
    // eslint-disable-next-line no-empty-pattern -- as above
    async ({}, give) => {
      const machines = new Map<string, Machine>();
      await give((name, ...options) => {
        const machine = new Machine(name, options);
        machines.set(name, machine);
        return machine;
      });
      for (const machine of machines.values()) machine.down();
    },
    { scope: "worker" },
  ],
  baseURL: ({ service }, give) => give(service.url),
  dashboard: async ({ page, service }, give) => {
    await page.goto("/login");
    await logIn(page, service.key);
    await give(page);
  },
  evidence: [
    async ({ page, service }, give, info) => {
      await give(null);
      if (info.status === info.expectedStatus) return;
      const shown = await page.locator("body").innerText({ timeout: 5_000 }).catch(String);
      const said = service.said.slice(-40).join("\n");
      process.stderr.write(`\n${info.title} failed at ${page.url()}\n${shown}\n\nThe service:\n${said}\n\n`);
    },
    { auto: true },
  ],
});

export { expect } from "@playwright/test";

/** Said at the beginning of a file: its stories are skipped where no machine can be booted. */
export function needsLab(): void {
  const reason = whyNoLab();
  story.skip(reason !== null, `no lab on this computer: ${reason ?? ""}`);
}

export async function logIn(page: Page, key: string): Promise<void> {
  await page.getByLabel("Key").fill(key);
  await page.getByRole("button", { name: "Log in" }).click();
  await page.getByRole("button", { name: "Log out" }).waitFor();
}

/** Everything but reading that a page asks of the service from now on. */
export function actionsOf(page: Page): string[] {
  const actions: string[] = [];
  page.on("request", (request) => {
    const path = new URL(request.url()).pathname;
    // A plan with parameters is asked for with POST, and changes nothing.
    if (request.method() !== "GET" && !path.endsWith("/plan")) actions.push(`${request.method()} ${path}`);
  });
  return actions;
}
