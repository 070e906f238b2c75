import { Notice } from "../components/Notice";
import { Section } from "../components/Page";
import { Loading } from "../components/Spinner";
import { useNow } from "../components/Time";
import { ago } from "../text/format";
import { wantsSudoPassword } from "./problem";
import { ServerProblem } from "./ServerProblem";
import { UsageStrip } from "./UsageStrip";
import type { LiveStatus } from "./useLiveStatus";

/** The server's state now. If the server does not answer, its last state stays, with its age. */
export function NowSection({ name, live }: { name: string; live: LiveStatus }) {
  return (
    <Section
      title="Now"
      aside={live.isSuccess || live.data !== undefined ? <Age at={live.dataUpdatedAt} /> : undefined}
    >
      {live.isError &&
        (wantsSudoPassword(live.error) ? (
          <Notice tone="change" title={`sudo on ${name} needs a password`}>
            <p>
              infrakt asks for it when you start a run. Without it, this page can’t show the server’s state.
            </p>
          </Notice>
        ) : (
          <ServerProblem
            title={live.data === undefined ? `Could not reach ${name}.` : `${name} did not answer.`}
            server={name}
            error={live.error}
            busy={live.isFetching}
            retry={() => void live.refetch()}
          />
        ))}
      {live.isPending && (
        <>
          <p>Reading {name} …</p>
          <Loading what={`the state of ${name}`} lines={2} />
        </>
      )}
      {live.data !== undefined && <UsageStrip usage={live.data.usage} />}
    </Section>
  );
}

/** How old the answer is. Not announced: it changes all the time. */
function Age({ at }: { at: number }) {
  const now = useNow(1000);
  return <>read {ago(new Date(at), now)}</>;
}
