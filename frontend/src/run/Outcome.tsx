import type { RunDetails } from "../api/types";
import { Prose } from "../components/Code";
import { Notice } from "../components/Notice";
import { count } from "../text/format";
import { printable } from "../text/printable";
import type { RunView } from "./view";

/** How a run ended, why, and what can be done now. Nothing while it is running. */
export function Outcome({ run, view }: { run: RunDetails; view: RunView }) {
  const { state, failed } = view;
  const unknown = view.steps.filter((step) => step.status === "unknown");
  const heading =
    failed === null ? "The run failed" : `Step ${failed.step} failed: ${printable(failed.title)}`;
  // Mostly the service's reason begins with just that; twice it would say no more.
  const isSaid = view.reason?.toLowerCase().startsWith(heading.toLowerCase()) === true;
  const rest = isSaid ? (view.reason?.slice(heading.length).replace(/^: /, "") ?? "") : (view.reason ?? "");
  const why = rest !== "" && (
    <p>
      <Prose text={rest} />
    </p>
  );
  switch (state) {
    case "running":
      return null;
    case "done":
      return (
        <Notice tone="good" title="Done">
          <p>
            {view.counts.changed === 0
              ? "No change was needed."
              : `${count(view.counts.changed, "step")} of ${view.ended} changed something.`}
          </p>
        </Notice>
      );
    case "failed":
      return (
        <Notice tone="destroy" title={heading}>
          {why}
          <p>
            {failed !== null && "Its output is open below. "}
            {view.counts.skipped > 0 && "The steps after it were skipped. "}
            {run.resumable
              ? "Fix the cause, then choose Resume. Finished steps are not repeated."
              : "To try again, choose Run again."}
          </p>
        </Notice>
      );
    case "interrupted":
      return (
        <Notice tone="change" title="The run was interrupted">
          {why}
          {unknown.length > 0 && (
            <p>
              infrakt did not see the end of {unknown.length === 1 ? "step" : "steps"}{" "}
              {unknown.map((step) => step.step).join(", ")}. Resume first asks the server how it ended.
            </p>
          )}
          <p>
            {run.resumable
              ? "Choose Resume to continue. Finished steps are not repeated."
              : "It can’t be resumed. To start over, choose Run again."}
          </p>
        </Notice>
      );
  }
}
