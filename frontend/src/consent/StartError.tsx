import { Link } from "react-router";
import { ApiError } from "../api/client";
import type { Plan } from "../api/types";
import { ErrorNotice, Notice } from "../components/Notice";

/** Why a run was not started, and what to do. */
export function StartError({ error, server }: { error: unknown; server: string }) {
  if (error instanceof ApiError && error.status === 0) {
    return (
      <Notice tone="destroy" role="alert" title="The service did not answer. The run may have started.">
        <p>
          Check before you try again: <RunsOf server={server} />
        </p>
      </Notice>
    );
  }
  const locked = error instanceof ApiError && error.code === "locked";
  return (
    <ErrorNotice
      title={locked ? `Another run is using ${server}. Nothing was done.` : "Nothing was done."}
      error={error}
    >
      {locked && <RunsOf server={server} />}
    </ErrorNotice>
  );
}

/** Why a run of this plan would not be started now. */
export function Refused({
  refused,
  server,
  retry,
}: {
  refused: Plan["refused"];
  server: string;
  retry: () => void;
}) {
  if (refused === null) return null;
  const locked = refused.code === "locked";
  const title = locked ? `Another run is using ${server}.` : `A run on ${server} would be refused now.`;
  return (
    <ErrorNotice tone="change" title={title} error={refused} retry={retry}>
      {locked && <RunsOf server={server} />}
    </ErrorNotice>
  );
}

function RunsOf({ server }: { server: string }) {
  return <Link to={`/runs?server=${encodeURIComponent(server)}`}>Runs on {server}</Link>;
}
