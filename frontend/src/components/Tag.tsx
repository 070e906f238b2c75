import { printable } from "../text/printable";
import styles from "./Tag.module.css";

/** A tag: a person's own word for a thing. It looks unlike a badge, which says how the thing is. */
export function Tag({ name }: { name: string }) {
  return <span className={styles.tag}>{printable(name)}</span>;
}
