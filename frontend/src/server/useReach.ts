import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { askAgain, serverStatus } from "../api/queries";
import { limited } from "./limited";
import { mayPass } from "./problem";

/** Milliseconds for which what a server has said is good enough for a list. Each question is a login there. */
const FRESH = 300_000;

/** The service has a bounded number of places for calls that wait for servers. A list must leave most of them to others. */
const AT_ONCE = 3;

const take = limited(AT_ONCE);

/** Whether a server answers, asked while its row is in sight. */
export function useReach(name: string) {
  const [row, setRow] = useState<HTMLElement | null>(null);
  const inSight = useInSight(row);
  const query = useQuery({
    ...serverStatus(name, take),
    enabled: inSight,
    staleTime: FRESH,
    // A server may count refused logins and ban this address.
    refetchInterval: ({ state: { status, error } }) =>
      askAgain(error, status !== "error" || mayPass(error) ? FRESH : false),
    refetchOnWindowFocus: false,
  });
  return { ref: setRow, query };
}

function useInSight(element: HTMLElement | null): boolean {
  const [seen, setSeen] = useState(false);
  const observer = useRef<IntersectionObserver | null>(null);
  useEffect(() => {
    if (element === null || typeof IntersectionObserver === "undefined") return;
    observer.current = new IntersectionObserver(([entry]) => setSeen(entry?.isIntersecting ?? false));
    observer.current.observe(element);
    return () => observer.current?.disconnect();
  }, [element]);
  return seen || (element !== null && typeof IntersectionObserver === "undefined");
}
