import type { RunState } from "../api/types";
import { Badge } from "../components/Badge";
import { RUN_STATES } from "./words";

/** How a run ended, or that it has not. */
export function RunStateBadge({ state }: { state: RunState }) {
  const { word, sign, tone } = RUN_STATES[state];
  return (
    <Badge tone={tone} icon={sign}>
      {word}
    </Badge>
  );
}
