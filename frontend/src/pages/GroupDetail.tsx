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
  const done = group.servers.filter(isDone).length;
  const { stages } = group;
  return (
    <>
      <Section title="Servers" aside={`${done} of ${count(group.servers.length, "server")} done`}>
        {stages.length === 0 && <Servers of={group.servers} caption={`Servers of group ${group.id}`} />}
        {stages.map(({ name, recipe }, index) => {
          const own = group.servers.filter(({ stage }) => stage === name);
          return (
            <section key={name}>
              <h3>
                Stage {index + 1} of {stages.length}: {printable(name)}
              </h3>
              <p>
                {printable(recipeName(recipe))}, {own.filter(isDone).length} of {count(own.length, "server")}{" "}
                done
              </p>
              <Servers of={own} caption={`Servers of the stage ${name}`} />
            </section>
          );
        })}
      </Section>
      {[{ name: "", parameters: group.parameters }, ...stages]
        .filter(({ parameters }) => Object.keys(parameters).length > 0)
        .map(({ name, parameters }) => (
          <Section key={name} title={name === "" ? "Parameters" : `Parameters of ${printable(name)}`}>
            <Facts
              of={Object.entries(parameters).map(([key, value]): [string, string] => [
                key,
                printable(JSON.stringify(value)),
              ])}
            />
          </Section>
        ))}
    </>
  );
}

function isDone({ state }: GroupServer): boolean {
  return state === "done";
}

function Servers({ of: servers, caption }: { of: GroupServer[]; caption: string }) {
  return (
    <Table
      caption={caption}
      rows={servers}
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
