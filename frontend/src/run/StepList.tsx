import { useDeferredValue, useMemo, useState } from "react";
import { useFollowedStep } from "./useFollowedStep";
import { Button } from "../components/Button";
import { printable } from "../text/printable";
import type { RunFeed } from "./feed";
import { MOST_MATCHES, neighbour, OutputSearch, type Match } from "./search";
import { SearchBar } from "./SearchBar";
import { StepLog } from "./StepLog";
import styles from "./StepList.module.css";
import { StepRow } from "./StepRow";
import type { RunView, StepView } from "./view";

interface Props {
  runId: number;
  view: RunView;
  feed: RunFeed;
}

const NONE: readonly Match[] = [];

/** All steps of a run, section by section, with what they printed, and a search through all of that. */
export function StepList({ runId, view, feed }: Props) {
  const [query, setQuery] = useState("");
  const [wrap, setWrap] = useState(true);
  /** What a person opened or closed, and what a search opened. */
  const [decided, setDecided] = useState<ReadonlyMap<number, boolean>>(new Map());
  // The user can continue to type while a long output is searched.
  const wanted = useDeferredValue(query);
  const search = useMemo(() => new OutputSearch(wanted), [wanted]);
  // Looks only through what was not looked through before, so it may be asked with every piece of output.
  const found = search.matches(feed.outputs);
  const [place, setPlace] = useState<number | null>(null);
  const current = place === null ? null : (found[place] ?? null);

  const decide = (step: number, open: boolean) => {
    setDecided((before) => (before.get(step) === open ? before : new Map(before).set(step, open)));
  };
  const move = (direction: 1 | -1) => {
    // A user who types and presses Enter at once wants the text just typed, not the previous search.
    const all = wanted === query ? found : new OutputSearch(query).matches(feed.outputs);
    const next = neighbour(all.length, place, direction);
    setPlace(next);
    const match = next === null ? undefined : all[next];
    if (match !== undefined) decide(match.step, true);
  };
  const { following, setFollowing } = useFollowedStep(view.running?.step ?? null, view.state);
  const printed = view.steps.filter((step) => feed.outputs.has(step.step));

  return (
    <div className={styles.steps}>
      <SearchBar
        query={query}
        onQuery={(text) => {
          setQuery(text);
          setPlace(null);
        }}
        count={wanted === query ? found.length : null}
        most={MOST_MATCHES}
        place={place}
        onMove={move}
        wrap={wrap}
        onWrap={setWrap}
      >
        {view.state === "running" && (
          <Button small aria-pressed={following} onClick={() => setFollowing(!following)}>
            {following ? "Following the run" : "Follow the run"}
          </Button>
        )}
        <Button
          small
          variant="quiet"
          onClick={() => setDecided(new Map(printed.map((step) => [step.step, true])))}
        >
          Open all
        </Button>
        <Button
          small
          variant="quiet"
          onClick={() => setDecided(new Map(view.steps.map((step) => [step.step, false])))}
        >
          Close all
        </Button>
      </SearchBar>
      {view.sections.map((section, index) => (
        <section key={index} className={styles.section} aria-label={section.name ?? "First steps"}>
          {section.name !== null && <h3 className={styles.name}>{printable(section.name)}</h3>}
          <ol role="list" className={styles.list}>
            {section.steps.map((step) => (
              <Step
                key={step.step}
                runId={runId}
                step={step}
                feed={feed}
                wrap={wrap}
                found={found}
                current={current?.step === step.step ? current : null}
                open={decided.get(step.step) ?? null}
                onToggle={(open) => decide(step.step, open)}
              />
            ))}
          </ol>
        </section>
      ))}
    </div>
  );
}

interface StepProps {
  runId: number;
  step: StepView;
  feed: RunFeed;
  wrap: boolean;
  found: readonly Match[];
  current: Match | null;
  open: boolean | null;
  onToggle: (open: boolean) => void;
}

function Step({ runId, step, feed, wrap, found, current, open, onToggle }: StepProps) {
  const output = feed.outputs.get(step.step);
  const here = found.length === 0 ? NONE : found.filter((match) => match.step === step.step);
  const log =
    output === undefined || output.isEmpty ? null : (
      <StepLog
        output={output}
        version={output.version}
        label={`Output of step ${step.step}: ${printable(step.title)}`}
        wrap={wrap}
        live={step.status === "running"}
        fromEnd={step.status === "running" || step.status === "failed"}
        matches={here}
        current={current}
        command={`infrakt runs logs ${runId} --step ${step.step}`}
        onTouch={() => onToggle(true)}
      />
    );
  return <StepRow step={step} log={log} open={open} onToggle={onToggle} found={here.length} />;
}
