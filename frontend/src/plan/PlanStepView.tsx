import clsx from "clsx";
import type { FileChange, Mark, PlanStep } from "../api/types";
import { printable } from "../text/printable";
import { inShort } from "./change";
import { EffectBadge } from "./EffectBadge";
import { FileDiff } from "./FileDiff";
import styles from "./PlanView.module.css";
import { StepBody } from "./StepBody";

/** A step of a plan: its title and effect, and, opened, exactly what it does and when it does not. */
export function PlanStepView({
  step,
  index,
  mark,
  change,
  condition,
  asksBefore,
  open,
}: {
  step: PlanStep;
  /** From 0; shown from 1. */
  index: number;
  mark: Mark | null;
  /** How it would change its file. */
  change: FileChange | null;
  condition: string | null;
  /** The name that has to be typed before this step, if it is that one. */
  asksBefore: string | null;
  open: boolean;
}) {
  return (
    <li className={clsx(styles.step, styles[step.effect], mark === "no_change" && styles.settled)}>
      {asksBefore !== null && <p className={styles.asks}>You type “{asksBefore}” before this step.</p>}
      <details open={open}>
        <summary className={styles.head}>
          <span className={styles.number}>{index + 1}</span>
          <span className={styles.title}>
            {printable(step.title)}
            {change !== null && <span className={styles.counts}> {printable(inShort(change))}</span>}
          </span>
          <span className={styles.badges}>
            {step.effect === "destroy" && mark === "no_change" && <EffectBadge effect="destroy" />}
            <EffectBadge effect={step.effect} mark={mark} condition={condition} />
          </span>
        </summary>
        <div className={styles.body}>
          {change !== null && !change.new && <FileDiff change={change} />}
          <StepBody step={step} />
        </div>
      </details>
    </li>
  );
}
