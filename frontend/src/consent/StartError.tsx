import { Link } from "react-router";
import { ApiError } from "../api/client";
import { ErrorNotice, Notice } from "../components/Notice";

/** Why a run was not started, and the way on. */
export function StartError({ error, server }: { error: unknown; server: string }) {
  const runs = <Link to={`/runs?server=${encodeURIComponent(server)}`}>The runs of {server}</Link>;
  if (error instanceof ApiError && error.status === 0) {
    return (
      <Notice
        tone="destroy"
        role="alert"
        title="There was no answer, so it is not known whether the run began."
      >
        <p>Look before you try again: {runs}</p>
      </Notice>
    );
  }
  const locked = error instanceof ApiError && error.code === "locked";
  return (
    <>
      <ErrorNotice
        title={locked ? "Somebody is at work there. Nothing was done." : "Nothing was done."}
        error={error}
      />
      {locked && <p>{runs}</p>}
    </>
  );
}
