import clsx from "clsx";
import { type ReactNode, useEffect, useId, useState } from "react";
import { Badge } from "../components/Badge";
import { Prose } from "../components/Code";
import { StepBody } from "../plan/StepBody";
import { duration } from "../text/format";
import { printable } from "../text/printable";
import { Elapsed } from "./Elapsed";
import styles from "./StepRow.module.css";
import type { StepView } from "./view";
import { wordsFor } from "./words";

interface Props {
  step: StepView;
  /** What the step printed; null where it printed nothing. */
  log: ReactNode;
  /** What a person decided about it; null: it opens and closes by itself. */
  open: boolean | null;
  onToggle: (open: boolean) => void;
  found: number;
}

const ENDED_BADLY: readonly StepView["status"][] = ["failed", "stopped", "unknown"];

/** A step of a run: its state and, opened, its output. */
export function StepRow({ step, log, open, onToggle, found }: Props) {
  const panel = useId();
  const lasting = useLasting(step.status === "running");
  const isOpen = open ?? (step.status === "failed" || (lasting && log !== null));
  const { word, sign } = wordsFor(step);
  const ran = step.status !== "waiting" && step.status !== "skipped";
  const mayOpen = ran || step.content !== null;
  const line = (
    <>
      <span className={clsx(styles.sign, styles[step.status])} aria-hidden="true">
        {sign}
      </span>
      <span className={styles.number}>
        <span className="visually-hidden">Step </span>
        {step.step}
      </span>
      <span className={styles.title}>
        {printable(step.title)}
        {step.effect === "destroy" && (
          <>
            {" "}
            <Badge tone="destroy">destroy</Badge>
          </>
        )}
        {step.effect === "check" && word !== "check" && (
          <>
            {" "}
            <Badge>check</Badge>
          </>
        )}
      </span>
      <span className={styles.end}>
        {found > 0 && <Badge tone="accent">{found} found</Badge>}
        <span className={clsx(styles.word, styles[step.status])}>{word}</span>
        <span className={styles.duration}>
          {step.status === "running" ? (
            <Elapsed since={step.startedAt} />
          ) : (
            step.durationMs !== null && duration(step.durationMs)
          )}
        </span>
      </span>
    </>
  );
  return (
    <li className={styles.step} data-step={step.step}>
      {mayOpen ? (
        <button
          type="button"
          className={clsx(styles.line, styles.button, !ran && styles.quiet)}
          aria-expanded={isOpen}
          aria-controls={isOpen ? panel : undefined}
          onClick={() => onToggle(!isOpen)}
        >
          {line}
        </button>
      ) : (
        <div className={clsx(styles.line, styles.quiet)}>{line}</div>
      )}
      {mayOpen && isOpen && (
        <div id={panel} className={styles.panel}>
          <Why step={step} />
          {log ?? (ran && <p className={styles.nothing}>{nothing(step)}</p>)}
          {step.content !== null && (
            // A step that did not run has nothing else to show; one that did not end well must show what it was.
            <details open={!ran || ENDED_BADLY.includes(step.status)}>
              <summary className={styles.content}>Command and guards</summary>
              <div className={styles.body}>
                <StepBody step={step.content} />
              </div>
            </details>
          )}
        </div>
      )}
    </li>
  );
}

function Why({ step }: { step: StepView }) {
  const status = step.exitStatus !== null && step.exitStatus !== 0 ? `exit status ${step.exitStatus}` : null;
  const why = [status, step.reason].filter((part) => part !== null).join(": ");
  if (why === "") return null;
  return (
    <p className={clsx(styles.why, step.status === "failed" && styles.failed)}>
      <Prose text={why} />
    </p>
  );
}

function nothing({ status, effect }: StepView): string {
  switch (effect === "check" && status === "no_change" ? "check" : status) {
    case "running":
      return "No output yet.";
    case "no_change":
      return "No change was needed.";
    default:
      return "No output.";
  }
}

/** Milliseconds that a step must run before its output opens by itself: most end before a user could read anything. */
const LASTING = 1200;

function useLasting(running: boolean): boolean {
  const [lasting, setLasting] = useState(false);
  useEffect(() => {
    if (!running) return;
    const timer = setTimeout(() => setLasting(true), LASTING);
    return () => {
      clearTimeout(timer);
      setLasting(false);
    };
  }, [running]);
  return running && lasting;
}
