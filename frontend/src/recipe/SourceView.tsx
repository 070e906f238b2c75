import { useMemo } from "react";
import { CopyButton } from "../components/CopyButton";
import { printable } from "../text/printable";
import { highlight } from "./highlight";
import styles from "./SourceView.module.css";

/** The text of a recipe, with the numbers of its lines, which plans and errors name. */
export function SourceView({ source, label }: { source: string; label: string }) {
  const lines = useMemo(() => highlight(source), [source]);
  return (
    <div className={styles.frame}>
      {/* A region that scrolls must be reachable by keyboard. */}
      <div className={styles.viewport} role="region" aria-label={label} tabIndex={0}>
        <ol role="list" className={styles.lines}>
          {lines.map((line, index) => (
            <li key={index} className={styles.line} data-number={index + 1}>
              {line.map((piece, place) => (
                <span key={place} className={styles[piece.kind]}>
                  {printable(piece.text)}
                </span>
              ))}
              {"\n"}
            </li>
          ))}
        </ol>
      </div>
      <CopyButton text={source} what={label} className={styles.copy} />
    </div>
  );
}
