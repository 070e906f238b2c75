/** What pages ask the API for, by name, so that one answer serves them all and a change can say whose answer is old. */

import { QueryClient, queryOptions } from "@tanstack/react-query";
import { ApiError, call, segment, SERVER_DEADLINE } from "./client";
import type {
  App,
  Health,
  Parameters,
  Plan,
  Recipe,
  RecipeDetails,
  Run,
  RunDetails,
  Server,
  ServerStatus,
  ServerWithRoute,
} from "./types";

export function newQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        networkMode: "always",
        staleTime: 5_000,
        // What the service refuses it refuses again; only an answer that never came is worth a second try.
        retry: (count, error) => count < 1 && error instanceof ApiError && error.status === 0,
      },
      // What a person has sent is sent now or fails. Nothing may wait until the browser takes itself for online again, and be
      // done when nobody looks. (The service may well be in reach then: on this computer.)
      mutations: { networkMode: "always", retry: false },
    },
  });
}

/** Which service this is. It does not change under a page that it served. */
export const health = () =>
  queryOptions({
    queryKey: ["health"],
    queryFn: ({ signal }) => call<Health>("GET", "/api/health", { signal }),
    staleTime: Infinity,
    retry: false,
  });

export const servers = () =>
  queryOptions({
    queryKey: ["servers"],
    queryFn: ({ signal }) => call<Server[]>("GET", "/api/servers", { signal }),
  });

export const server = (name: string) =>
  queryOptions({
    queryKey: ["servers", name],
    queryFn: ({ signal }) => call<ServerWithRoute>("GET", `/api/servers/${segment(name)}`, { signal }),
  });

/** Asks the server itself, which takes as long as a login does. */
export const serverStatus = (name: string) =>
  queryOptions({
    queryKey: ["servers", name, "status"],
    queryFn: ({ signal }) =>
      call<ServerStatus>("GET", `/api/servers/${segment(name)}/status`, {
        signal,
        deadline: SERVER_DEADLINE,
      }),
    retry: false,
  });

export interface PlanAsk {
  recipe: string;
  /** For `provision`: without the wipe. */
  keepData?: boolean;
  parameters?: Parameters;
}

/** A plan, read from the server anew each time that it is asked for, and only then: it must not change under a reader. */
export const plan = (name: string, { recipe, keepData = false, parameters = {} }: PlanAsk) =>
  queryOptions({
    queryKey: ["servers", name, "plan", { recipe, keepData, parameters }],
    queryFn: ({ signal }) => {
      const path = `/api/servers/${segment(name)}/plan`;
      if (Object.keys(parameters).length === 0) {
        return call<Plan>("GET", path, {
          query: { recipe, keep_data: keepData ? true : undefined },
          signal,
          deadline: SERVER_DEADLINE,
        });
      }
      const all = keepData ? { ...parameters, keep_data: true } : parameters;
      return call<Plan>("POST", path, {
        body: { recipe, parameters: all },
        signal,
        deadline: SERVER_DEADLINE,
      });
    },
    staleTime: 0,
    gcTime: 0,
    retry: false,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
  });

export type PlanQuery = ReturnType<typeof plan>;

export interface RunsFilter {
  server?: string;
  limit?: number;
  before?: number;
}

export const runs = (filter: RunsFilter = {}) =>
  queryOptions({
    queryKey: ["runs", filter],
    queryFn: ({ signal }) => call<Run[]>("GET", "/api/runs", { query: { ...filter }, signal }),
  });

export const run = (id: number) =>
  queryOptions({
    queryKey: ["runs", id],
    queryFn: ({ signal }) => call<RunDetails>("GET", `/api/runs/${segment(id)}`, { signal }),
  });

export const recipes = () =>
  queryOptions({
    queryKey: ["recipes"],
    queryFn: ({ signal }) => call<Recipe[]>("GET", "/api/recipes", { signal }),
  });

export const recipe = (name: string) =>
  queryOptions({
    queryKey: ["recipes", name],
    queryFn: ({ signal }) => call<RecipeDetails>("GET", `/api/recipes/${segment(name)}`, { signal }),
  });

export const apps = (serverName?: string) =>
  queryOptions({
    queryKey: ["apps", serverName ?? null],
    queryFn: ({ signal }) => call<App[]>("GET", "/api/apps", { query: { server: serverName }, signal }),
  });
