import type { Losses } from "../api/types";
import { printable } from "../text/printable";
import { lossGroups } from "./losses";
import styles from "./LossList.module.css";

/** What would be lost, by kind, each with its size or state where that is known. */
export function LossList({ losses, server }: { losses: Losses; server: string }) {
  const groups = lossGroups(losses);
  if (groups.length === 0) {
    return <p>Docker and /opt/infrakt are empty on {server}.</p>;
  }
  return (
    <ul role="list" className={styles.groups}>
      {groups.map((group) => (
        <li key={group.kind}>
          <p className={styles.kind}>{group.title}</p>
          <ul role="list">
            {group.losses.map((loss) => (
              <li key={loss.name} className={styles.loss}>
                <span className={styles.name}>{printable(loss.name)}</span>
                {typeof loss.detail === "string" && (
                  <span className={styles.detail}> {printable(loss.detail)}</span>
                )}
              </li>
            ))}
          </ul>
        </li>
      ))}
    </ul>
  );
}
