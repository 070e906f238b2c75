import clsx from "clsx";
import type { ReactNode } from "react";
import { ApiError } from "../api/client";
import { Button } from "./Button";
import { Prose } from "./Code";
import styles from "./Notice.module.css";

/** Something to know: neutral, well done, to be careful with, or gone wrong. */
export function Notice({
  tone = "neutral",
  title,
  children,
  role,
}: {
  tone?: "neutral" | "good" | "change" | "destroy" | "running";
  title?: ReactNode;
  children?: ReactNode;
  role?: "alert" | "status";
}) {
  return (
    <div className={clsx(styles.notice, styles[tone])} role={role}>
      {title !== undefined && <p className={styles.title}>{title}</p>}
      {children}
    </div>
  );
}

/** What went wrong, and what to do next; with a button to try again where that can help. */
export function ErrorNotice({
  error,
  title,
  tone = "destroy",
  advice,
  busy,
  retry,
  children,
}: {
  error: unknown;
  title?: ReactNode;
  /** `change` where nothing has failed: something is only not possible now. */
  tone?: "destroy" | "change";
  /** What to do, in place of the error's own hint. */
  advice?: ReactNode;
  /** It is being tried again. */
  busy?: boolean | undefined;
  retry?: (() => void) | undefined;
  /** Where else to look. */
  children?: ReactNode;
}) {
  const { message, hint } = explain(error);
  return (
    <Notice tone={tone} role="alert" title={title}>
      <p>
        <Prose text={message} />
      </p>
      {advice}
      {hint !== null && advice === undefined && (
        <p>
          <strong>What to do: </strong>
          <Prose text={hint} />
        </p>
      )}
      {children}
      {retry !== undefined && (
        <p>
          <Button small busy={busy} onClick={retry}>
            Try again
          </Button>
        </p>
      )}
    </Notice>
  );
}

/** The message and the hint of whatever was thrown, or of a problem inside an answer. */
export function explain(error: unknown): { message: string; hint: string | null } {
  if (error instanceof ApiError) return { message: error.message, hint: error.hint };
  if (typeof error === "string") return { message: error, hint: null };
  if (
    typeof error === "object" &&
    error !== null &&
    "message" in error &&
    typeof error.message === "string"
  ) {
    const hint = "hint" in error && typeof error.hint === "string" ? error.hint : null;
    return { message: error.message, hint };
  }
  return { message: "This page has an error.", hint: "Reload it." };
}
