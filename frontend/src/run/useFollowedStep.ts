import { useEffect, useState } from "react";

const MOVES = ["ArrowUp", "ArrowDown", "PageUp", "PageDown", "Home", "End"];

/** Keeps the step that runs in sight, until the reader moves the page. */
export function useFollowedStep(step: number | null) {
  const [following, setFollowing] = useState(true);

  useEffect(() => {
    const leave = () => setFollowing(false);
    const onKey = ({ key }: KeyboardEvent) => {
      if (MOVES.includes(key)) leave();
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

  return { following, setFollowing };
}
