import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link, useParams, useSearchParams } from "react-router";
import { ApiError } from "../api/client";
import { server as theServer } from "../api/queries";
import type { ServerWithRoute } from "../api/types";
import { Button } from "../components/Button";
import { ErrorNotice, Notice } from "../components/Notice";
import { Page } from "../components/Page";
import { Loading } from "../components/Spinner";
import { Tag } from "../components/Tag";
import { RunningNotice } from "../run/RunningNotice";
import { AboutSection } from "../server/AboutSection";
import { AppsSection } from "../server/AppsSection";
import { DockerSection } from "../server/DockerSection";
import { EditServerDialog } from "../server/EditServerDialog";
import { HistorySection } from "../server/HistorySection";
import { NowSection } from "../server/NowSection";
import { ProvisionSection } from "../server/ProvisionSection";
import { ReachSection } from "../server/ReachSection";
import { RemoveServerDialog } from "../server/RemoveServerDialog";
import { ProtectedBadge, protectionOf, StatusBadge } from "../server/ServerBadges";
import { useLiveStatus } from "../server/useLiveStatus";
import { VariablesSection } from "../server/VariablesSection";
import { printable } from "../text/printable";
import styles from "./ServerDetail.module.css";

/** Milliseconds after which the page looks whether a run has begun or ended. */
const EVERY_MS = 5_000;

/** A server: what it is busy with, what runs there, what was run, and provisioning it. */
export function ServerDetail() {
  const { name = "" } = useParams();
  const query = useQuery({ ...theServer(name), refetchInterval: EVERY_MS });
  // What is known stays, and with it what a person is about to do, if asking again fails.
  if (query.data !== undefined && !gone(query.error)) {
    return <Known key={name} server={query.data} problem={query.error} />;
  }
  return (
    <Page title={name} above={<Link to="/servers">Servers</Link>}>
      {query.isPending && <Loading what={name} />}
      {query.isError && (
        <ErrorNotice error={query.error} retry={gone(query.error) ? undefined : () => void query.refetch()} />
      )}
    </Page>
  );
}

function gone(error: Error | null): boolean {
  return error instanceof ApiError && error.code === "unknown_server";
}

function Known({ server, problem }: { server: ServerWithRoute; problem: Error | null }) {
  const [removing, setRemoving] = useState(false);
  // The address says it, so that advice elsewhere can lead to the form.
  const [search, setSearch] = useSearchParams();
  const editing = search.has("edit");
  const edit = (open: boolean) => setSearch(open ? { edit: "" } : {}, { replace: true });
  const live = useLiveStatus(server.name);
  const protection = protectionOf(server, live.data?.protected);
  const facts = live.data?.facts;
  const running = server.last_run?.state === "running" ? server.last_run : undefined;
  return (
    <Page
      title={server.name}
      above={<Link to="/servers">Servers</Link>}
      beside={
        <>
          <StatusBadge status={live.data?.status ?? server.status} />
          <ProtectedBadge reasons={protection} />
          {server.tags.map((tag) => (
            <Tag key={tag} name={tag} />
          ))}
        </>
      }
      actions={
        <>
          <Button onClick={() => edit(true)}>Edit</Button>
          <Button onClick={() => setRemoving(true)}>Remove</Button>
        </>
      }
    >
      {problem !== null && (
        <ErrorNotice tone="change" title="This page may be out of date." error={problem} />
      )}
      {protection.length > 0 && (
        <Notice title="Protected: nothing is ever deleted here">
          <ul className={styles.reasons}>
            {protection.map((reason) => (
              <li key={reason.message}>{printable(reason.message)}</li>
            ))}
          </ul>
        </Notice>
      )}
      {running !== undefined && <RunningNotice run={running} />}
      <NowSection name={server.name} live={live} />
      <ProvisionSection server={server} protection={protection} running={running} />
      <div className={styles.columns}>
        <div className={styles.column}>
          {facts !== undefined && <DockerSection facts={facts} />}
          <HistorySection server={server.name} />
          <AppsSection server={server.name} />
        </div>
        <div className={styles.column}>
          <AboutSection server={server} facts={facts} />
          <ReachSection server={server} />
          <VariablesSection server={server} />
        </div>
      </div>
      {editing && <EditServerDialog server={server} onClose={() => edit(false)} />}
      {removing && <RemoveServerDialog server={server} onClose={() => setRemoving(false)} />}
    </Page>
  );
}
