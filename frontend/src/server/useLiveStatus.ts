import { useQuery } from "@tanstack/react-query";
import { serverStatus } from "../api/queries";

const EVERY_MS = 10_000;
const AFTER_A_FAILURE_MS = 30_000;

/** What a server says of itself, asked again and again while somebody looks at the page. */
export function useLiveStatus(name: string) {
  return useQuery({
    ...serverStatus(name),
    refetchInterval: (query) => (query.state.status === "error" ? AFTER_A_FAILURE_MS : EVERY_MS),
  });
}

export type LiveStatus = ReturnType<typeof useLiveStatus>;
