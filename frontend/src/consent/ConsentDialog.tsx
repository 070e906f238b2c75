import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useId, useRef, useState } from "react";
import type { ApiError } from "../api/client";
import type { PlanQuery } from "../api/queries";
import type { Plan } from "../api/types";
import { Button } from "../components/Button";
import { CodeBlock } from "../components/Code";
import { Dialog, DialogActions } from "../components/Dialog";
import { TextField } from "../components/Field";
import { ErrorNotice, Notice } from "../components/Notice";
import { Loading } from "../components/Spinner";
import { Time } from "../components/Time";
import { LossList } from "../plan/LossList";
import { lossGroups } from "../plan/losses";
import { PlanView } from "../plan/PlanView";
import { Provenance } from "../plan/Provenance";
import { totals } from "../plan/summary";
import { count } from "../text/format";
import { printable } from "../text/printable";
import styles from "./ConsentDialog.module.css";
import { planChanges } from "./planChanges";
import { SecretFields } from "./SecretFields";
import { Refused, StartError } from "./StartError";
import { type StartRun, useStart } from "./useStart";

/**
 * Asks a person to consent to the destroying that a plan does, for exactly the plan that is shown. The service checks name and
 * digest itself; nothing is sent to it before the button, and the button can't be pressed before the name is exact.
 */
export function ConsentDialog({
  server,
  title,
  warning,
  action,
  plainAction,
  plan: asks,
  startRun,
  onClose,
}: {
  /** The name that has to be typed. */
  server: string;
  title: string;
  warning: ReactNode;
  /** What the button says: "Wipe & Provision". */
  action: string;
  /** What it says where the plan turns out to destroy nothing. */
  plainAction: string;
  plan: PlanQuery;
  startRun: StartRun;
  onClose: () => void;
}) {
  const [typed, setTyped] = useState("");
  const [outdated, setOutdated] = useState<{ shown: Plan; why: string } | null>(null);
  const input = useRef<HTMLInputElement>(null);
  const warningId = useId();
  const query = useQuery(asks);
  const { start, busy, error, secrets, setSecrets, secretErrors } = useStart(startRun, onRefused);

  const plan = query.isSuccess && !query.isFetching ? query.data : null;
  const destroys = plan?.needs_consent ?? true;
  const runnable = plan !== null && plan.refused === null;
  const named = typed === server;

  function onRefused(problem: ApiError, shown: Plan): void {
    setTyped("");
    input.current?.focus();
    if (problem.code === "stale_plan") setOutdated({ shown, why: problem.message });
    if (problem.status !== 0) void query.refetch();
  }

  const close = () => {
    // What was sent can't be taken back by looking away.
    if (!busy) onClose();
  };

  return (
    <Dialog
      title={destroys ? title : `Nothing is destroyed on ${server}`}
      tone={destroys ? "destroy" : "neutral"}
      describedBy={warningId}
      onClose={close}
      foot={
        <>
          {destroys && (
            <TextField
              ref={input}
              data-initial-focus
              label={`Type "${server}" to confirm:`}
              mono
              value={typed}
              readOnly={busy}
              onChange={(event) => setTyped(event.target.value)}
            />
          )}
          <DialogActions>
            <Button onClick={close} disabled={busy}>
              Cancel
            </Button>
            <Button
              variant={destroys ? "danger" : "primary"}
              busy={busy}
              disabled={!runnable || (destroys && !named)}
              onClick={() => {
                if (plan !== null && runnable && (named || !destroys)) start(plan, destroys ? typed : null);
              }}
            >
              {destroys ? action : plainAction}
            </Button>
          </DialogActions>
        </>
      }
    >
      <div id={warningId}>
        {destroys ? warning : <p>This plan destroys nothing, so no name has to be typed.</p>}
      </div>

      <p role="status" className={busy ? undefined : "visually-hidden"}>
        {busy ? `Reading ${server} once more before it begins …` : plan !== null && spoken(plan)}
      </p>

      {outdated !== null && plan !== null && (
        <Outdated why={outdated.why} before={outdated.shown} now={plan} />
      )}
      {error !== null && !isStale(error) && <StartError error={error} server={server} />}

      {query.isFetching && (
        <div className={styles.losses}>
          <h3>What will be lost</h3>
          <p>Asking {server} what is there …</p>
          <Loading what="what will be lost" />
        </div>
      )}
      {query.isError && !query.isFetching && (
        <ErrorNotice
          tone="change"
          title={`What is there to lose could not be read from ${server}.`}
          error={query.error}
          retry={() => void query.refetch()}
        />
      )}
      {plan !== null && <Provenance plan={plan} />}
      {plan !== null && <Refused refused={plan.refused} server={server} retry={() => void query.refetch()} />}
      {plan !== null && destroys && !plan.losses_complete && (
        <>
          <p>What is lost is what these commands destroy, whether a list below names it or not:</p>
          <Commands plan={plan} open />
        </>
      )}
      {plan !== null && destroys && (plan.losses_complete || lossGroups(plan.losses).length > 0) && (
        <section className={styles.losses} aria-label="What will be lost">
          <div className={styles.head}>
            <h3>{plan.losses_complete ? "What will be lost" : "What is there, and may be lost"}</h3>
            <p className={styles.age}>
              read from {server} <Time at={query.dataUpdatedAt} />
            </p>
          </div>
          <LossList losses={plan.losses} server={server} />
        </section>
      )}
      {plan !== null && (
        <>
          {plan.printed.length > 0 && (
            <div className={styles.said}>
              {plan.printed.map((line, index) => (
                <p key={index}>{printable(line)}</p>
              ))}
            </div>
          )}
          <SecretFields names={plan.secrets} values={secrets} onChange={setSecrets} errors={secretErrors} />
          {destroys && plan.losses_complete && <Commands plan={plan} />}
          <details>
            <summary className={styles.more}>The whole plan: {totals(plan)}</summary>
            <PlanView plan={{ ...plan, refused: null, printed: [] }} withoutLosses />
          </details>
        </>
      )}
    </Dialog>
  );
}

