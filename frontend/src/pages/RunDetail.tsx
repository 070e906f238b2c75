import type { ReactNode } from "react";
import { Link, useParams } from "react-router";
import { ApiError } from "../api/client";
import type { RunDetails } from "../api/types";
import { ButtonLink } from "../components/Button";
import { Loading } from "../components/Spinner";
import { ErrorNotice, Notice } from "../components/Notice";
import { Page, Section } from "../components/Page";
import { Time } from "../components/Time";
import { Elapsed } from "../run/Elapsed";
import { Outcome } from "../run/Outcome";
import { ProgressBar } from "../run/ProgressBar";
import { ResumeRun } from "../run/ResumeRun";
import { RunStateBadge } from "../run/RunStateBadge";
import { StepAnnouncer } from "../run/StepAnnouncer";
import { StepList } from "../run/StepList";
import { StopRun } from "../run/StopRun";
import type { Connection } from "../run/stream";
import { tookMs } from "../run/took";
import { useRun } from "../run/useRun";
import type { RunView } from "../run/view";
import { recipeName } from "../run/words";
import { duration } from "../text/format";
import { printable } from "../text/printable";
import { reportedText } from "../text/report";
import styles from "./RunDetail.module.css";

/** A run: live while it is running, and its record afterwards. */
export function RunDetail() {
  const { id = "" } = useParams();
  if (!/^\d{1,15}$/.test(id)) {
    return (
      <Page title="No such run" above={<Link to="/runs">Runs</Link>}>
        <ErrorNotice error={`“${printable(id)}” is not the number of a run.`} />
      </Page>
    );
  }
  return <Run key={id} id={Number(id)} />;
}

function Run({ id }: { id: number }) {
  const { run, view, error, retry, feed, snapshot, goOn } = useRun(id);
  const above = <Link to="/runs">Runs</Link>;
  if (run === undefined || view === undefined) {
    return (
      <Page title={`Run ${id}`} above={above}>
        {error === null ? (
          <Loading what={`run ${id}`} lines={8} />
        ) : (
          <ErrorNotice error={error} retry={retry} />
        )}
      </Page>
    );
  }
  const going = view.state === "running";
  const heading = `Run ${id}: ${recipeName(run.recipe)} on ${run.server}`;
  return (
    <Page
      title={going ? `${view.ended}/${view.steps.length} · ${heading}` : heading}
      heading={heading}
      above={above}
      beside={<RunStateBadge state={view.state} />}
      actions={
        going ? (
          <StopRun id={id} running={view.running} />
        ) : (
          <>
            {run.resumable && view.state !== "done" && <ResumeRun run={run} onResumed={goOn} />}
            {run.server_id !== null && (
              <ButtonLink to={`/recipes/${encodeURIComponent(recipeName(run.recipe))}?again=${run.id}`}>
                Run again
              </ButtonLink>
            )}
          </>
        )
      }
      sticky={going}
      below={<ProgressBar view={view} />}
    >
      <ConnectionNotice connection={snapshot.connection} going={going} error={error} />
      <Outcome run={run} view={view} />
      <About run={run} view={view} />
      {view.notices.length > 0 && (
        <Section title="Notices">
          <ul>
            {view.notices.map((notice, index) => (
              <li key={index}>{printable(notice)}</li>
            ))}
          </ul>
        </Section>
      )}
      <Report values={run.report} />
      <Section title="Steps" plain>
        <StepList runId={id} view={view} feed={feed} />
      </Section>
      <StepAnnouncer view={view} />
    </Page>
  );
}

function About({ run, view }: { run: RunDetails; view: RunView }) {
  const going = view.state === "running";
  const began = new Date(run.started_at);
  const took = tookMs(run);
  return (
    <dl className={styles.about}>
      <Fact name="server">
        {run.server_id === null ? (
          `${run.server} (no longer in the inventory)`
        ) : (
          <Link to={`/servers/${encodeURIComponent(run.server)}`}>{run.server}</Link>
        )}
      </Fact>
      <Fact name="recipe">
        <Link to={`/recipes/${encodeURIComponent(recipeName(run.recipe))}`}>{recipeName(run.recipe)}</Link>
      </Fact>
      <Fact name="started">
        {began.toLocaleString()}
        <span className={styles.aside}>
          <Time at={run.started_at} />
        </span>
      </Fact>
      {going && (
        <Fact name="running for">
          <Elapsed since={run.started_at} />
        </Fact>
      )}
      {!going && took !== null && <Fact name="took">{duration(took)}</Fact>}
      <Fact name="started by">{printable(run.operator)}</Fact>
      {run.consent !== null && (
        <Fact name="consent">
          <Consent consent={run.consent} />
        </Fact>
      )}
      {run.group !== null && (
        <Fact name="group">
          <Link to={`/groups/${run.group}`}>{run.group}</Link>
        </Fact>
      )}
    </dl>
  );
}

/** The values that the recipe reports. */
function Report({ values }: { values: RunDetails["report"] }) {
  const names = Object.keys(values);
  if (names.length === 0) return null;
  return (
    <Section title="Report">
      <dl className={styles.about}>
        {names.map((name) => (
          <Fact key={name} name={printable(name)}>
            {printable(reportedText(values[name]))}
          </Fact>
        ))}
      </dl>
    </Section>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className={styles.fact}>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

const MEANS: Record<string, string> = {
  typed: "typed at the prompt",
  "--confirm": "given with --confirm",
  api: "given to the API",
};

function Consent({ consent }: { consent: NonNullable<RunDetails["consent"]> }) {
  return (
    <>
      {printable(consent.who)}
      <span className={styles.aside}>
        <Time at={consent.at} />, {MEANS[consent.how] ?? consent.how}
      </span>
    </>
  );
}

/** Says when this page has lost the connection to the run. */
function ConnectionNotice({
  connection,
  going,
  error,
}: {
  connection: Connection;
  going: boolean;
  error: Error | null;
}) {
  if (connection.state === "failed") {
    return <ErrorNotice title="Can’t show the output of the steps." error={connection.error} />;
  }
  if (connection.state === "reconnecting" && (connection.attempt > 1 || error !== null)) {
    return (
      <Notice tone="change" role="status" title="Connection lost, reconnecting …">
        <p>
          This page tries again by itself.
          {going && " The run does not depend on this page: it continues on the server."}
        </p>
      </Notice>
    );
  }
  if (error !== null && !(error instanceof ApiError && error.status === 0))
    return <ErrorNotice error={error} />;
  return null;
}
