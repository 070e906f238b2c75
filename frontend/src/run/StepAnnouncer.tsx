import { useEffect, useRef, useState } from "react";
import { count } from "../text/format";
import { printable } from "../text/printable";
import type { RunView, StepView } from "./view";
import { RUN_STATES, wordsFor } from "./words";

/** Milliseconds between two announcements: a reader must be able to follow, and steps can be fast. */
const PAUSE = 1500;

/** Says to screen readers, when they have time, how steps and the run end. What steps print is not read out. */
export function StepAnnouncer({ view }: { view: RunView }) {
  const [text, setText] = useState("");
  const said = useRef<RunView | null>(null);
  const latest = useRef(view);
  useEffect(() => {
    latest.current = view;
    // What was there when the page was opened is on it, and no news.
    said.current ??= view;
  }, [view]);
  useEffect(() => {
    const timer = setInterval(() => {
      const before = said.current;
      if (before === null || before === latest.current) return;
      said.current = latest.current;
      const news = whatIsNew(before, latest.current);
      if (news !== "") setText(news);
    }, PAUSE);
    return () => clearInterval(timer);
  }, []);
  return (
    <div role="status" className="visually-hidden">
      {text}
    </div>
  );
}

/** What is to be said of a change, in one or two sentences; empty where no step and not the run has ended. */
export function whatIsNew(before: RunView, after: RunView): string {
  const ended = after.steps.filter(
    (step, index) => isOver(step) && before.steps[index]?.status !== step.status,
  );
  const failed = ended.findLast((step) => step.status === "failed");
  const last = failed ?? ended.at(-1);
  const sentences: string[] = [];
  if (last !== undefined) {
    const others = ended.length - 1;
    if (others > 0) sentences.push(`${count(others, "step")} ended.`);
    sentences.push(`Step ${last.step}, ${printable(last.title)}: ${wordsFor(last).word}.`);
  }
  if (before.state !== after.state) sentences.push(`The run is ${RUN_STATES[after.state].word}.`);
  return sentences.join(" ");
}

function isOver({ status }: StepView): boolean {
  return status !== "waiting" && status !== "running" && status !== "skipped";
}
