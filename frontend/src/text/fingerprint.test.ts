import { expect, test } from "vitest";
import { fingerprint } from "./fingerprint";

test("a fingerprint is the one that ssh-keygen -l prints", () => {
  const key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINWTkQp1gnwr3gb92kyYC3XQC/XjJ5uV8x50J+2EnbxI";
  expect(fingerprint(key)).toBe("SHA256:/xlvc9kHBATo7huSvMDxv73h+riyEWAP6OHP65xwtzg");
  expect(fingerprint(`${key} root@prod-2`)).toBe(fingerprint(key));
});

test("text that is not a key has no fingerprint", () => {
  expect(fingerprint("")).toBeNull();
  expect(fingerprint("ssh-ed25519")).toBeNull();
  expect(fingerprint("ssh-ed25519 %%%")).toBeNull();
});
