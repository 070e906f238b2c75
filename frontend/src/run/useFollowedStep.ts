import { useEffect, useRef, useState } from "react";
import type { RunState } from "../api/types";

const MOVES = ["ArrowUp", "ArrowDown", "PageUp", "PageDown", "Home", "End"];

/** Keeps the step that runs in sight, and then how the run ended, until the reader moves the page. */
export function useFollowedStep(step: number | null, state: RunState) {
  const [following, setFollowing] = useState(true);

  useEffect(() => {
    const leave = () => setFollowing(false);
    const onKey = ({ key, target }: KeyboardEvent) => {
      if (MOVES.includes(key) && !(target instanceof HTMLInputElement)) leave();
    };
    addEventListener("wheel", leave, { passive: true });
    addEventListener("touchmove", leave, { passive: true });
    addEventListener("keydown", onKey);
    return () => {
      removeEventListener("wheel", leave);
      removeEventListener("touchmove", leave);
      removeEventListener("keydown", onKey);
    };
  }, []);

  useEffect(() => {
    if (!following || step === null) return;
    document.querySelector(`[data-step="${step}"]`)?.scrollIntoView({ block: "nearest" });
  }, [following, step]);

  const before = useRef(state);
  useEffect(() => {
    // A failed step is in sight, and says why; every other end is shown at the top.
    if (following && before.current === "running" && state !== "running" && state !== "failed")
      window.scrollTo(0, 0);
    before.current = state;
  }, [following, state]);

  return { following, setFollowing };
}
