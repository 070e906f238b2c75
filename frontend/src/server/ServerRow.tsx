import { Link } from "react-router";
import type { Run, Server } from "../api/types";
import { explain } from "../components/Notice";
import { Tag } from "../components/Tag";
import { Time } from "../components/Time";
import { RunStateBadge } from "../run/RunStateBadge";
import { recipeName } from "../run/words";
import { printable } from "../text/printable";
import { address } from "./address";
import { wantsSudoPassword } from "./problem";
import { ProtectedBadge, sentences, StatusBadge } from "./ServerBadges";
import styles from "./ServerRow.module.css";
import { useReach } from "./useReach";

/** A server in the list: what it is, whether it answers, what was run there last. */
export function ServerRow({ server }: { server: Server }) {
  const { ref, query } = useReach(server.name);
  return (
    <li ref={ref} className={styles.row}>
      <div className={styles.cell}>
        <p className={styles.name}>
          <Link to={`/servers/${encodeURIComponent(server.name)}`} className={styles.link}>
            {server.name}
          </Link>
        </p>
        {server.tags.length > 0 && (
          <p className={styles.tags}>
            {server.tags.map((tag) => (
              <Tag key={tag} name={tag} />
            ))}
          </p>
        )}
      </div>
      <div className={styles.cell}>
        <code>{printable(address(server))}</code>
        {server.provider !== null && <span className={styles.soft}>{printable(server.provider)}</span>}
      </div>
      <div className={styles.cell}>
        <Reach query={query} />
      </div>
      <div className={styles.cell}>
        {server.last_run === null ? (
          <span className={styles.soft}>no run yet</span>
        ) : (
          <LastRun run={server.last_run} />
        )}
      </div>
      <div className={styles.badges}>
        <StatusBadge status={query.data?.status ?? server.status} />
        <ProtectedBadge reasons={server.protected} />
      </div>
      {server.protected.length > 0 && (
        <p className={styles.reasons}>Nothing is deleted here: {printable(sentences(server.protected))}.</p>
      )}
    </li>
  );
}

/** Whether it answers, and which system it has. */
function Reach({ query }: { query: ReturnType<typeof useReach>["query"] }) {
  const system = query.data === undefined ? null : printable(query.data.facts.os.name);
  if (query.isError) {
    return (
      <>
        <span className={styles.unreached} title={explain(query.error).message}>
          {wantsSudoPassword(query.error) ? "sudo needs a password" : "not reached"}
        </span>
        {system !== null && <span className={styles.soft}>{system}</span>}
      </>
    );
  }
  if (system === null) return <span className={styles.soft}>reading …</span>;
  return (
    <>
      <span className={styles.reached}>reached</span>
      <span className={styles.soft}>{system}</span>
    </>
  );
}

function LastRun({ run }: { run: Run }) {
  return (
    <>
      <span>
        <RunStateBadge state={run.state} />{" "}
        <Link to={`/runs/${run.id}`} className={styles.run}>
          {printable(recipeName(run.recipe))}
        </Link>
      </span>
      <span className={styles.soft}>
        <Time at={run.ended_at ?? run.started_at} />
      </span>
    </>
  );
}
