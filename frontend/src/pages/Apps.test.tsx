import { screen, waitFor } from "@testing-library/react";
import { expect, test } from "vitest";
import { FakeApi } from "../testing/fakeApi";
import { anApp } from "../testing/fixtures";
import { expectAccessible, open } from "../testing/page";

test("apps are listed with their server and image, and can be narrowed to one server", async () => {
  const api = new FakeApi().on("GET /api/apps", () => [
    anApp(),
    anApp({ id: 2, name: "blog", server_name: "web-1", image: "ghost:5" }),
  ]);
  const { user, path } = open("/apps", api);
  expect(await screen.findByRole("row", { name: /shop.*prod-2.*shop\/web:1\.5/ })).toBeInTheDocument();
  await user.selectOptions(screen.getByLabelText("Server"), "web-1");
  await waitFor(() => expect(screen.queryByRole("row", { name: /shop/ })).toBeNull());
  expect(screen.getByRole("row", { name: /blog/ })).toBeInTheDocument();
  expect(path()).toBe("/apps?server=web-1");
  await expectAccessible();
});

test("where there are no apps, the page says how one is added", async () => {
  open(
    "/apps",
    new FakeApi().on("GET /api/apps", () => []),
  );
  expect(await screen.findByText("No apps yet")).toBeInTheDocument();
  expect(screen.getByText(/infrakt app add NAME/)).toBeInTheDocument();
});
