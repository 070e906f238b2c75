import { render, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";
import { aPlan, aStep } from "../testing/fixtures";
import { expectAccessible } from "../testing/page";
import { PlanView } from "./PlanView";

test("a plan is read as sections of steps, each with what it does to the world", async () => {
  render(
    <main>
      <h2>The plan</h2>
      <PlanView plan={aPlan()} />
    </main>,
  );
  expect(screen.getAllByRole("heading", { level: 3 }).map((heading) => heading.textContent)).toEqual([
    "Will be deleted from prod-2",
    "Wipe",
    "Docker",
    "Traefik",
    "Firewall",
    "Proof",
  ]);
  const volumes = screen.getByText("Remove the named volumes").closest("li");
  expect(volumes).toHaveTextContent("3");
  expect(volumes).toHaveTextContent("destroy");
  expect(screen.getByText("9 steps: 4 destroy, 3 change, 2 checks.", { exact: false })).toBeVisible();
  await expectAccessible();
});

test("what there is to lose is named, with sizes", () => {
  render(<PlanView plan={aPlan()} />);
  const losses = screen.getByRole("region", { name: "Will be deleted" });
  expect(within(losses).getByText("3 volumes")).toBeVisible();
  expect(within(losses).getByText("pgdata").closest("li")).toHaveTextContent("4.2 MB");
  expect(within(losses).getByText("1 env file")).toBeVisible();
});

test("every command and every file can be read before it runs", async () => {
  const user = userEvent.setup();
  render(<PlanView plan={aPlan()} />);
  expect(screen.getByText("docker system prune -af --volumes")).not.toBeVisible();
  await user.click(screen.getByText("Remove all containers, images and networks"));
  expect(screen.getByText("docker system prune -af --volumes")).toBeVisible();
  await user.click(screen.getByRole("button", { name: "Show every command" }));
  expect(screen.getByText(/entryPoints/)).toBeVisible();
  expect(screen.getByText("/opt/infrakt/traefik/traefik.yml")).toBeVisible();
  expect(screen.getByText("ufw disable")).toBeVisible();
});

test("nothing behind a wipe is said to be in place already", () => {
  const unless = ["true"];
  const steps = [
    aStep({ title: "Before", unless }),
    aStep({ effect: "destroy" }),
    aStep({ title: "After", unless }),
  ];
  render(<PlanView plan={aPlan({ steps, marks: ["no_change", "would_change", "no_change"] })} />);
  expect(screen.getByText("Before").closest("li")).toHaveTextContent("no change");
  expect(screen.getByText("After").closest("li")).not.toHaveTextContent("no change");
});

test("a guard that an earlier step may change is said to be in doubt", () => {
  const steps = [aStep({ title: "Configure" }), aStep({ title: "Restart", unless: ["test x"] })];
  const doubts = [{ step: 2, after: [1] }];
  render(<PlanView plan={aPlan({ wipes: false, steps, marks: ["would_change", "no_change"], doubts })} />);
  expect(screen.getByText("Restart").closest("li")).toHaveTextContent("no change, unless 1 changes that");
});

test("what would fail is said first, in the words of the check", () => {
  const steps = [aStep({ title: "The web ports are free", effect: "check", preflight: true })];
  const findings = [{ step: 1, message: "nginx listens on :80" }];
  render(<PlanView plan={aPlan({ wipes: false, steps, marks: ["would_fail"], findings })} />);
  expect(screen.getByText("1. The web ports are free")).toBeVisible();
  expect(screen.getByText("nginx listens on :80")).toBeVisible();
  expect(screen.getByText("would fail")).toBeVisible();
});

test("a step that opens ports says from where", async () => {
  const action = { kind: "reach", endpoints: [{ protocol: "http", port: 80 }], otherwise: "exit 1" } as const;
  render(
    <PlanView
      plan={aPlan({
        wipes: false,
        steps: [aStep({ effect: "check", action: { ...action, endpoints: [...action.endpoints] } })],
      })}
    />,
  );
  await userEvent.setup().click(screen.getByRole("button", { name: "Show every command" }));
  expect(screen.getByText(/From the computer that infrakt runs on, opens http:80/)).toBeVisible();
});

test("characters that would deceive a reader are made visible", () => {
  const steps = [aStep({ title: "Say \u202egood", action: { kind: "run", command: "echo a\u200bb" } })];
  render(<PlanView plan={aPlan({ wipes: false, steps, marks: ["would_change"] })} />);
  expect(screen.getByText("Say \\u{202e}good")).toBeVisible();
  expect(screen.getByText("echo a\\u{200b}b")).toBeInTheDocument();
});

test("a secret is shown by its name only", () => {
  const steps = [aStep({ env: { TOKEN: { secret: "API_TOKEN" } } })];
  render(<PlanView plan={aPlan({ wipes: false, steps, secrets: ["API_TOKEN"] })} />);
  expect(screen.getByText("TOKEN=(the secret API_TOKEN)")).toBeInTheDocument();
});

test("a file shows the names of its secrets in their places, and a copied file its hash", () => {
  const upload = { kind: "upload", path: "/srv/app/.env", mode: "0600", owner: "root:root" } as const;
  const steps = [
    aStep({ action: { ...upload, content: ["KEY=", { secret: "KEY" }, ";"] } }),
    aStep({ action: { ...upload, content: { file: "app.bin", sha256: "00ff", bytes: 5_000_000 } } }),
  ];
  render(<PlanView plan={aPlan({ wipes: false, steps, secrets: ["KEY"] })} />);
  expect(screen.getByText("KEY=(the secret KEY);")).toBeInTheDocument();
  expect(screen.getByText("(the file app.bin, 5.0 MB, sha256 00ff)")).toBeInTheDocument();
});

test("what the recipe asked while planning is shown with its line, and a warning where it could change something", async () => {
  const user = userEvent.setup();
  const query = { command: "uname -r", origin: { file: "mine.rhai", kept_by: "path" as const, line: 3 } };
  const asked = { read_only: false, reason: "unshare: Operation not permitted" };
  render(<PlanView plan={aPlan({ queries: [query], asked })} />);
  expect(screen.getByText("Queries and guards could change this server")).toBeVisible();
  expect(screen.getByText(/Operation not permitted/)).toBeVisible();
  await user.click(screen.getByText("1 query asked while planning"));
  expect(screen.getByText("uname -r")).toBeVisible();
  expect(screen.getByText("mine.rhai:3")).toBeVisible();
});

test("whose the recipe and its modules are is said, and that the list of losses is not complete", () => {
  const plan = aPlan();
  const { rerender } = render(<PlanView plan={plan} />);
  expect(screen.queryByText(/is yours, in place of/)).not.toBeInTheDocument();
  expect(screen.queryByText(/infrakt can’t list/)).not.toBeInTheDocument();
  const sources = {
    ...plan.recipe.sources,
    "home:lib/wipe.rhai": { kept_by: "user" as const, sha256: "00ff" },
  };
  const recipe = { ...plan.recipe, kept_by: "user" as const, overrides_shipped: true, sources };
  rerender(<PlanView plan={{ ...plan, recipe, losses_complete: false, unlisted: [2] }} />);
  expect(screen.getByText(/is yours, in place of/)).toBeInTheDocument();
  expect(screen.getByText("home:lib/wipe.rhai")).toBeInTheDocument();
  expect(screen.getByText("infrakt can’t list what step 2 deletes: read its command.")).toBeInTheDocument();
  expect(screen.getByRole("heading", { name: "Will be deleted from prod-2" })).toBeInTheDocument();
});