/** The exact commands that destroy, and nothing else. */
function Commands({ plan, open = false }: { plan: Plan; open?: boolean }) {
  const destroying = plan.steps.filter((step) => step.effect === "destroy");
  return (
    <details open={open}>
      <summary className={styles.more}>The exact commands that destroy ({destroying.length})</summary>
      <ol className={styles.commands}>
        {destroying.map((step, index) => (
          <li key={index}>
            <p>
              {printable(step.title)}
              {step.origin.altered_by != null && `, altered by ${printable(step.origin.altered_by)}`}
            </p>
            {step.action.kind === "run" ? (
              <CodeBlock text={step.action.command} label={`Command of: ${step.title}`} copy={false} />
            ) : (
              <p className={styles.said}>In infrakt’s own database.</p>
            )}
          </li>
        ))}
      </ol>
    </details>
  );
}

/** After the plan that was shown turned out to be out of date: why, and what is different now. */
function Outdated({ why, before, now }: { why: string; before: Plan; now: Plan }) {
  const changes = planChanges(before, now);
  return (
    <Notice tone="change" role="alert" title="The plan that was shown no longer fits. Nothing was done.">
      <p>{printable(why)}</p>
      {changes.length > 0 ? (
        <>
          <p>What is different now:</p>
          <ul className={styles.changes}>
            {changes.map((change) => (
              <li key={change}>{printable(change)}</li>
            ))}
          </ul>
        </>
      ) : (
        <p>Made anew, the plan is the same as the one that was shown.</p>
      )}
      <p>Read it again. If it is still what you want, type the name once more.</p>
    </Notice>
  );
}

function isStale(error: unknown): boolean {
  return typeof error === "object" && error !== null && "code" in error && error.code === "stale_plan";
}

function spoken(plan: Plan): string {
  if (!plan.needs_consent) return "The plan is there. It destroys nothing.";
  if (!plan.losses_complete) {
    const destroying = plan.steps.filter((step) => step.effect === "destroy").length;
    return `The plan is there: ${count(destroying, "command destroys", "commands destroy")} data.`;
  }
  const groups = lossGroups(plan.losses).map((group) => group.title);
  return groups.length === 0
    ? "The plan is there. Nothing is there to lose."
    : `Will be lost: ${groups.join(", ")}.`;
}
