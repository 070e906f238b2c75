import clsx from "clsx";
import { type ComponentProps, type ReactNode, useId } from "react";
import styles from "./Field.module.css";

interface About {
  label: ReactNode;
  /** What a reader should know before filling it in. */
  hint?: ReactNode;
  /** What is wrong with what was filled in. */
  error?: ReactNode;
  optional?: boolean;
}

function present(node: ReactNode): boolean {
  return node !== undefined && node !== null && node !== false && node !== "";
}

function useDescriptions({ hint, error }: About, id: string) {
  const hintId = `${id}-hint`;
  const errorId = `${id}-error`;
  const described = [present(hint) && hintId, present(error) && errorId].filter(Boolean).join(" ");
  return {
    hintId,
    errorId,
    aria: {
      "aria-describedby": described === "" ? undefined : described,
      "aria-invalid": present(error) ? true : undefined,
    },
  };
}

function Descriptions({ hint, error, hintId, errorId }: About & { hintId: string; errorId: string }) {
  return (
    <>
      {present(hint) && (
        <p id={hintId} className={styles.hint}>
          {hint}
        </p>
      )}
      {present(error) && (
        <p id={errorId} className={styles.error}>
          {error}
        </p>
      )}
    </>
  );
}

function Label({ id, label, optional }: About & { id: string }) {
  return (
    <label htmlFor={id} className={styles.label}>
      {label}
      {optional === true && <span className={styles.optional}> (optional)</span>}
    </label>
  );
}

/** A line of text, with its label, a hint, and what is wrong with it. */
export function TextField({
  label,
  hint,
  error,
  optional,
  mono,
  className,
  id: given,
  ...input
}: About & { mono?: boolean } & ComponentProps<"input">) {
  const made = useId();
  const id = given ?? made;
  const { hintId, errorId, aria } = useDescriptions({ label, hint, error }, id);
  return (
    <div className={clsx(styles.field, className)}>
      <Label id={id} label={label} optional={optional} />
      <input
        id={id}
        type="text"
        autoComplete="off"
        autoCapitalize="none"
        autoCorrect="off"
        spellCheck={false}
        {...aria}
        {...input}
        className={clsx(styles.input, mono === true && styles.mono)}
      />
      <Descriptions label={label} hint={hint} error={error} hintId={hintId} errorId={errorId} />
    </div>
  );
}

export function TextAreaField({
  label,
  hint,
  error,
  optional,
  mono,
  className,
  id: given,
  ...input
}: About & { mono?: boolean } & ComponentProps<"textarea">) {
  const made = useId();
  const id = given ?? made;
  const { hintId, errorId, aria } = useDescriptions({ label, hint, error }, id);
  return (
    <div className={clsx(styles.field, className)}>
      <Label id={id} label={label} optional={optional} />
      <textarea
        id={id}
        spellCheck={false}
        {...aria}
        {...input}
        className={clsx(styles.input, mono === true && styles.mono)}
      />
      <Descriptions label={label} hint={hint} error={error} hintId={hintId} errorId={errorId} />
    </div>
  );
}

export function SelectField({
  label,
  hint,
  error,
  optional,
  className,
  id: given,
  children,
  ...input
}: About & ComponentProps<"select">) {
  const made = useId();
  const id = given ?? made;
  const { hintId, errorId, aria } = useDescriptions({ label, hint, error }, id);
  return (
    <div className={clsx(styles.field, className)}>
      <Label id={id} label={label} optional={optional} />
      <select id={id} {...aria} {...input} className={styles.input}>
        {children}
      </select>
      <Descriptions label={label} hint={hint} error={error} hintId={hintId} errorId={errorId} />
    </div>
  );
}

export function CheckboxField({
  label,
  hint,
  error,
  className,
  id: given,
  ...input
}: Omit<About, "optional"> & ComponentProps<"input">) {
  const made = useId();
  const id = given ?? made;
  const { hintId, errorId, aria } = useDescriptions({ label, hint, error }, id);
  return (
    <div className={clsx(styles.checkbox, className)}>
      <input id={id} type="checkbox" {...aria} {...input} className={styles.box} />
      <div className={styles.beside}>
        <label htmlFor={id} className={styles.choice}>
          {label}
        </label>
        <Descriptions label={label} hint={hint} error={error} hintId={hintId} errorId={errorId} />
      </div>
    </div>
  );
}
