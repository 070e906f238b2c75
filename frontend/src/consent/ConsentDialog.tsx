import { type ReactNode, useEffect, useId, useRef, useState } from "react";
import type { Plan } from "../api/types";
import { Button } from "../components/Button";
import { CodeBlock } from "../components/Code";
import { Dialog, DialogActions } from "../components/Dialog";
import { TextField } from "../components/Field";
import { Loading } from "../components/Spinner";
import { Time } from "../components/Time";
import { LossList } from "../plan/LossList";
import { lossGroups } from "../plan/losses";
import { PlanView } from "../plan/PlanView";
import { Provenance } from "../plan/Provenance";
import { isCertain, totals, unlisted } from "../plan/summary";
import { count } from "../text/format";
import { printable } from "../text/printable";
import { withoutOptions } from "../text/settings";
import styles from "./ConsentDialog.module.css";
import { FlowNotices } from "./FlowNotices";
import { SecretFields } from "./SecretFields";
import { Refused } from "./StartError";
import type { ConsentWords } from "./StartRun";
import type { RunFlow } from "./useRunFlow";

/**
 * Asks a person to consent to what a plan destroys, for exactly the plan that is shown. The service checks name and digest
 * itself. Nothing is sent to it before the button, and the button can't be pressed before the name is exact.
 */
export function ConsentDialog({
  flow,
  words,
  onClose,
}: {
  flow: RunFlow;
  words: ConsentWords;
  onClose: () => void;
}) {
  const [typed, setTyped] = useState("");
  /** Whether the person has pressed Enter on what stands in the field. */
  const [submitted, setSubmitted] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const cancel = useRef<HTMLButtonElement>(null);
  const warningId = useId();
  const { server, plan, starting } = flow;
  const destroys = plan?.needs_consent ?? true;
  const runnable = plan !== null && plan.refused === null;
  const named = typed === server;
  /** No name can start a run of this: there is no plan, or it is refused. */
  const blocked = useBlocked(flow);
  const asksName = destroys && !blocked;

  useEffect(() => {
    if (blocked) cancel.current?.focus();
  }, [blocked]);

  const begin = () => {
    if (plan === null || !runnable || (destroys && !named)) return;
    flow.start(plan, destroys ? typed : null, () => {
      setTyped("");
      setSubmitted(false);
      input.current?.focus();
    });
  };
  const close = () => {
    // What was sent can't be taken back by closing the dialog.
    if (!starting) onClose();
  };

  return (
    <Dialog
      title={destroys ? words.title : `Nothing is deleted on ${server}`}
      tone={destroys ? "destroy" : "neutral"}
      describedBy={warningId}
      onClose={close}
      foot={
        <>
          {asksName && (
            <TextField
              ref={input}
              data-initial-focus
              label={`Type "${server}" to confirm:`}
              mono
              value={typed}
              readOnly={starting}
              error={isWrong(typed, server, submitted) && `This is not the name “${server}”.`}
              onChange={(event) => {
                setTyped(event.target.value);
                setSubmitted(false);
              }}
              onKeyDown={(event) => {
                if (event.key === "Enter") setSubmitted(true);
              }}
            />
          )}
          <DialogActions>
            <Button ref={cancel} onClick={close} disabled={starting}>
              {blocked ? "Close" : "Cancel"}
            </Button>
            {!blocked && (
              <Button
                variant={destroys ? "danger" : "primary"}
                busy={starting}
                disabled={!runnable || (destroys && !named)}
                onClick={begin}
              >
                {destroys ? words.action : words.plainAction}
              </Button>
            )}
          </DialogActions>
        </>
      }
    >
      <div id={warningId}>
        {destroys ? (
          words.warning
        ) : (
          <p>This plan deletes nothing, so you don’t have to type the server’s name.</p>
        )}
      </div>

      <p role="status" className={starting ? undefined : "visually-hidden"}>
        {starting ? `Reading ${server} again before the run starts …` : plan !== null && spoken(plan)}
      </p>

      <FlowNotices flow={flow} />

      {flow.reading && (
        <div className={styles.losses}>
          <h3>What will be lost</h3>
          <p>Reading {server} …</p>
          <Loading what="what will be lost" />
        </div>
      )}
      {plan !== null && destroys && <Counts plan={plan} />}
      {plan !== null && <Refused refused={plan.refused} server={server} retry={flow.readAgain} />}
      {plan !== null && <Provenance plan={plan} />}
      {plan !== null && destroys && !plan.losses_complete && (
        <>
          <p>These commands delete data. {unlisted(plan)}</p>
          <Commands plan={plan} open />
        </>
      )}
      {plan !== null && destroys && (plan.losses_complete || lossGroups(plan.losses).length > 0) && (
        <section className={styles.losses} aria-label="What will be lost">
          <div className={styles.head}>
            <h3>{isCertain(plan) ? "What will be lost" : "What is there and may be lost"}</h3>
            <p className={styles.age}>
              read from {server} <Time at={flow.readAt} />
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
                <p key={index}>{printable(withoutOptions(line))}</p>
              ))}
            </div>
          )}
          <SecretFields
            names={plan.secrets}
            values={flow.secrets}
            onChange={flow.setSecrets}
            errors={flow.secretErrors}
          />
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

/** Stays as it is while a plan is read again, so that the field does not come and go. */
function useBlocked({ unread, plan }: RunFlow): boolean {
  const [blocked, setBlocked] = useState(false);
  const now = unread !== null ? true : plan === null ? blocked : plan.refused !== null;
  if (now !== blocked) setBlocked(now);
  return now;
}

/** Whether what was typed can't become the name; an unfinished one only once the person has pressed Enter. */
function isWrong(typed: string, server: string, submitted: boolean): boolean {
  return typed !== "" && typed !== server && (submitted || !server.startsWith(typed));
}

/** In one look, above everything that scrolls: where, how much, and in how many steps. */
function Counts({ plan }: { plan: Plan }) {
  const groups = lossGroups(plan.losses).map(({ title }) => title);
  return (
    <dl className={styles.counts}>
      <div>
        <dt>Server</dt>
        <dd>
          <strong>{printable(plan.server.name)}</strong> <code>{printable(plan.server.host)}</code>
        </dd>
      </div>
      <div>
        <dt>Deleted</dt>
        <dd>{deleted(groups, plan.losses_complete)}</dd>
      </div>
      <div>
        <dt>Destructive steps</dt>
        <dd>{destroying(plan).length}</dd>
      </div>
    </dl>
  );
}

function deleted(groups: string[], complete: boolean): ReactNode {
  if (groups.length === 0) return complete ? "nothing that infrakt knows of" : "see the commands";
  return complete ? groups.join(", ") : `${groups.join(", ")}, and maybe more`;
}

function destroying(plan: Plan) {
  return plan.steps.filter((step) => step.effect === "destroy");
}

/** The exact commands that destroy, and nothing else. */
function Commands({ plan, open = false }: { plan: Plan; open?: boolean }) {
  const steps = destroying(plan);
  return (
    <details open={open}>
      <summary className={styles.more}>The exact commands that delete data ({steps.length})</summary>
      <ol className={styles.commands}>
        {steps.map((step, index) => (
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

function spoken(plan: Plan): string {
  if (!plan.needs_consent) return "The plan is ready. It deletes nothing.";
  if (!plan.losses_complete) {
    return `The plan is ready: ${count(destroying(plan).length, "command deletes", "commands delete")} data.`;
  }
  const groups = lossGroups(plan.losses).map((group) => group.title);
  return groups.length === 0
    ? "The plan is ready. There is nothing to lose."
    : `Will be lost: ${groups.join(", ")}.`;
}
