import { useVirtualizer } from "@tanstack/react-virtual";
import clsx from "clsx";
import { useEffect, useLayoutEffect, useRef, useState } from "react";
import { Button } from "../components/Button";
import { CopyButton } from "../components/CopyButton";
import { count } from "../text/format";
import { follows, isAtEnd, type ScrollPosition } from "./follow";
import { LogLine } from "./LogLine";
import type { StepOutput } from "./output";
import type { Match } from "./search";
import styles from "./StepLog.module.css";

/** Lines up to which all of them are in the document, so that they can be selected and found by the browser, too. */
const FEW_LINES = 300;

/** Lines that are all in sight at once, mostly, so that it makes no difference from which end they are shown. */
const HARDLY_ANY_LINES = 12;

interface Props {
  output: StepOutput;
  /** What rises with every change of the output. */
  version: number;
  label: string;
  wrap: boolean;
  /** More may come. */
  live: boolean;
  /** Shown from its end, where the newest lines are: of a step that is running, or has failed. */
  fromEnd: boolean;
  matches: readonly Match[];
  current: Match | null;
  /** Where the whole output is, if the page keeps only its end. */
  command: string;
  /** The reader is busy with it: it must not be closed under their eyes. */
  onTouch?: () => void;
}

/** What a step printed. Keeps to the end while it is there; in the document are only as many lines as can be seen. */
export function StepLog(props: Props) {
  const { output, version, label, wrap, live, fromEnd, command, onTouch } = props;
  const [viewport, setViewport] = useState<HTMLDivElement | null>(null);
  const lines = output.end - output.dropped;
  const fromItsEnd = props.current === null && (fromEnd || lines <= HARDLY_ANY_LINES);
  const { following, follow, onScroll, onMove } = useFollowing(viewport, version, fromItsEnd);
  const touched = () => {
    onMove();
    onTouch?.();
  };
  const Lines = lines > FEW_LINES ? ManyLines : FewLines;
  return (
    <div className={styles.log}>
      {output.dropped > 0 && (
        <p className={styles.dropped}>
          The first {count(output.dropped, "line")} are not shown here. All output: <code>{command}</code>
        </p>
      )}
      <div className={styles.frame}>
        {/* A region that scrolls must be reachable by keyboard. */}
        {/* eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions */}
        <div
          ref={setViewport}
          className={clsx(styles.viewport, wrap && styles.wrap)}
          role="region"
          aria-label={label}
          tabIndex={0}
          onScroll={onScroll}
          onWheel={touched}
          onTouchMove={touched}
          onPointerDown={touched}
          onKeyDown={touched}
        >
          {viewport !== null && <Lines {...props} viewport={viewport} following={following} />}
        </div>
        <div className={styles.tools}>
          {!following && (
            <Button small onClick={follow}>
              {live ? "Jump to end and follow" : "Jump to end"}
            </Button>
          )}
          <CopyButton text={() => output.text()} what={label.toLowerCase()} />
        </div>
      </div>
    </div>
  );
}

type LinesProps = Props & {
  viewport: HTMLDivElement;
  following: boolean;
};

function FewLines({ output, matches, current, viewport }: LinesProps) {
  const { line, start } = current ?? NOWHERE;
  useLayoutEffect(() => {
    if (line === null) return;
    viewport.querySelector(`[data-line="${line}"]`)?.scrollIntoView({ block: "center" });
  }, [line, start, viewport]);
  const numbers = Array.from({ length: output.end - output.dropped }, (_, index) => output.dropped + index);
  return (
    <div className={styles.lines}>
      {numbers.map((number) => (
        <LogLine
          key={number}
          number={number}
          line={output.line(number)}
          matches={matches}
          current={current}
        />
      ))}
    </div>
  );
}

const NOWHERE = { line: null, start: null };

function ManyLines({ output, matches, current, viewport, following, version, wrap }: LinesProps) {
  const { dropped, end } = output;
  // eslint-disable-next-line react-hooks/incompatible-library -- its answers are used in this render only
  const virtualizer = useVirtualizer({
    count: end - dropped,
    getScrollElement: () => viewport,
    estimateSize: () => 20,
    getItemKey: (index) => dropped + index,
    overscan: 20,
  });
  const height = virtualizer.getTotalSize();
  useLayoutEffect(() => {
    if (following) virtualizer.scrollToIndex(end - dropped - 1, { align: "end" });
  }, [following, virtualizer, end, dropped, version, height]);
  // Lines have other heights when they are wrapped.
  useEffect(() => virtualizer.measure(), [virtualizer, wrap]);
  const { line, start } = current ?? NOWHERE;
  useLayoutEffect(() => {
    if (line === null) return;
    viewport.scrollIntoView({ block: "nearest" });
    virtualizer.scrollToIndex(line - dropped, { align: "center" });
    // Not again when lines are dropped: a reader may have scrolled since.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [line, start, viewport, virtualizer]);
  return (
    <div className={styles.all} style={{ height }}>
      {virtualizer.getVirtualItems().map((item) => (
        <div
          key={item.key}
          ref={virtualizer.measureElement}
          data-index={item.index}
          className={styles.placed}
          style={{ transform: `translateY(${item.start}px)` }}
        >
          <LogLine
            number={dropped + item.index}
            line={output.line(dropped + item.index)}
            matches={matches}
            current={current}
          />
        </div>
      ))}
    </div>
  );
}

/** Keeps a viewport to its end while it is there; `version` rises whenever it may have grown. */
function useFollowing(viewport: HTMLDivElement | null, version: number, fromEnd: boolean) {
  const before = useRef<ScrollPosition>({ scrollTop: 0, clientHeight: 0, scrollHeight: 0 });
  /** The reader has moved it since it was last at its end. */
  const byReader = useRef(false);
  const [following, setFollowing] = useState(fromEnd);

  useLayoutEffect(() => {
    if (!following || viewport === null) return;
    viewport.scrollTo({ top: viewport.scrollHeight });
    before.current = positionOf(viewport);
  }, [following, viewport, version]);

  const onMove = () => {
    byReader.current = true;
  };
  const onScroll = () => {
    if (viewport === null) return;
    const now = positionOf(viewport);
    const still = follows(following, before.current, now, byReader.current);
    if (isAtEnd(now)) byReader.current = false;
    before.current = now;
    setFollowing(still);
  };
  const follow = () => {
    byReader.current = false;
    setFollowing(true);
  };
  return { following, follow, onScroll, onMove };
}

function positionOf({ scrollTop, clientHeight, scrollHeight }: HTMLElement): ScrollPosition {
  return { scrollTop, clientHeight, scrollHeight };
}
