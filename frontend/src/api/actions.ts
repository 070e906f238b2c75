/** What pages tell the API to do. Nothing here is sent unless a person has sent it. */

import { call, send, SERVER_DEADLINE } from "./client";
import type { NewServer, ProvisionRequest, ResumeRequest, RunRequest, ServerChange } from "./types";

/** Rejects if the service does not take the key; whatever else it answers is of no interest. */
export const tryKey = (key: string) => call("GET", "/api/servers", { key });

export const addServer = (body: NewServer) =>
  call("POST", "/api/servers", { body, deadline: SERVER_DEADLINE });

export const updateServer = (name: string, body: ServerChange) =>
  call("PATCH", "/api/servers/{name}", { path: { name }, body, deadline: SERVER_DEADLINE });

/** `confirm` is the server's name, typed, where it is protected. */
export const removeServer = (name: string, confirm: string | null) =>
  call("DELETE", "/api/servers/{name}", {
    path: { name },
    ...(confirm === null ? {} : { body: { confirm } }),
  });

export const provision = (name: string, body: ProvisionRequest) =>
  call("POST", "/api/servers/{name}/provision", { path: { name }, body, deadline: SERVER_DEADLINE });

export const beginRun = (body: RunRequest) => call("POST", "/api/runs", { body, deadline: SERVER_DEADLINE });

export const resumeRun = (id: number, body: ResumeRequest) =>
  call("POST", "/api/runs/{id}/resume", { path: { id }, body, deadline: SERVER_DEADLINE });

/** After its current step, or with it. */
export const stopRun = (id: number, now: boolean) =>
  call("POST", "/api/runs/{id}/stop", { path: { id }, body: now ? { now: true } : {} });

/** The events of a run, as they happen. */
export const runEvents = (id: number, headers: Record<string, string>, signal: AbortSignal) =>
  send("GET", "/api/runs/{id}/events", { path: { id }, headers, signal });
