/** How long a run took. */

import type { Run } from "../api/types";

/** Milliseconds, without the time between an end and a resumption; null where the clock was set back meanwhile. */
export function tookMs({ started_at, ended_at, paused_ms }: Run): number | null {
  if (ended_at === null) return null;
  const took = new Date(ended_at).getTime() - new Date(started_at).getTime() - paused_ms;
  return took < 0 ? null : took;
}
