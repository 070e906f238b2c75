import { useQuery } from "@tanstack/react-query";
import { askAgain, serverStatus } from "../api/queries";
import { mayPass } from "./problem";

const EVERY_MS = 10_000;
const AFTER_A_FAILURE_MS = 30_000;

/**
 * What a server says about itself. The page asks regularly while it is visible. It does not repeat a refused login:
 * the server may count such logins and ban this address.
 */
export function useLiveStatus(name: string) {
  return useQuery({
    ...serverStatus(name),
    refetchInterval: ({ state }) => {
      if (state.status !== "error") return EVERY_MS;
      return askAgain(state.error, mayPass(state.error) ? AFTER_A_FAILURE_MS : false);
    },
    refetchOnWindowFocus: ({ state }) => state.status !== "error" || mayPass(state.error),
  });
}

export type LiveStatus = ReturnType<typeof useLiveStatus>;
