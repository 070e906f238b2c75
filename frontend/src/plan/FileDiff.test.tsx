import { render, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";
import type { FileChange } from "../api/types";
import { aFileChange, aPlan, aStep } from "../testing/fixtures";
import { expectAccessible } from "../testing/page";
import { FileDiff } from "./FileDiff";
import { PlanView } from "./PlanView";

const upload = aStep({
  title: "Write the site",
  action: {
    kind: "upload",
    path: "/etc/nginx/sites-available/shop",
    content: "server {\n}\n",
    mode: "0644",
    owner: "root:root",
  },
});

function planWith(change: FileChange) {
  return aPlan({ wipes: false, steps: [upload], marks: ["would_change"], changes: [change] });
}

/** What each row says, cell by cell. */
function cells(table: HTMLElement): string[] {
  return within(table)
    .getAllByRole("row")
    .map((row) =>
      within(row)
        .getAllByRole("cell")
        .map((cell) => cell.textContent.trim())
        .join("|"),
    );
}

test("a step that changes a file says how much, and opened, which lines", async () => {
  const user = userEvent.setup();
  render(
    <main>
      <h2>The plan</h2>
      <PlanView plan={planWith(aFileChange())} />
    </main>,
  );
  const step = screen.getByText("Write the site").closest("li");
  expect(step).toHaveTextContent("+4 −2, mode 0664 to 0644");
  await user.click(screen.getByText("Write the site"));
  expect(cells(screen.getByRole("table"))).toEqual([
    "1|1||server {",
    "2||−|listen 80;",
    "3||−|server_name shop.example.org;",
    "|2|+|listen 443 ssl;",
    "|3|+|listen [::]:443 ssl;",
    "|4|+|server_name shop.example.org www.shop.example.org;",
    "4|5||root /srv/shop;",
    "⋯",
    "31|32||}",
    "|33|+|access_log off;",
    "32|34||}",
  ]);
  await expectAccessible();
});

test("the lines can be read side by side", async () => {
  render(<FileDiff change={aFileChange()} />);
  await userEvent.setup().click(screen.getByRole("button", { name: "Side by side", pressed: false }));
  expect(screen.getByRole("button", { name: "Side by side", pressed: true })).toBeVisible();
  const [, beside] = screen.getAllByRole("table");
  expect(beside && cells(beside).slice(0, 4)).toEqual([
    "1||server {|1||server {",
    "2|−|listen 80;|2|+|listen 443 ssl;",
    "3|−|server_name shop.example.org;|3|+|listen [::]:443 ssl;",
    "||4|+|server_name shop.example.org www.shop.example.org;",
  ]);
});

test("of a new file the step shows its content, and that it is new", () => {
  const change = aFileChange({ new: true, mode: null, lines: { added: 2, removed: 0 }, hunks: [] });
  render(<PlanView plan={planWith(change)} />);
  expect(screen.getByText("Write the site").closest("li")).toHaveTextContent("new file, +2");
  expect(screen.queryByRole("table")).not.toBeInTheDocument();
});

test("what must not be shown is said, and why", () => {
  const hunks = [
    {
      from_line: 1,
      to_line: 1,
      lines: [
        { kind: "removed", text: null },
        { kind: "added", text: "password = ask" },
      ],
    },
  ] satisfies FileChange["hunks"];
  const { rerender } = render(<FileDiff change={aFileChange({ hunks, limit: "private" })} />);
  expect(screen.getByText("a line that is not shown")).toBeVisible();
  expect(screen.getByText(/Not every user of the server may read the file/)).toBeVisible();
  const before = { bytes: 70000, sha256: "aa11" };
  const after = { bytes: 71000, sha256: "bb22" };
  rerender(
    <FileDiff change={aFileChange({ hunks: [], limit: "long", lines: null, mode: null, before, after })} />,
  );
  expect(screen.getByText(/70000 to 71000 bytes/)).toBeVisible();
  expect(screen.getByText("bb22")).toBeVisible();
  rerender(<FileDiff change={aFileChange({ hunks: [], limit: "secret", lines: null, mode: null })} />);
  expect(screen.getByText(/a secret, not compared/)).toBeVisible();
});

test("control characters in a line are made visible", () => {
  const hunks: FileChange["hunks"] = [
    { from_line: 1, to_line: 1, lines: [{ kind: "added", text: "a\u202eb", unfinished: true }] },
  ];
  render(<FileDiff change={aFileChange({ hunks })} />);
  expect(screen.getByText(/a\\u\{202e\}b/)).toHaveTextContent("no line break at the end");
});
