import { QueryClientProvider } from "@tanstack/react-query";
import { render } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import axe from "axe-core";
import { MemoryRouter, useLocation } from "react-router";
import { expect, vi } from "vitest";
import { newQueryClient } from "../api/queries";
import { App } from "../app";
import { keepKey } from "../session/key";
import { FakeApi, KEY } from "./fakeApi";

/** Opens the dashboard at an address, for a user who is logged in, with a service that answers what `api` says. */
export function open(path: string, api: FakeApi, { loggedIn = true } = {}) {
  vi.stubGlobal("fetch", api.fetch);
  if (loggedIn) keepKey(KEY, false);
  const queries = newQueryClient();
  const { queries: asked = {}, ...others } = queries.getDefaultOptions();
  queries.setDefaultOptions({ ...others, queries: { ...asked, retry: false } });
  const view = render(
    <QueryClientProvider client={queries}>
      <MemoryRouter initialEntries={[path]}>
        <App />
        <Place />
      </MemoryRouter>
    </QueryClientProvider>,
  );
  return {
    ...view,
    queries,
    user: userEvent.setup(),
    path: () => document.querySelector("#place")?.textContent ?? "",
  };
}

/** Where the dashboard has gone to. */
function Place() {
  const { pathname, search } = useLocation();
  return (
    <span id="place" hidden>
      {pathname + search}
    </span>
  );
}

/** Holds that axe finds nothing to object to. Contrast needs a real browser, since jsdom draws nothing. */
export async function expectAccessible(container: Element = document.body): Promise<void> {
  const { violations } = await axe.run(container, { rules: { "color-contrast": { enabled: false } } });
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join("\n")}`)).toEqual(
    [],
  );
}
