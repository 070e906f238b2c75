import clsx from "clsx";
import { printable } from "../text/printable";
import styles from "./Code.module.css";
import { CopyButton } from "./CopyButton";

/** A command, a file or a key as it is, with a way to copy it. What would deceive a reader is made visible. */
export function CodeBlock({
  text,
  label,
  copy = true,
  tall,
}: {
  text: string;
  label: string;
  copy?: boolean;
  tall?: boolean;
}) {
  return (
    <div className={styles.block}>
      <pre
        className={clsx(styles.pre, tall === true && styles.tall)}
        tabIndex={0}
        role="group"
        aria-label={label}
      >
        <code>{printable(text)}</code>
      </pre>
      {copy && <CopyButton text={text} what={label} className={styles.copy} />}
    </div>
  );
}

/** A sentence in which `this` is code. */
export function Prose({ text }: { text: string }) {
  return printable(text)
    .split(/(`[^`]+`)/)
    .map((part, index) =>
      part.startsWith("`") && part.endsWith("`") && part.length > 2 ? (
        <code key={index}>{part.slice(1, -1)}</code>
      ) : (
        part
      ),
    );
}
