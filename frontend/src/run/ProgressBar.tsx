import clsx from "clsx";
import { count } from "../text/format";
import { printable } from "../text/printable";
import styles from "./ProgressBar.module.css";
import type { RunView } from "./view";

/** How far a run is: a cell for each step, in the order of the plan, the counts in words, and what is done now. */
export function ProgressBar({ view }: { view: RunView }) {
  const { steps, ended, counts, checked, running, state } = view;
  const parts = [
    counts.changed > 0 && `${counts.changed} changed`,
    counts.no_change > 0 && `${counts.no_change} no change`,
    counts.failed > 0 && `${counts.failed} failed`,
    counts.stopped > 0 && `${counts.stopped} stopped`,
    counts.skipped > 0 && `${counts.skipped} skipped`,
    counts.unknown > 0 && `${counts.unknown} unknown`,
    checked > 0 && count(checked, "check"),
  ].filter((part) => part !== false);
  const sum = `${ended} of ${count(steps.length, "step")}`;
  return (
    <div className={styles.progress}>
      <div
        role="progressbar"
        aria-label="Steps that have ended"
        aria-valuemin={0}
        aria-valuemax={steps.length}
        aria-valuenow={ended}
        aria-valuetext={sum}
        className={clsx(styles.bar, steps.length > 90 && styles.dense)}
      >
        {steps.map((step) => (
          <span key={step.step} className={clsx(styles.cell, styles[step.status])} />
        ))}
      </div>
      <p className={styles.counts}>
        <span className={styles.sum}>{sum}</span>
        {parts.map((part) => (
          <span key={part}>{part}</span>
        ))}
        {state === "running" && (
          <span className={styles.now}>
            {running === null
              ? "starting the next step"
              : `now: ${running.step}, ${printable(running.title)}`}
          </span>
        )}
      </p>
    </div>
  );
}
