/** What pages ask the API for, by name, so that one answer serves them all and a change can say whose answer is old. */

import { infiniteQueryOptions, QueryClient, queryOptions } from "@tanstack/react-query";
import { ApiError, call, SERVER_DEADLINE } from "./client";
import type { Parameters, RunState } from "./types";

export function newQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        networkMode: "always",
        staleTime: 5_000,
        // After an outage pages recover by themselves.
        refetchInterval: ({ state }) => askAgain(state.error, false),
        // What the service refuses it refuses again; only an answer that never came is worth a second try.
        retry: (count, error) => count < 1 && isOutage(error),
      },
      // An action is sent at once, or it fails. It must not wait until the browser believes that it is online again,
      // and then happen while the user is away. (The service may be in reach without a network: on this computer.)
      mutations: { networkMode: "always", retry: false },
    },
  });
}

/** Milliseconds after which a page asks again while the service does not answer. */
const OUTAGE_MS = 5_000;

/** When to ask again: soon during an outage of the service, else after `interval`. */
export function askAgain(error: unknown, interval: number | false): number | false {
  return isOutage(error) ? OUTAGE_MS : interval;
}

function isOutage(error: unknown): boolean {
  return error instanceof ApiError && error.status === 0;
}

/** Which service this is. It does not change under a page that it served. */
export const health = () =>
  queryOptions({
    queryKey: ["health"],
    queryFn: ({ signal }) => call("GET", "/api/health", { signal }),
    staleTime: Infinity,
    retry: false,
  });

export const servers = () =>
  queryOptions({
    queryKey: ["servers"],
    queryFn: ({ signal }) => call("GET", "/api/servers", { signal }),
  });

export const server = (name: string) =>
  queryOptions({
    queryKey: ["servers", name],
    queryFn: ({ signal }) => call("GET", "/api/servers/{name}", { path: { name }, signal }),
  });

type Status = Awaited<ReturnType<typeof askStatus>>;

const askStatus = (name: string, signal: AbortSignal) =>
  call("GET", "/api/servers/{name}/status", { path: { name }, signal, deadline: SERVER_DEADLINE });

/** Asks the server itself, which takes as long as a login does. `inTurn` may let it wait for others. */
export const serverStatus = (
  name: string,
  inTurn: (ask: () => Promise<Status>, signal: AbortSignal) => Promise<Status> = (ask) => ask(),
) =>
  queryOptions({
    queryKey: ["servers", name, "status"],
    queryFn: ({ signal }) => inTurn(() => askStatus(name, signal), signal),
    retry: false,
  });

export interface PlanAsk {
  recipe: string;
  /** For `provision`: without the wipe. */
  keepData?: boolean;
  parameters?: Parameters;
}

/**
 * A plan. Each request reads the server again, and nothing else does: a plan must not change while a user reads it. The
 * password for sudo is given apart, so that no key of the cache holds it.
 */
export const plan = (
  name: string,
  { recipe, keepData = false, parameters = {} }: PlanAsk,
  sudoPassword: () => string | null = () => null,
) =>
  queryOptions({
    queryKey: ["servers", name, "plan", { recipe, keepData, parameters }],
    queryFn: ({ signal }) => {
      const password = sudoPassword();
      if (Object.keys(parameters).length === 0 && password === null) {
        return call("GET", "/api/servers/{name}/plan", {
          path: { name },
          query: { recipe, ...(keepData ? { keep_data: true } : {}) },
          signal,
          deadline: SERVER_DEADLINE,
        });
      }
      return call("POST", "/api/servers/{name}/plan", {
        path: { name },
        body: {
          recipe,
          parameters: keepData ? { ...parameters, keep_data: true } : parameters,
          ...(password === null ? {} : { sudo_password: password }),
        },
        signal,
        deadline: SERVER_DEADLINE,
      });
    },
    staleTime: 0,
    gcTime: 0,
    retry: false,
    refetchInterval: false,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
  });

export interface RunsFilter {
  server?: string;
  state?: RunState;
  limit?: number;
  before?: number;
}

export const runs = (filter: RunsFilter = {}) =>
  queryOptions({
    queryKey: ["runs", filter],
    queryFn: ({ signal }) => call("GET", "/api/runs", { query: { ...filter }, signal }),
  });

/** The runs of a page of the list. */
export const RUNS_PER_PAGE = 50;

/** All runs that match, newest first, page by page. */
export const runPages = (filter: Pick<RunsFilter, "server" | "state">) =>
  infiniteQueryOptions({
    queryKey: ["runs", "pages", filter],
    queryFn: ({ pageParam, signal }) =>
      call("GET", "/api/runs", {
        query: { ...filter, limit: RUNS_PER_PAGE, ...(pageParam === null ? {} : { before: pageParam }) },
        signal,
      }),
    initialPageParam: null as number | null,
    getNextPageParam: (last) => (last.length < RUNS_PER_PAGE ? undefined : last.at(-1)?.id),
  });

/** A group: what one command did on several servers. */
export const group = (id: string) =>
  queryOptions({
    queryKey: ["groups", id],
    queryFn: ({ signal }) => call("GET", "/api/groups/{name}", { path: { name: id }, signal }),
  });

export const run = (id: number) =>
  queryOptions({
    queryKey: ["runs", id],
    queryFn: ({ signal }) => call("GET", "/api/runs/{id}", { path: { id }, signal }),
  });

export const recipes = () =>
  queryOptions({
    queryKey: ["recipes"],
    queryFn: ({ signal }) => call("GET", "/api/recipes", { signal }),
  });

export const recipe = (name: string) =>
  queryOptions({
    queryKey: ["recipes", name],
    queryFn: ({ signal }) => call("GET", "/api/recipes/{name}", { path: { name }, signal }),
  });

export const apps = (serverName?: string) =>
  queryOptions({
    queryKey: ["apps", serverName ?? null],
    queryFn: ({ signal }) =>
      call("GET", "/api/apps", { query: serverName === undefined ? {} : { server: serverName }, signal }),
  });
