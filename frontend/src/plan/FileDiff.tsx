import clsx from "clsx";
import { useState } from "react";
import type { DiffLine, FileChange } from "../api/types";
import { Button } from "../components/Button";
import { printable } from "../text/printable";
import { inShort, leftOut, LIMITS, pairs, type Row, rows } from "./change";
import styles from "./FileDiff.module.css";

const SIGNS: Record<DiffLine["kind"], string> = { same: " ", added: "+", removed: "−" };

/** How a file would change: line by line, below each other or side by side. */
export function FileDiff({ change }: { change: FileChange }) {
  const [beside, setBeside] = useState(false);
  const hunks = change.hunks ?? [];
  const replaces = hunks.some((hunk) => hunk.lines.some((line) => line.kind === "removed"));
  const more = leftOut(change);
  return (
    <div className={styles.change}>
      <div className={styles.head}>
        <p className={styles.note}>Differs from the file that is there: {printable(inShort(change))}</p>
        {replaces && (
          <Button
            small
            variant="quiet"
            className={styles.toggle}
            aria-pressed={beside}
            onClick={() => setBeside(!beside)}
          >
            Side by side
          </Button>
        )}
      </div>
      {hunks.length > 0 && (
        <div
          className={styles.scroll}
          tabIndex={0}
          role="group"
          aria-label={`Changes of ${printable(change.path)}`}
        >
          <table className={clsx(styles.lines, beside && styles.narrow)}>
            <tbody>
              {hunks.flatMap((hunk, part) => [
                part > 0 && <Gap key={`gap ${part}`} columns={4} />,
                ...rows(hunk).map((row, index) => (
                  <tr key={`${part} ${index}`} className={styles[row.line.kind]}>
                    <Number of={row.from} />
                    <Number of={row.to} />
                    <Line row={row} />
                  </tr>
                )),
              ])}
            </tbody>
          </table>
          {beside && (
            <table className={clsx(styles.lines, styles.wide)}>
              <tbody>
                {hunks.flatMap((hunk, part) => [
                  part > 0 && <Gap key={`gap ${part}`} columns={6} />,
                  ...pairs(hunk).map(([left, right], index) => (
                    <tr key={`${part} ${index}`}>
                      <Number of={left?.from ?? null} />
                      <Line row={left} coloured />
                      <Number of={right?.to ?? null} />
                      <Line row={right} coloured />
                    </tr>
                  )),
                ])}
              </tbody>
            </table>
          )}
        </div>
      )}
      {more !== null && <p className={styles.note}>… {more}</p>}
      {[change.before, change.after].map(
        (content, index) =>
          content != null && (
            <p key={index} className={styles.note}>
              {index === 0 ? "Now" : "Then"} {content.bytes} bytes, SHA-256{" "}
              <code>{content.sha256 ?? "not read"}</code>
            </p>
          ),
      )}
      {change.limit != null && <p className={styles.note}>{LIMITS[change.limit]}</p>}
    </div>
  );
}

/** Lines between two parts that don't differ. */
function Gap({ columns }: { columns: number }) {
  return (
    <tr className={styles.gap}>
      <td colSpan={columns}>⋯</td>
    </tr>
  );
}

function Number({ of }: { of: number | null }) {
  return <td className={styles.number}>{of}</td>;
}

function Line({ row, coloured = false }: { row: Row | null; coloured?: boolean }) {
  if (row === null) return <td colSpan={2} className={styles.none} />;
  const { kind, text, unfinished } = row.line;
  const colour = coloured && styles[kind];
  return (
    <>
      <td className={clsx(styles.sign, colour)}>{SIGNS[kind]}</td>
      <td className={clsx(styles.text, colour)}>
        {text === null ? <em>a line that is not shown</em> : printable(text)}
        {unfinished === true && <em className={styles.note}> (no line break at the end)</em>}
      </td>
    </>
  );
}
