import { useQuery } from "@tanstack/react-query";
import { useEffect, useId, useRef, useState } from "react";
import type { ApiError } from "../api/client";
import type { PlanQuery } from "../api/queries";
import type { Plan } from "../api/types";
import { Button } from "../components/Button";
import { ErrorNotice, Notice } from "../components/Notice";
import { Loading } from "../components/Spinner";
import { PlanView } from "../plan/PlanView";
import { printable } from "../text/printable";
import { planChanges } from "./planChanges";
import styles from "./PlainStart.module.css";
import { SecretFields } from "./SecretFields";
import { Refused, StartError } from "./StartError";
import { type StartRun, useStart } from "./useStart";

/** Shows a plan that destroys nothing, and starts it. One that destroys after all is handed on to where consent is asked for. */
export function PlainStart({
  server,
  title,
  action,
  plan: asks,
  startRun,
  onNeedsConsent,
  onClose,
}: {
  server: string;
  title: string;
  /** What the button says. */
  action: string;
  plan: PlanQuery;
  startRun: StartRun;
  onNeedsConsent: () => void;
  onClose: () => void;
}) {
  const [outdated, setOutdated] = useState<Plan | null>(null);
  const heading = useRef<HTMLHeadingElement>(null);
  const titleId = useId();
  const query = useQuery(asks);
  const { start, busy, error, secrets, setSecrets, secretErrors } = useStart(startRun, onRefused);
  const plan = query.isSuccess && !query.isFetching ? query.data : null;

  useEffect(() => heading.current?.focus(), []);

  function onRefused(problem: ApiError, shown: Plan): void {
    if (problem.code === "stale_plan") setOutdated(shown);
    if (problem.status !== 0) void query.refetch();
  }

  const startable = plan !== null && plan.refused === null && !plan.needs_consent;
  return (
    <section className={styles.panel} aria-labelledby={titleId}>
      <h2 id={titleId} ref={heading} tabIndex={-1}>
        {title}
      </h2>
      {query.isFetching && (
        <>
          <p>Asking {server} what there is to do …</p>
          <Loading what="the plan" />
        </>
      )}
      {query.isError && !query.isFetching && (
        <ErrorNotice
          tone="change"
          title="There is no plan."
          error={query.error}
          retry={() => void query.refetch()}
        />
      )}
      {outdated !== null && plan !== null && (
        <Notice tone="change" role="alert" title="The plan that was shown no longer fits. Nothing was done.">
          <ul className={styles.changes}>
            {planChanges(outdated, plan).map((change) => (
              <li key={change}>{printable(change)}</li>
            ))}
          </ul>
          <p>This is the plan as it is now.</p>
        </Notice>
      )}
      {error !== null && !("code" in error && error.code === "stale_plan") && (
        <StartError error={error} server={server} />
      )}
      {plan?.needs_consent === true && (
        <Notice tone="change" title="This plan destroys, so the server’s name has to be typed.">
          <p>
            <Button onClick={onNeedsConsent}>Go on to the confirmation</Button>
          </p>
        </Notice>
      )}
      {plan !== null && (
        <>
          <Refused refused={plan.refused} server={server} retry={() => void query.refetch()} />
          <SecretFields names={plan.secrets} values={secrets} onChange={setSecrets} errors={secretErrors} />
          <div className={styles.actions}>
            <Button variant="primary" busy={busy} disabled={!startable} onClick={() => start(plan, null)}>
              {action}
            </Button>
            <Button onClick={onClose} disabled={busy}>
              Cancel
            </Button>
          </div>
          <PlanView plan={{ ...plan, refused: null }} />
        </>
      )}
      {plan === null && (
        <div className={styles.actions}>
          <Button onClick={onClose}>Cancel</Button>
        </div>
      )}
    </section>
  );
}
