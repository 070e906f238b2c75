import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "react-router";
import { askAgain, group as groupQuery } from "../api/queries";
import type { Group, GroupServer } from "../api/types";
import { Badge } from "../components/Badge";
import { ErrorNotice } from "../components/Notice";
import { Facts, Page, Section } from "../components/Page";
import { Loading } from "../components/Spinner";
import { Table } from "../components/Table";
import { RunStateBadge } from "../run/RunStateBadge";
import { recipeName } from "../run/words";
import { count } from "../text/format";
import { printable } from "../text/printable";

/** A group: what one command did on several servers, with its retries. */
export function GroupDetail() {
  const { id = "" } = useParams();
  const { data, error, isPending, refetch } = useQuery({
    ...groupQuery(id),
    refetchInterval: ({ state }) => askAgain(state.error, isGoing(state.data) ? 3_000 : false),
  });
  return (
    <Page
      title={data === undefined ? `Group ${id}` : `Group ${data.id}: ${recipeName(data.recipe)}`}
      above={<Link to="/runs">Runs</Link>}
    >
      {isPending && <Loading what={`group ${id}`} lines={6} />}
      {error !== null && <ErrorNotice error={error} retry={() => void refetch()} />}
      {data !== undefined && <Known group={data} />}
    </Page>
  );
}

function isGoing(group: Group | undefined): boolean {
  return group?.servers.some(({ state }) => state === "running") ?? false;
}

function Known({ group }: { group: Group }) {
  const given = Object.entries(group.parameters).map(([name, value]): [string, string] => [
    name,
    printable(JSON.stringify(value)),
  ]);
  const done = group.servers.filter(({ state }) => state === "done").length;
  return (
    <>
      <Section title="Servers" aside={`${done} of ${count(group.servers.length, "server")} done`}>
        <Table
          caption={`Servers of group ${group.id}`}
          rows={group.servers}
          rowKey={({ server }) => server}
          columns={[
            {
              title: "Server",
              heading: true,
              cell: ({ server }) => (
                <Link to={`/servers/${encodeURIComponent(server)}`}>{printable(server)}</Link>
              ),
            },
            {
              title: "Run",
              cell: ({ run }) => (run === null ? null : <Link to={`/runs/${run}`}>Run {run}</Link>),
            },
            { title: "State", cell: (server) => <State of={server} /> },
            { title: "Reason", cell: ({ reason }) => (reason === null ? null : printable(reason)) },
          ]}
        />
      </Section>
      {given.length > 0 && (
        <Section title="Parameters">
          <Facts of={given} />
        </Section>
      )}
    </>
  );
}

const LEFT_OUT: Record<NonNullable<GroupServer["left_out"]>, string> = {
  unreachable: "not reached",
  refused: "refused",
};

function State({ of: { state, left_out: leftOut } }: { of: GroupServer }) {
  if (state !== null) return <RunStateBadge state={state} />;
  return leftOut === null ? null : <Badge tone="change">{LEFT_OUT[leftOut]}</Badge>;
}
