import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link, useSearchParams } from "react-router";
import { runPages, servers as serversQuery } from "../api/queries";
import type { Run, RunState } from "../api/types";
import { Button } from "../components/Button";
import { SelectField } from "../components/Field";
import { ErrorNotice } from "../components/Notice";
import { Empty, Page } from "../components/Page";
import { Loading } from "../components/Spinner";
import { type Column, Table } from "../components/Table";
import { Time } from "../components/Time";
import { Elapsed } from "../run/Elapsed";
import { RunStateBadge } from "../run/RunStateBadge";
import { tookMs } from "../run/took";
import { RUN_STATES, recipeName } from "../run/words";
import { duration } from "../text/format";
import { printable } from "../text/printable";
import styles from "./Runs.module.css";

/** All runs, newest first, of all servers or of one. */
export function Runs() {
  const [search, setSearch] = useSearchParams();
  const server = search.get("server") ?? "";
  const wanted = search.get("state") ?? "";
  const state = isRunState(wanted) ? wanted : null;
  const pages = useInfiniteQuery({
    ...runPages({ ...(server === "" ? {} : { server }), ...(state === null ? {} : { state }) }),
    refetchInterval: 5_000,
  });
  const inventory = useQuery(serversQuery());
  const known = inventory.data?.map(({ name }) => name) ?? [];
  const shown = pages.data?.pages.flat() ?? [];

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
        <SelectField
          label="State"
          value={state ?? ""}
          onChange={(event) => filter("state", event.target.value)}
        >
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
      {pages.isSuccess && shown.length === 0 && <NoRuns server={server} state={state} />}
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
        ...(runs.some(({ group }) => group !== null) ? [GROUP] : []),
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

const GROUP: Column<Run> = {
  title: "Group",
  cell: ({ group }) => (group === null ? null : <Link to={`/groups/${group}`}>{group}</Link>),
};

function Took({ run }: { run: Run }) {
  if (run.state === "running") return <Elapsed since={run.started_at} />;
  const took = tookMs(run);
  return took === null ? null : duration(took);
}

function NoRuns({ server, state }: { server: string; state: RunState | null }) {
  const where = server === "" ? "" : ` on ${server}`;
  if (state !== null) return <Empty title={`No matching runs: none${where} is ${RUN_STATES[state].word}`} />;
  return (
    <Empty title={server === "" ? "No runs yet" : `No runs on ${server}`}>
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
