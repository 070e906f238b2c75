import { expect, needsLab, story } from "./story.ts";
import type { Machine } from "./computer.ts";

needsLab();
story.use({ about: "trouble" });
story.describe.configure({ mode: "serial" });

let machine: Machine;

story.beforeAll(({ boot, service }) => {
  machine = boot("trouble");
  service.add("prod-2", machine);
});

story("the list of servers recovers by itself after an outage of the service", async ({ dashboard }) => {
  await dashboard.route("**/api/servers/prod-2/status", (route) => route.abort());
  await dashboard.goto("/servers");
  const row = dashboard.getByRole("listitem").filter({ hasText: "prod-2" });
  await expect(row).toContainText("not reached");
  await dashboard.unroute("**/api/servers/prod-2/status");
  await expect(row).toContainText("Debian GNU/Linux");
  await expect(row).not.toContainText("not reached");
});

story("with a changed host key the question says why, and asks for no name", async ({ dashboard }) => {
  machine.exec(
    "sh",
    "-euc",
    "rm -f /etc/ssh/ssh_host_*; ssh-keygen -A >/dev/null; systemctl restart ssh; ls /etc/ssh",
  );
  await dashboard.goto("/servers/prod-2");
  await dashboard.getByRole("button", { name: "Provision", exact: true }).click();
  const dialog = dashboard.getByRole("dialog");
  await expect(dialog.getByText("Can’t read prod-2, so there is no plan.")).toBeVisible();
  await expect(dialog).toContainText("the host key of 'prod-2' has changed");
  await expect(dialog.getByText(/^SHA256:/)).toBeVisible();
  await expect(dialog.getByRole("textbox")).toHaveCount(0);
  await expect(dialog.getByRole("button", { name: "Wipe & Provision" })).toHaveCount(0);
  await expect(dialog.getByRole("button", { name: "Close" })).toBeFocused();
});
