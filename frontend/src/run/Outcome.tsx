import type { RunDetails } from "../api/types";
import { Prose } from "../components/Code";
import { Notice } from "../components/Notice";
import { count } from "../text/format";
import { printable } from "../text/printable";
import type { RunView } from "./view";

/** How a run ended, why, and what can be done now. Nothing while it goes on. */
export function Outcome({ run, view }: { run: RunDetails; view: RunView }) {
  const { state, failed } = view;
  const unknown = view.steps.filter((step) => step.status === "unknown");
  const heading =
    failed === null ? "The run failed" : `Step ${failed.step + 1} failed: ${printable(failed.title)}`;
  // Mostly the service's reason is just that; twice it would say no more.
  const isSaid = view.reason?.toLowerCase() === heading.toLowerCase();
  const why = view.reason !== null && !isSaid && <p>{<Prose text={view.reason} />}</p>;
  switch (state) {
    case "running":
      return null;
    case "done":
      return (
        <Notice tone="good" title="Done">
          <p>
            {view.counts.changed === 0
              ? "Nothing had to be changed."
              : `${count(view.counts.changed, "step")} of ${view.ended} changed something.`}
          </p>
        </Notice>
      );
    case "failed":
      return (
        <Notice tone="destroy" title={heading}>
          {why}
          <p>
            {failed !== null && "What it printed is opened below. "}
            {view.counts.skipped > 0 && "The steps after it were not begun. "}
            {run.resumable
              ? "When the cause is removed, Resume goes on with the same plan from this step; what is done is not done again."
              : "To try again, run the recipe anew."}
          </p>
        </Notice>
      );
    case "interrupted":
      return (
        <Notice tone="change" title="The run was interrupted">
          {why}
          {unknown.length > 0 && (
            <p>
              Nobody saw the end of {unknown.length === 1 ? "step" : "steps"}{" "}
              {unknown.map((step) => step.step + 1).join(", ")}. Resuming first asks the server what became of
              it.
            </p>
          )}
          <p>
            {run.resumable
              ? "Resume goes on with the same plan from the first step that is not done; what is done is not done again."
              : "It can't be resumed; to go on, run the recipe anew."}
          </p>
        </Notice>
      );
  }
}
