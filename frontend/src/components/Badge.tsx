import clsx from "clsx";
import type { ReactNode } from "react";
import styles from "./Badge.module.css";

export type Tone = "neutral" | "good" | "change" | "check" | "destroy" | "accent";

/** A word about a thing: its state, its effect, a tag. The word says it; the colour only helps. */
export function Badge({
  tone = "neutral",
  icon,
  title,
  children,
}: {
  tone?: Tone;
  /** A character in front, for the eye only. */
  icon?: ReactNode;
  title?: string;
  children: ReactNode;
}) {
  return (
    <span className={clsx(styles.badge, styles[tone])} title={title}>
      {icon !== undefined && <span aria-hidden="true">{icon}</span>}
      {children}
    </span>
  );
}
