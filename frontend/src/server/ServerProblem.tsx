import type { ReactNode } from "react";
import { Link } from "react-router";
import { ApiError } from "../api/client";
import { CodeBlock } from "../components/Code";
import { ErrorNotice } from "../components/Notice";
import { consoleCommand, offeredKey } from "./problem";

/** What went wrong with a server, and what to do about it on these pages. Other advice is shown as the service gives it. */
export function ServerProblem({
  title,
  server,
  error,
  busy,
  retry,
}: {
  title: string;
  server: string;
  error: unknown;
  /** It is being tried again. */
  busy?: boolean;
  retry: () => void;
}) {
  return (
    <ErrorNotice
      tone="change"
      title={title}
      error={error}
      advice={adviceFor(server, error)}
      busy={busy}
      retry={retry}
    />
  );
}

function adviceFor(server: string, error: unknown): ReactNode {
  if (!(error instanceof ApiError)) return undefined;
  const edit = <Link to={`/servers/${encodeURIComponent(server)}?edit`}>Edit {server}</Link>;
  switch (error.code) {
    case "unreachable":
    case "handshake":
      return <p>Is the server on? Check its address and port: {edit}</p>;
    case "login_denied":
      return <p>Check its user and private key file: {edit}</p>;
    case "host_key_changed":
    case "host_key_unknown": {
      const key = offeredKey(error);
      const command = consoleCommand(error);
      if (key === null || command === null) return undefined;
      return (
        <>
          <p>The server now shows this host key:</p>
          <CodeBlock label="Fingerprint" text={key} />
          <p>
            If you know why, compare it on the server’s own console: <code>{command}</code>. If both are the
            same, enter it as the host key: {edit}
          </p>
        </>
      );
    }
    default:
      return undefined;
  }
}
