import { expect, test } from "vitest";
import { ApiError } from "../api/client";
import { mayPass } from "./problem";

test.each([
  [0, "no_answer", true],
  [502, "unreachable", true],
  [503, "busy", true],
  [502, "login_denied", false],
  [502, "host_key_changed", false],
  [502, "sudo_wrong_password", false],
])(
  "a page repeats a question to a server only if it was no refused login: %i %s",
  (status, code, repeats) => {
    expect(mayPass(new ApiError(status, code, "message"))).toBe(repeats);
  },
);
