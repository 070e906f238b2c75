import clsx from "clsx";
import { Fragment } from "react";
import { spans, type Span } from "./ansi";
import type { OutputLine } from "./output";
import type { Match } from "./search";
import styles from "./LogLine.module.css";
import "./ansi.css";

/** One line of output, with its colours and with what was found in it. */
export function LogLine({
  number,
  line,
  matches,
  current,
}: {
  number: number;
  line: OutputLine | undefined;
  matches: readonly Match[];
  current: Match | null;
}) {
  if (line === undefined) return null;
  const found = matches.filter((match) => match.line === number);
  return (
    <div
      className={clsx(
        styles.line,
        line.stream === "stderr" && styles.stderr,
        line.stream === "mark" && styles.mark,
      )}
      data-line={number}
    >
      {cut(spans(line), found).map(({ span, match }, index) => {
        const text =
          span.className === "" ? (
            <Fragment key={index}>{span.text}</Fragment>
          ) : (
            <span key={index} className={span.className}>
              {span.text}
            </span>
          );
        return match === null ? (
          text
        ) : (
          <mark key={index} className={clsx(styles.match, isSame(match, current) && styles.current)}>
            {text}
          </mark>
        );
      })}
      {/* An empty line has a height, too, and is copied as one. */}
      {"\n"}
    </div>
  );
}

/** Cuts the pieces of a line where matches begin and end. */
function cut(pieces: Span[], matches: Match[]): { span: Span; match: Match | null }[] {
  if (matches.length === 0) return pieces.map((span) => ({ span, match: null }));
  const result: { span: Span; match: Match | null }[] = [];
  let offset = 0;
  for (const piece of pieces) {
    let at = 0;
    while (at < piece.text.length) {
      const place = offset + at;
      const inside = matches.find((match) => match.start <= place && place < match.end);
      const next = inside?.end ?? matches.find((match) => match.start > place)?.start ?? Infinity;
      const end = Math.min(piece.text.length, next - offset);
      result.push({ span: { ...piece, text: piece.text.slice(at, end) }, match: inside ?? null });
      at = end;
    }
    offset += piece.text.length;
  }
  return result;
}

function isSame(a: Match, b: Match | null): boolean {
  return b !== null && a.line === b.line && a.start === b.start && a.step === b.step;
}
