import { useEffect, useState } from "react";
import { ago } from "../text/format";

/** How long ago something was, kept up to date; the exact time is in the tooltip and for machines. */
export function Time({ at }: { at: string | number }) {
  const date = new Date(at);
  const now = useNow(15_000);
  if (Number.isNaN(date.getTime())) return <>{at}</>;
  return (
    <time dateTime={date.toISOString()} title={date.toLocaleString()}>
      {ago(date, now)}
    </time>
  );
}

/** The current time, updated at this interval in milliseconds. */
export function useNow(every: number): Date {
  const [now, setNow] = useState(() => new Date());
  useEffect(() => {
    const timer = setInterval(() => setNow(new Date()), every);
    return () => clearInterval(timer);
  }, [every]);
  return now;
}
