import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo, useState, useSyncExternalStore } from "react";
import { run as runQuery } from "../api/queries";
import type { RunDetails } from "../api/types";
import { feedOf, type FeedSnapshot, type RunFeed } from "./feed";
import { viewOf, type RunView } from "./view";

/** Milliseconds after which the summary is asked for again: events tell the rest, but not what other windows did. */
const SUMMARY_AGE = 10_000;

/**
 * Milliseconds after which a hidden page leaves the stream. A browser opens at most six connections to a service, so six
 * forgotten tabs would keep every other page waiting. Until the page is visible again, the summary tells how far the run
 * is.
 */
const HIDDEN_FOR = 10_000;

export interface FollowedRun {
  run: RunDetails | undefined;
  view: RunView | undefined;
  error: Error | null;
  retry: () => void;
  feed: RunFeed;
  snapshot: FeedSnapshot;
  /** To be called when the run was resumed. */
  goOn: () => void;
}

/** A run that is followed as long as the component is shown. */
export function useRun(id: number): FollowedRun {
  const queries = useQueryClient();
  const summary = useQuery({
    ...runQuery(id),
    refetchInterval: ({ state }) => (state.data?.state === "done" ? false : SUMMARY_AGE),
    refetchIntervalInBackground: true,
  });
  const [feed] = useState(() =>
    feedOf(id, async () => {
      const run = await queries.query({ ...runQuery(id), staleTime: 0 });
      return run.state !== "running";
    }),
  );
  const snapshot = useSyncExternalStore(feed.subscribe, feed.getSnapshot);

  useEffect(() => {
    let leaving: ReturnType<typeof setTimeout> | undefined;
    const onVisibility = () => {
      clearTimeout(leaving);
      if (document.hidden) leaving = setTimeout(() => feed.stop(), HIDDEN_FOR);
      else feed.start();
    };
    feed.start();
    onVisibility();
    document.addEventListener("visibilitychange", onVisibility);
    return () => {
      document.removeEventListener("visibilitychange", onVisibility);
      clearTimeout(leaving);
      feed.stop();
    };
  }, [feed]);

  const { endedAt } = snapshot;
  useEffect(() => {
    if (endedAt === null) return;
    void queries.invalidateQueries({ queryKey: ["runs"] });
    void queries.invalidateQueries({ queryKey: ["servers"] });
  }, [endedAt, queries]);

  // It runs although its end was read: a user has resumed it, in another window or on the command line.
  const wasResumed = summary.data?.state === "running" && endedAt !== null && summary.dataUpdatedAt > endedAt;
  useEffect(() => {
    if (wasResumed) feed.goOn();
  }, [wasResumed, feed]);

  const run = summary.data;
  const { progress, caughtUp } = snapshot;
  const view = useMemo(
    () => (run === undefined ? undefined : viewOf(run, { progress, caughtUp })),
    [run, progress, caughtUp],
  );
  return {
    run,
    view,
    error: summary.error,
    retry: () => void summary.refetch(),
    feed,
    snapshot,
    goOn: () => {
      feed.goOn();
      void queries.invalidateQueries({ queryKey: ["runs"] });
    },
  };
}
