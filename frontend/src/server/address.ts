/** Where a server is, in words. */

import type { JumpHost, Route, Server } from "../api/types";

/** `192.0.2.7`, `debian@[2001:db8::7]:2222`: what its row says, and nothing that ssh would add. */
export function address({ host, port, user }: Pick<Server, "host" | "port" | "user">): string {
  const shown = host.includes(":") ? `[${host}]` : host;
  return `${user === null ? "" : `${user}@`}${shown}${port === null || port === 22 ? "" : `:${port}`}`;
}

/** What the connection leads through, in its order. */
export function through(route: Route): string[] {
  const jump = (host: JumpHost) => `${host.name} (${address(host)})`;
  return [...(route.proxy_command === null ? [] : [route.proxy_command]), ...route.jump_hosts.map(jump)];
}
