import { Notice } from "../components/Notice";
import { ServerProblem } from "../server/ServerProblem";
import { wantsSudoPassword } from "../server/problem";
import { printable } from "../text/printable";
import styles from "./FlowNotices.module.css";
import { planChanges } from "./planChanges";
import { StartError } from "./StartError";
import { SudoPassword } from "./SudoPassword";
import type { RunFlow } from "./useRunFlow";

/** What stands between a person and the run: no plan, a plan that no longer holds, a refusal. */
export function FlowNotices({ flow }: { flow: RunFlow }) {
  const { plan, outdated, refused, unread, server } = flow;
  return (
    <>
      {outdated !== null && plan !== null && <Outdated flow={flow} />}
      {refused !== null && !wantsSudoPassword(refused) && <StartError error={refused} server={server} />}
      {unread !== null &&
        (wantsSudoPassword(unread) ? (
          <SudoPassword server={server} error={unread} onGiven={flow.giveSudoPassword} />
        ) : (
          <ServerProblem
            title={`Can’t read ${server}, so there is no plan.`}
            server={server}
            error={unread}
            retry={flow.readAgain}
          />
        ))}
    </>
  );
}

/** Why the plan that was shown no longer holds, and what is different now. */
function Outdated({ flow: { plan, outdated } }: { flow: RunFlow }) {
  if (plan === null || outdated === null) return null;
  const changes = planChanges(outdated.shown, plan);
  return (
    <Notice tone="change" role="alert" title="The plan has changed since it was shown. Nothing was done.">
      <p>{printable(outdated.why)}</p>
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
        <p>The new plan is the same as the one that was shown.</p>
      )}
      <p>
        {plan.needs_consent
          ? "Read it again. If it is still what you want, type the name once more."
          : "Read it again before you start it."}
      </p>
    </Notice>
  );
}
