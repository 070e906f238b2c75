import { useState } from "react";
import { useNow } from "../components/Time";
import { duration } from "../text/format";

/** How long something has been in progress, ticking. Without a beginning it counts from when it was first shown. */
export function Elapsed({ since }: { since: string | null }) {
  const [shown] = useState(() => Date.now());
  const now = useNow(1000);
  const begun = since === null ? shown : new Date(since).getTime();
  // The service's clock may be ahead of this computer's.
  return <>{duration(Math.max(0, Math.floor((now.getTime() - begun) / 1000) * 1000))}</>;
}
