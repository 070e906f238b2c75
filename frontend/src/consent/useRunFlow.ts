/**
 * From a plan to a run: reads the plan, keeps what the person gives with it, and starts the run for exactly the plan that is
 * shown. Whether the plan is shown on the page or in the modal, this is the same.
 */

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useNavigate } from "react-router";
import { ApiError } from "../api/client";
import { type PlanAsk, plan as planQuery } from "../api/queries";
import type { Plan, RunStarted } from "../api/types";
import { holdPassword } from "./heldPassword";

/** What a person gives with a run: the typed name where it destroys, the plan that was shown, secrets. */
export interface Consent {
  confirm?: string;
  digest: string;
  secrets?: Record<string, string>;
  /** For sudo on the server. It lives as long as this flow, and is in no cache. */
  sudo_password?: string;
}

export type StartRun = (consent: Consent) => Promise<RunStarted>;

export function useRunFlow(server: string, ask: PlanAsk, startRun: StartRun) {
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [sudo] = useState(holdPassword);
  const [secrets, setSecrets] = useState<Record<string, string>>({});
  /** The plan that no longer holds, and why. */
  const [outdated, setOutdated] = useState<{ shown: Plan; why: string } | null>(null);
  const query = useQuery(planQuery(server, ask, sudo.value));
  const start = useMutation({
    mutationFn: ({ plan, confirm }: { plan: Plan; confirm: string | null }) => {
      const sudoPassword = sudo.value();
      const given = Object.entries(secrets).filter(
        ([name, value]) => plan.secrets.includes(name) && value !== "",
      );
      return startRun({
        digest: plan.digest,
        ...(confirm === null ? {} : { confirm }),
        ...(given.length === 0 ? {} : { secrets: Object.fromEntries(given) }),
        ...(sudoPassword === null ? {} : { sudo_password: sudoPassword }),
      });
    },
    onSuccess: async ({ run_id: id }) => {
      void queries.invalidateQueries({ queryKey: ["runs"] });
      void queries.invalidateQueries({ queryKey: ["servers"], exact: true });
      await navigate(`/runs/${id}`);
    },
    onError: (error, { plan }) => {
      if (!(error instanceof ApiError)) return;
      if (error.code === "stale_plan") setOutdated({ shown: plan, why: error.message });
      if (error.status !== 0) void query.refetch();
    },
  });
  const plan = query.isSuccess && !query.isFetching ? query.data : null;
  return {
    server,
    /** The plan as it was just read; null while it is being read, or where it can't be. */
    plan,
    readAt: query.dataUpdatedAt,
    reading: query.isFetching,
    /** Why there is no plan. */
    unread: query.isFetching ? null : query.error,
    readAgain: () => void query.refetch(),
    /** Reads the plan with a password for sudo on the server. */
    giveSudoPassword: (password: string) => {
      sudo.give(password);
      void query.refetch();
    },
    outdated,
    start: (shown: Plan, confirm: string | null, onRefused?: () => void) =>
      start.mutate({ plan: shown, confirm }, { onError: onRefused }),
    starting: start.isPending,
    /** Why the run was not started. A plan that no longer holds is in `outdated`. */
    refused: start.error instanceof ApiError && start.error.code === "stale_plan" ? null : start.error,
    secrets,
    setSecrets,
    secretErrors: secretErrors(start.error),
  };
}

export type RunFlow = ReturnType<typeof useRunFlow>;

/** What the service said of a secret, by its name. */
function secretErrors(error: Error | null): Record<string, string> {
  const name = error instanceof ApiError ? /^secrets\.(.+)$/.exec(error.field ?? "")?.[1] : undefined;
  return name === undefined || error === null ? {} : { [name]: error.message };
}
