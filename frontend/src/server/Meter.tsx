import clsx from "clsx";
import styles from "./Meter.module.css";

const HIGH = 0.85;

/** How much of something is used: the words say it, the bar lets it be seen. */
export function Meter({
  name,
  share,
  value,
  detail,
}: {
  name: string;
  share: number;
  value: string;
  detail: string;
}) {
  const filled = Math.min(1, Math.max(0, Number.isFinite(share) ? share : 0));
  const percent = Math.round(filled * 100);
  return (
    <div className={styles.meter}>
      <p className={styles.name}>{name}</p>
      <p className={styles.value}>{value}</p>
      <div
        className={styles.bar}
        role="meter"
        aria-label={name}
        aria-valuenow={percent}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuetext={`${value}, ${detail}`}
      >
        <div
          className={clsx(styles.filled, filled >= HIGH && styles.high)}
          style={{ width: `${percent}%` }}
        />
      </div>
      <p className={styles.detail}>{detail}</p>
    </div>
  );
}
