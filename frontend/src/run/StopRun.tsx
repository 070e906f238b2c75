import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { stopRun } from "../api/actions";
import { Button } from "../components/Button";
import { Dialog, DialogActions } from "../components/Dialog";
import { ErrorNotice } from "../components/Notice";
import { useAnnounce } from "../components/announce";
import { printable } from "../text/printable";
import type { StepView } from "./view";

/** Ends a run before its end, after a question: with the current step, or at once. */
export function StopRun({ id, running }: { id: number; running: StepView | null }) {
  const [asking, setAsking] = useState(false);
  const announce = useAnnounce();
  const stop = useMutation({
    mutationFn: (now: boolean) => stopRun(id, now),
    onSuccess: (_, now) => {
      setAsking(false);
      announce(now ? "infrakt is ending the current step." : "The run stops after this step.");
    },
  });
  const asked = stop.isSuccess;
  const step = running === null ? "the current step" : `step ${running.step}, “${printable(running.title)}”`;
  return (
    <>
      <Button onClick={() => setAsking(true)}>{asked ? "Stopping … Stop now?" : "Stop"}</Button>
      {asking && (
        <Dialog title={`Stop run ${id}?`} onClose={() => setAsking(false)}>
          <p>
            <strong>After this step:</strong> {step} finishes first. You can resume the run with the next
            step.
          </p>
          <p>
            <strong>Now:</strong> the step is ended too. What it has done so far stays, and Resume starts it
            again.
          </p>
          {stop.error !== null && <ErrorNotice error={stop.error} />}
          <DialogActions>
            <Button onClick={() => setAsking(false)}>Let it run</Button>
            <Button
              busy={stop.isPending && stop.variables}
              disabled={stop.isPending}
              onClick={() => stop.mutate(true)}
            >
              Stop now
            </Button>
            {!asked && (
              <Button
                variant="primary"
                data-initial-focus
                busy={stop.isPending && !stop.variables}
                disabled={stop.isPending}
                onClick={() => stop.mutate(false)}
              >
                Stop after this step
              </Button>
            )}
          </DialogActions>
        </Dialog>
      )}
    </>
  );
}
