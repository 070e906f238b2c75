/** What went wrong with a server, by the code that the API gives it. */

import { ApiError } from "../api/client";

/** Whether the answer is a password for sudo on the server. */
export function wantsSudoPassword(error: unknown): error is ApiError {
  return (
    error instanceof ApiError &&
    (error.code === "sudo_needs_password" || error.code === "sudo_wrong_password")
  );
}

/** The command for the server's own console that shows its host key, as the hint names it. */
export function consoleCommand(error: unknown): string | null {
  const hint = error instanceof ApiError ? error.hint : null;
  return /ssh-keygen -lf [^\s;]+/.exec(hint ?? "")?.[0] ?? null;
}

/** The fingerprint that a changed or unknown host key has, as the hint names it. */
export function offeredKey(error: unknown): string | null {
  const hint = error instanceof ApiError ? error.hint : null;
  return /SHA256:[A-Za-z0-9+/]+/.exec(hint ?? "")?.[0] ?? null;
}

/** Whether a later retry may succeed without any change: after an outage, or when the service is less busy. */
export function mayPass(error: unknown): boolean {
  return (
    error instanceof ApiError &&
    (error.status === 0 || ["unreachable", "connection_lost", "busy"].includes(error.code))
  );
}
