import { infiniteQueryOptions, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link, useSearchParams } from "react-router";
import { call } from "../api/client";
import { servers as serversQuery } from "../api/queries";
import type { Run, RunState } from "../api/types";
import { Button } from "../components/Button";
import { SelectField } from "../components/Field";
import { ErrorNotice } from "../components/Notice";
import { Empty, Page } from "../components/Page";
import { Loading } from "../components/Spinner";
import { Table } from "../components/Table";
import { Time } from "../components/Time";
import { Elapsed } from "../run/Elapsed";
import { RunStateBadge } from "../run/RunStateBadge";
import { RUN_STATES, recipeName } from "../run/words";
import { duration } from "../text/format";
import { printable } from "../text/printable";
import styles from "./Runs.module.css";

const PAGE = 50;

const runPages = (server: string) =>
  infiniteQueryOptions({
    queryKey: ["runs", "pages", server],
    queryFn: ({ pageParam, signal }) =>
      call<Run[]>("GET", "/api/runs", {
        query: { server: server === "" ? undefined : server, limit: PAGE, before: pageParam },
        signal,
      }),
    initialPageParam: null as number | null,
    getNextPageParam: (last) => (last.length < PAGE ? undefined : last.at(-1)?.id),
  });

/** All runs, newest first, of all servers or of one. */
export function Runs() {
  const [search, setSearch] = useSearchParams();
  const server = search.get("server") ?? "";
  const state = search.get("state") ?? "";
  const pages = useInfiniteQuery({ ...runPages(server), refetchInterval: 5_000 });
  const inventory = useQuery(serversQuery());
  const known = inventory.data?.map(({ name }) => name) ?? [];
  const read = pages.data?.pages.flat() ?? [];
  const shown = state === "" ? read : read.filter((run) => run.state === state);

  const filter = (name: string, value: string) =>
    setSearch(
      (before) => {
        const next = new URLSearchParams(before);
        if (value === "") next.delete(name);
        else next.set(name, value);
        return next;
      },
      { replace: true },
    );

  return (
    <Page title={server === "" ? "Runs" : `Runs on ${server}`}>
      <div className={styles.filters}>
        <SelectField label="Server" value={server} onChange={(event) => filter("server", event.target.value)}>
          <option value="">All servers</option>
          {/* The runs of a server outlive its row, so an address may name one that is gone. */}
          {server !== "" && !known.includes(server) && <option value={server}>{server}</option>}
          {known.map((name) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </SelectField>
        <SelectField label="State" value={state} onChange={(event) => filter("state", event.target.value)}>
          <option value="">All states</option>
          {Object.entries(RUN_STATES).map(([name, { word }]) => (
            <option key={name} value={name}>
              {word}
            </option>
          ))}
        </SelectField>
      </div>
      {pages.isPending && <Loading what="runs" lines={6} />}
      {pages.error !== null && <ErrorNotice error={pages.error} retry={() => void pages.refetch()} />}
      {shown.length > 0 && <RunTable runs={shown} />}
      {pages.isSuccess && shown.length === 0 && (
        <NoRuns server={server} state={state} looked={read.length} more={pages.hasNextPage} />
      )}
      {pages.hasNextPage && (
        <div>
          <Button busy={pages.isFetchingNextPage} onClick={() => void pages.fetchNextPage()}>
            Show older runs
          </Button>
        </div>
      )}
    </Page>
  );
}

function RunTable({ runs }: { runs: Run[] }) {
  return (
    <Table
      caption="Runs, newest first"
      rows={runs}
      rowKey={({ id }) => id}
      columns={[
        {
          title: "Run",
          heading: true,
          cell: ({ id, recipe }) => (
            <Link to={`/runs/${id}`}>
              {id} {printable(recipeName(recipe))}
            </Link>
          ),
        },
        { title: "Server", cell: ({ server }) => printable(server) },
        { title: "State", cell: ({ state }) => <RunStateBadge state={state} /> },
        {
          title: "Started",
          cell: ({ started_at }) => (
            <span>
              <Time at={started_at} />
              <span className={styles.absolute}>{new Date(started_at).toLocaleString()}</span>
            </span>
          ),
        },
        { title: "Took", numeric: true, cell: (run) => <Took run={run} /> },
        { title: "By", cell: ({ operator }) => printable(operator) },
      ]}
    />
  );
}

function Took({ run: { state, started_at, ended_at } }: { run: Run }) {
  if (state === "running") return <Elapsed since={started_at} />;
  if (ended_at === null) return null;
  const took = new Date(ended_at).getTime() - new Date(started_at).getTime();
  return took < 0 ? null : duration(took);
}

function NoRuns({
  server,
  state,
  looked,
  more,
}: {
  server: string;
  state: string;
  looked: number;
  more: boolean;
}) {
  if (looked > 0) {
    const word = isRunState(state) ? RUN_STATES[state].word : "such";
    return <Empty title={more ? `None of the ${looked} newest runs is ${word}` : `No run is ${word}`} />;
  }
  return (
    <Empty title={server === "" ? "No run yet" : `No run on ${server}`}>
      <p>
        A run is one execution of a recipe on a server. Provision a <Link to="/servers">server</Link>, or run
        a <Link to="/recipes">recipe</Link>.
      </p>
    </Empty>
  );
}

function isRunState(state: string): state is RunState {
  return Object.hasOwn(RUN_STATES, state);
}
