import clsx from "clsx";
import { type KeyboardEvent, type ReactNode, useEffect, useId, useRef } from "react";
import styles from "./Dialog.module.css";

/**
 * A modal dialog: the browser's own, so that everything behind it is out of reach for pointer, keyboard and screen reader.
 * It is open as long as it is rendered. Escape closes it; the focus then returns to where it was.
 */
export function Dialog({
  title,
  tone = "neutral",
  describedBy,
  foot,
  onClose,
  children,
}: {
  title: ReactNode;
  tone?: "neutral" | "destroy";
  /** The id of what a screen reader reads with the title. */
  describedBy?: string;
  /** What stays in sight at the lower end, however much there is to scroll. */
  foot?: ReactNode;
  onClose: () => void;
  children: ReactNode;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  const titleId = useId();

  useEffect(() => {
    const element = dialog.current;
    const before = document.activeElement;
    element?.showModal();
    element?.querySelector<HTMLElement>("[data-initial-focus]")?.focus();
    return () => {
      element?.close();
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);

  return (
    // The handler only keeps Tab inside; what can be pressed are the controls in the dialog.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <dialog
      ref={dialog}
      className={styles.dialog}
      aria-labelledby={titleId}
      aria-describedby={describedBy}
      onKeyDown={(event) => {
        keepTabInside(event, dialog.current);
        if (event.key === "Escape") {
          event.preventDefault();
          onClose();
        }
      }}
      // Other ways to ask for it, as a phone's way back.
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onClose={() => {
        // The browser may insist. What is not closed for us is shown again.
        if (dialog.current?.open !== false) return;
        dialog.current.showModal();
        onClose();
      }}
    >
      {tone === "destroy" && <div className={styles.hatch} aria-hidden="true" />}
      <div className={styles.frame}>
        <h2 id={titleId} className={clsx(styles.title, tone === "destroy" && styles.destroy)}>
          {title}
        </h2>
        <div className={styles.content}>{children}</div>
        {foot !== undefined && <div className={styles.foot}>{foot}</div>}
      </div>
    </dialog>
  );
}

/** The controls at the end of a dialog. */
export function DialogActions({ children }: { children: ReactNode }) {
  return <div className={styles.actions}>{children}</div>;
}

const CONTROLS = 'a[href], button, input, select, textarea, summary, [tabindex="0"]';

/** A native dialog lets Tab leave for the browser's own controls; from there it would not be clear what is open. */
function keepTabInside(event: KeyboardEvent, dialog: HTMLDialogElement | null): void {
  if (event.key !== "Tab" || dialog === null) return;
  const controls = [...dialog.querySelectorAll<HTMLElement>(CONTROLS)].filter(
    (control) => !control.matches(":disabled") && isRendered(control),
  );
  const first = controls[0];
  const last = controls.at(-1);
  const from = document.activeElement;
  if (event.shiftKey && (from === first || from === dialog)) {
    event.preventDefault();
    last?.focus();
  } else if (!event.shiftKey && from === last) {
    event.preventDefault();
    first?.focus();
  }
}

function isRendered(control: HTMLElement): boolean {
  const folded = control.closest("details:not([open])");
  return folded === null || (control.matches("summary") && control.parentElement === folded);
}
