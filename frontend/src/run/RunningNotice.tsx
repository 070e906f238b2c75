import { ButtonLink } from "../components/Button";
import { Notice } from "../components/Notice";
import type { Run } from "../api/types";
import { printable } from "../text/printable";
import { Elapsed } from "./Elapsed";
import { recipeName } from "./words";

/** That a run is using the server now, and the way to it. */
export function RunningNotice({ run }: { run: Run }) {
  return (
    <Notice
      tone="running"
      role="status"
      title={`Run ${run.id} is running: ${printable(recipeName(run.recipe))}`}
    >
      <p>
        Started by {printable(run.operator)}, running for <Elapsed since={run.started_at} />.
      </p>
      <p>
        <ButtonLink small to={`/runs/${run.id}`}>
          Watch run {run.id}
        </ButtonLink>
      </p>
    </Notice>
  );
}
