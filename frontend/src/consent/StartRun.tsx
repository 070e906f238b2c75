import { type ReactNode, useState } from "react";
import type { PlanAsk } from "../api/queries";
import { ConsentDialog } from "./ConsentDialog";
import { PlanPanel } from "./PlanPanel";
import { type StartRun as Starts, useRunFlow } from "./useRunFlow";

/** The words of the modal. */
export interface ConsentWords {
  title: string;
  warning: ReactNode;
  /** What its button says: "Wipe & Provision". */
  action: string;
  /** What its button says where the plan destroys nothing. */
  plainAction: string;
}

/**
 * The way to a run: its plan, and the button that starts it. A plan that destroys asks for the server's name in the modal;
 * `modal` opens it at once, where a wipe is what the person has chosen.
 */
export function StartRun({
  server,
  ask,
  startRun,
  title,
  action,
  consent,
  modal = false,
  onClose,
}: {
  server: string;
  ask: PlanAsk;
  startRun: Starts;
  /** The heading of the plan on the page. */
  title: string;
  /** What the button beside the plan says. */
  action: string;
  consent: ConsentWords;
  modal?: boolean;
  onClose: () => void;
}) {
  const flow = useRunFlow(server, ask, startRun);
  const [consenting, setConsenting] = useState(modal);
  return (
    <>
      {!modal && (
        <PlanPanel
          flow={flow}
          title={title}
          action={action}
          onNeedsConsent={() => setConsenting(true)}
          onClose={onClose}
        />
      )}
      {consenting && (
        <ConsentDialog flow={flow} words={consent} onClose={modal ? onClose : () => setConsenting(false)} />
      )}
    </>
  );
}
