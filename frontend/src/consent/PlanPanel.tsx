import { useEffect, useId, useRef } from "react";
import { Button } from "../components/Button";
import { Notice } from "../components/Notice";
import { Loading } from "../components/Spinner";
import { PlanView } from "../plan/PlanView";
import { FlowNotices } from "./FlowNotices";
import styles from "./PlanPanel.module.css";
import { SecretFields } from "./SecretFields";
import { Refused } from "./StartError";
import type { RunFlow } from "./useRunFlow";

/** A plan on the page, with the button that starts it. A plan that destroys goes to the modal. */
export function PlanPanel({
  flow,
  title,
  action,
  onNeedsConsent,
  onClose,
}: {
  flow: RunFlow;
  title: string;
  action: string;
  onNeedsConsent: () => void;
  onClose: () => void;
}) {
  const heading = useRef<HTMLHeadingElement>(null);
  const titleId = useId();
  const { plan, server } = flow;
  useEffect(() => heading.current?.focus(), []);

  return (
    <section className={styles.panel} aria-labelledby={titleId}>
      <h2 id={titleId} ref={heading} tabIndex={-1}>
        {title}
      </h2>
      {flow.reading && (
        <>
          <p>Reading {server} …</p>
          <Loading what="the plan" />
        </>
      )}
      <FlowNotices flow={flow} />
      {plan !== null && (
        <>
          <Refused refused={plan.refused} server={server} retry={flow.readAgain} />
          {plan.needs_consent && (
            <Notice tone="change" title="This plan deletes data. To start it, you type the server’s name." />
          )}
          {!plan.needs_consent && (
            <SecretFields
              names={plan.secrets}
              values={flow.secrets}
              onChange={flow.setSecrets}
              errors={flow.secretErrors}
            />
          )}
        </>
      )}
      <div className={styles.actions}>
        {plan?.needs_consent === true && (
          <Button variant="primary" disabled={plan.refused !== null} onClick={onNeedsConsent}>
            Continue
          </Button>
        )}
        {plan?.needs_consent === false && (
          <Button
            variant="primary"
            busy={flow.starting}
            disabled={plan.refused !== null}
            onClick={() => flow.start(plan, null)}
          >
            {action}
          </Button>
        )}
        <Button onClick={onClose} disabled={flow.starting}>
          Cancel
        </Button>
      </div>
      {plan !== null && <PlanView plan={{ ...plan, refused: null }} />}
    </section>
  );
}
