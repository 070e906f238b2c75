import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useNavigate } from "react-router";
import { ApiError } from "../api/client";
import type { Plan, RunStarted } from "../api/types";

/** What a person gives with a run: the typed name where it destroys, the plan that was shown, values for its secrets. */
export interface Consent {
  confirm?: string;
  digest: string;
  secrets?: Record<string, string>;
}

export type StartRun = (consent: Consent) => Promise<RunStarted>;

/** Starts a run for the plan that is shown, and goes to its page. `onRefused` hears of every refusal. */
export function useStart(startRun: StartRun, onRefused: (error: ApiError, shown: Plan) => void) {
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [secrets, setSecrets] = useState<Record<string, string>>({});
  const mutation = useMutation({
    mutationFn: ({ plan, confirm }: { plan: Plan; confirm: string | null }) => {
      const given = Object.entries(secrets).filter(
        ([name, value]) => plan.secrets.includes(name) && value !== "",
      );
      return startRun({
        digest: plan.digest,
        ...(confirm === null ? {} : { confirm }),
        ...(given.length === 0 ? {} : { secrets: Object.fromEntries(given) }),
      });
    },
    onSuccess: async ({ run_id: id }) => {
      void queries.invalidateQueries({ queryKey: ["runs"] });
      await navigate(`/runs/${id}`);
    },
    onError: (error, { plan }) => {
      if (error instanceof ApiError) onRefused(error, plan);
    },
  });
  return {
    start: (plan: Plan, confirm: string | null) => mutation.mutate({ plan, confirm }),
    busy: mutation.isPending,
    error: mutation.error,
    secrets,
    setSecrets,
    secretErrors: secretErrors(mutation.error),
  };
}

/** What the service said of a secret, by its name. */
function secretErrors(error: Error | null): Record<string, string> {
  const name = error instanceof ApiError ? /^secrets\.(.+)$/.exec(error.field ?? "")?.[1] : undefined;
  return name === undefined || error === null ? {} : { [name]: error.message };
}
