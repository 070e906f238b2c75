import styles from "./Spinner.module.css";

/** Something is on its way; the words for it stand beside it. */
export function Spinner() {
  return <span className={styles.spinner} aria-hidden="true" />;
}

/** In place of what is not there yet. `what` says to a screen reader what is being fetched: "servers". */
export function Loading({ what, lines = 3 }: { what: string; lines?: number }) {
  return (
    <div role="status" className={styles.loading}>
      <span className="visually-hidden">Loading {what} …</span>
      {Array.from({ length: lines }, (_, index) => (
        <span key={index} className={styles.skeleton} aria-hidden="true" />
      ))}
    </div>
  );
}
