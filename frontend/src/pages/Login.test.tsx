import { act, screen, waitFor } from "@testing-library/react";
import { expect, test, vi } from "vitest";
import { keepKey } from "../session/key";
import { FakeApi, KEY, problem } from "../testing/fakeApi";
import { aServer, aStatus, withRoute } from "../testing/fixtures";
import { expectAccessible, open } from "../testing/page";

const service = () =>
  new FakeApi()
    .on("GET /api/servers", () => [aServer()])
    .on("GET /api/servers/:name", () => withRoute(aServer()))
    .on("GET /api/servers/:name/status", () => aStatus())
    .on("GET /api/apps", () => [])
    .on("GET /api/runs", () => []);

const kept = (storage: Storage) =>
  Array.from({ length: storage.length }, (_, at) => storage.getItem(storage.key(at) ?? ""));

test("without the key every page asks for it, says where it is, and then opens the page that was asked for", async () => {
  const { user, path } = open("/servers?tag=web", service(), { loggedIn: false });
  expect(path()).toBe("/login");
  expect(screen.getByText("infrakt serve --print-key")).toBeVisible();
  await expectAccessible();
  await user.type(screen.getByLabelText("Key"), `  ${KEY}{Enter}`);
  await waitFor(() => expect(path()).toBe("/servers?tag=web"));
  expect(await screen.findByRole("link", { name: "prod-2" })).toBeVisible();
});

test("a wrong key is said to be wrong, and is not kept", async () => {
  const { user, path } = open("/servers", service(), { loggedIn: false });
  await user.type(screen.getByLabelText("Key"), "another-key{Enter}");
  expect(await screen.findByText("This is not the key of this service.")).toBeVisible();
  expect(screen.getByLabelText("Key")).toHaveFocus();
  expect(screen.getByLabelText("Key")).toHaveAccessibleDescription(/print-key.*not the key/);
  expect(path()).toBe("/login");
  expect(sessionStorage).toHaveLength(0);
  expect(localStorage).toHaveLength(0);
});

test.each([
  ["no key at all", "{Enter}", "Type or paste the key."],
  ["what can't be a key", "ключ{Enter}", /no spaces/],
])("%s is not sent", async (_, typed, said) => {
  const api = service();
  const { user } = open("/servers", api, { loggedIn: false });
  await user.type(screen.getByLabelText("Key"), typed);
  expect(await screen.findByText(said)).toBeVisible();
  expect(api.asked).toEqual([]);
});

test("the key is kept for the tab only, unless one asks for more", async () => {
  const { user, path } = open("/servers", service(), { loggedIn: false });
  await user.type(screen.getByLabelText("Key"), `${KEY}{Enter}`);
  await waitFor(() => expect(path()).toBe("/servers"));
  expect(kept(sessionStorage)).toEqual([KEY]);
  expect(localStorage).toHaveLength(0);
});

test("it can be kept for the browser, and logging out forgets it everywhere", async () => {
  const { user, path } = open("/servers", service(), { loggedIn: false });
  await user.click(screen.getByLabelText("Keep me signed in on this browser"));
  await user.type(screen.getByLabelText("Key"), `${KEY}{Enter}`);
  await waitFor(() => expect(path()).toBe("/servers"));
  expect(kept(localStorage)).toEqual([KEY]);
  await user.click(screen.getByRole("button", { name: "Log out" }));
  expect(path()).toBe("/login");
  expect(sessionStorage).toHaveLength(0);
  expect(localStorage).toHaveLength(0);
});

test("a key that is no longer taken leads back here, and then to where one was", async () => {
  const api = service();
  const { user, path } = open("/servers", api);
  await screen.findByRole("link", { name: "prod-2" });
  act(() => keepKey("the-key-of-yesterday", false));
  await user.click(screen.getByRole("link", { name: "prod-2" }));
  await waitFor(() => expect(path()).toBe("/login"));
  expect(screen.getByText("The service no longer accepts the key of this browser.")).toBeVisible();
  await user.type(screen.getByLabelText("Key"), `${KEY}{Enter}`);
  await waitFor(() => expect(path()).toBe("/servers/prod-2"));
});

test("a refused key is forgotten, but not a newer one of another window", async () => {
  const { user, path } = open("/servers", service());
  await screen.findByRole("link", { name: "prod-2" });
  localStorage.setItem("infrakt.key", KEY);
  act(() => sessionStorage.setItem("infrakt.key", "the-key-of-yesterday"));
  await user.click(screen.getByRole("link", { name: "prod-2" }));
  await waitFor(() => expect(sessionStorage).toHaveLength(0));
  expect(kept(localStorage)).toEqual([KEY]);
  expect(path()).toBe("/servers/prod-2");
});

test("a service that is away is no wrong key", async () => {
  const api = service().on("GET /api/servers", () => {
    throw new TypeError("network");
  });
  const { user } = open("/servers", api, { loggedIn: false });
  await user.type(screen.getByLabelText("Key"), `${KEY}{Enter}`);
  expect(await screen.findByRole("alert")).toHaveTextContent("The service does not answer.");
});

test("a service that takes the key and never answers is no wait without end", async () => {
  vi.spyOn(AbortSignal, "timeout").mockImplementation((milliseconds) => {
    expect(milliseconds).toBe(30_000);
    return AbortSignal.abort(new DOMException("late", "TimeoutError"));
  });
  const api = service().on("GET /api/servers", () => new Promise(() => undefined));
  const { user } = open("/servers", api, { loggedIn: false });
  await user.type(screen.getByLabelText("Key"), `${KEY}{Enter}`);
  expect(await screen.findByRole("alert")).toHaveTextContent("The service did not answer within 30 seconds.");
  expect(screen.getByRole("button", { name: "Log in" })).toBeEnabled();
});

test("a refusal that is not about the key is shown with what to do", async () => {
  const api = service().on("GET /api/servers", () =>
    problem(403, {
      code: "host_not_allowed",
      message: "not for this host",
      hint: "infrakt serve --public-host NAME",
    }),
  );
  const { user } = open("/servers", api, { loggedIn: false });
  await user.type(screen.getByLabelText("Key"), `${KEY}{Enter}`);
  expect(await screen.findByRole("alert")).toHaveTextContent("What to do: infrakt serve --public-host NAME");
});
