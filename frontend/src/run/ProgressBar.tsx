import clsx from "clsx";
import { count } from "../text/format";
import styles from "./ProgressBar.module.css";
import type { RunView } from "./view";

/** How far a run is: a cell for each step, in the order of the plan, and the counts in words. */
export function ProgressBar({ view }: { view: RunView }) {
  const { steps, ended, counts } = view;
  const parts = [
    counts.changed > 0 && `${counts.changed} changed`,
    counts.unchanged > 0 && `${counts.unchanged} unchanged`,
    counts.failed > 0 && `${counts.failed} failed`,
    counts.unknown > 0 && `${counts.unknown} unknown`,
    counts.skipped > 0 && `${counts.skipped} skipped`,
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
      </p>
    </div>
  );
}
