import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import { askAgain, runs } from "../api/queries";
import type { Run } from "../api/types";
import { ErrorNotice } from "../components/Notice";
import { Section } from "../components/Page";
import { Loading } from "../components/Spinner";
import { Table } from "../components/Table";
import { Time } from "../components/Time";
import { RunStateBadge } from "../run/RunStateBadge";
import { tookMs } from "../run/took";
import { recipeName } from "../run/words";
import { duration } from "../text/format";
import { printable } from "../text/printable";

const SHOWN = 10;

/** The last runs on a server. */
export function HistorySection({ server }: { server: string }) {
  const query = useQuery({
    ...runs({ server, limit: SHOWN }),
    refetchInterval: ({ state }) => {
      const running = state.data?.some((run) => run.state === "running") === true;
      return askAgain(state.error, running ? 5_000 : 30_000);
    },
  });
  const all = <Link to={`/runs?server=${encodeURIComponent(server)}`}>All runs</Link>;
  return (
    <Section title="Runs" aside={(query.data?.length ?? 0) > 0 ? all : undefined}>
      {query.isPending && <Loading what="runs" />}
      {query.isError && <ErrorNotice error={query.error} retry={() => void query.refetch()} />}
      {query.data?.length === 0 && <p>No runs yet.</p>}
      {query.data !== undefined && query.data.length > 0 && (
        <Table
          caption={`The last runs on ${server}`}
          columns={[
            {
              title: "Run",
              heading: true,
              cell: (run: Run) => <Link to={`/runs/${run.id}`}>Run {run.id}</Link>,
            },
            { title: "Recipe", cell: ({ recipe }) => printable(recipeName(recipe)) },
            { title: "State", cell: ({ state }) => <RunStateBadge state={state} /> },
            { title: "Started", cell: (run) => <Time at={run.started_at} /> },
            { title: "Took", numeric: true, cell: took },
          ]}
          rows={query.data}
          rowKey={({ id }) => id}
        />
      )}
    </Section>
  );
}

function took(run: Run): string {
  const ms = tookMs(run);
  return ms === null ? "" : duration(ms);
}
