/** A server between a form and the API: what a person writes into it, and what of that is sent. */

import type { NewServer, Server, ServerChange } from "../api/types";

export interface ServerDraft {
  name: string;
  host: string;
  user: string;
  port: string;
  ssh_key_path: string;
  provider: string;
  host_key: string;
  tags: string;
  is_infrakt_host: boolean;
}

export type FieldName = keyof ServerDraft;
export type FieldErrors = Partial<Record<FieldName, string>>;

export const emptyDraft: ServerDraft = {
  name: "",
  host: "",
  user: "",
  port: "",
  ssh_key_path: "",
  provider: "",
  host_key: "",
  tags: "",
  is_infrakt_host: false,
};

export function draftOf(server: Server): ServerDraft {
  return {
    name: server.name,
    host: server.host,
    user: server.user ?? "",
    port: server.port === null ? "" : String(server.port),
    ssh_key_path: server.ssh_key_path ?? "",
    provider: server.provider ?? "",
    host_key: server.host_key ?? "",
    tags: server.tags.join(", "),
    is_infrakt_host: server.is_infrakt_host,
  };
}

/** What is missing or invalid. The service checks everything again. */
export function slips(draft: ServerDraft): FieldErrors {
  const errors: FieldErrors = {};
  if (draft.name.trim() === "") errors.name = "A server needs a name.";
  if (draft.host.trim() === "") errors.host = "A server needs an address.";
  const port = draft.port.trim();
  if (port !== "" && !(/^\d{1,5}$/.test(port) && Number(port) >= 1 && Number(port) <= 65_535)) {
    errors.port = "A port is a number from 1 to 65535.";
  }
  return errors;
}

export function tagsOf(text: string): string[] {
  return [...new Set(text.split(/[\s,]+/).filter((tag) => tag !== ""))];
}

/** The new server that a draft without slips stands for; what was left empty is left out. */
export function newServer(draft: ServerDraft): NewServer {
  const given = {
    user: draft.user,
    ssh_key_path: draft.ssh_key_path,
    provider: draft.provider,
    host_key: draft.host_key,
  };
  const port = draft.port.trim();
  const tags = tagsOf(draft.tags);
  return {
    name: draft.name.trim(),
    host: draft.host.trim(),
    ...Object.fromEntries(
      Object.entries(given).flatMap(([name, text]) => (text.trim() === "" ? [] : [[name, text.trim()]])),
    ),
    ...(port === "" ? {} : { port: Number(port) }),
    ...(tags.length === 0 ? {} : { tags }),
    ...(draft.is_infrakt_host ? { is_infrakt_host: true } : {}),
  };
}

/** Only what is different from the server as it was read; an emptied field is null. */
export function changeOf(server: Server, draft: ServerDraft): ServerChange {
  const before = draftOf(server);
  const change: ServerChange = {};
  if (draft.host.trim() !== before.host) change.host = draft.host.trim();
  for (const field of ["user", "ssh_key_path", "provider", "host_key"] as const) {
    const text = draft[field].trim();
    if (text !== before[field]) change[field] = text === "" ? null : text;
  }
  const port = draft.port.trim();
  if (port !== before.port) change.port = port === "" ? null : Number(port);
  const tags = tagsOf(draft.tags);
  if (tags.sort().join(" ") !== [...server.tags].sort().join(" ")) change.tags = tags;
  if (draft.is_infrakt_host !== before.is_infrakt_host) change.is_infrakt_host = draft.is_infrakt_host;
  return change;
}

/** What of a change a person has to confirm by typing the server's name; null where there is nothing. */
export function toConfirm(server: Server, change: ServerChange): string | null {
  if (server.is_infrakt_host) {
    if (change.is_infrakt_host === false)
      return "This removes the protection. The server can be wiped afterwards.";
    if (change.host !== undefined || change.port !== undefined)
      return "This changes the address of a protected server.";
    if (change.host_key !== undefined) return "This changes the host key of a protected server.";
  }
  if (change.host_key === null && server.host_key !== null)
    return "Without a recorded host key, infrakt trusts the next machine that answers.";
  return null;
}
