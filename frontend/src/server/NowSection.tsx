import { explain, Notice } from "../components/Notice";
import { Prose } from "../components/Code";
import { Button } from "../components/Button";
import { Section } from "../components/Page";
import { Loading } from "../components/Spinner";
import { useNow } from "../components/Time";
import { ago } from "../text/format";
import { UsageStrip } from "./UsageStrip";
import type { LiveStatus } from "./useLiveStatus";

/** What the server says now. If it does not answer, that is said calmly, and what it said last stays, with its age. */
export function NowSection({ name, live }: { name: string; live: LiveStatus }) {
  return (
    <Section
      title="Now"
      aside={live.isSuccess || live.data !== undefined ? <Age at={live.dataUpdatedAt} /> : undefined}
    >
      {live.isError && (
        <Notice
          tone="change"
          title={
            live.data === undefined ? `${name} could not be asked.` : `${name} did not answer the last time.`
          }
        >
          <p>
            <Prose text={explain(live.error).message} />
          </p>
          <Hint error={live.error} />
          <p>
            <Button small busy={live.isFetching} onClick={() => void live.refetch()}>
              Ask again
            </Button>
          </p>
        </Notice>
      )}
      {live.isPending && (
        <>
          <p>Asking {name} …</p>
          <Loading what={`what ${name} says`} lines={2} />
        </>
      )}
      {live.data !== undefined && <UsageStrip usage={live.data.usage} />}
    </Section>
  );
}

function Hint({ error }: { error: unknown }) {
  const { hint } = explain(error);
  return hint === null ? null : (
    <p>
      What to do: <Prose text={hint} />
    </p>
  );
}

/** How old the answer is. Not announced: it changes all the time. */
function Age({ at }: { at: number }) {
  const now = useNow(1000);
  return <>asked {ago(new Date(at), now)}</>;
}
