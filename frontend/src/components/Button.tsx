import clsx from "clsx";
import type { ComponentProps } from "react";
import { Link, type LinkProps } from "react-router";
import styles from "./Button.module.css";
import { Spinner } from "./Spinner";

type Variant = "primary" | "secondary" | "quiet" | "danger";

export interface ButtonProps extends ComponentProps<"button"> {
  variant?: Variant;
  small?: boolean;
  /** Something is on its way: the button can't be pressed again, and says so. */
  busy?: boolean | undefined;
}

/** A button. `danger` is for destructive actions only. */
export function Button({
  variant = "secondary",
  small,
  busy,
  className,
  disabled,
  onClick,
  children,
  ...rest
}: ButtonProps) {
  return (
    <button
      type="button"
      className={clsx(styles.button, styles[variant], small && styles.small, className)}
      disabled={disabled}
      {...rest}
      // A disabled button loses the focus, and a keyboard user loses their place on the page.
      aria-disabled={busy === true ? true : undefined}
      onClick={(event) => {
        if (busy === true) event.preventDefault();
        else onClick?.(event);
      }}
    >
      {busy === true && <Spinner />}
      {children}
    </button>
  );
}

export interface ButtonLinkProps extends LinkProps {
  variant?: Exclude<Variant, "danger">;
  small?: boolean;
}

/** A link that looks like a button: it goes somewhere and does nothing. */
export function ButtonLink({ variant = "secondary", small, className, ...rest }: ButtonLinkProps) {
  return (
    <Link className={clsx(styles.button, styles[variant], small && styles.small, className)} {...rest} />
  );
}
