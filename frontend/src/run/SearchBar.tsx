import { type ReactNode, useId } from "react";
import { Button } from "../components/Button";
import styles from "./SearchBar.module.css";

interface Props {
  query: string;
  onQuery: (query: string) => void;
  /** How many matches there are; null while they are being looked for. */
  count: number | null;
  /** No more matches than this are counted. */
  most: number;
  /** The match that is shown; null before the first. */
  place: number | null;
  onMove: (direction: 1 | -1) => void;
  wrap: boolean;
  onWrap: (wrap: boolean) => void;
  children?: ReactNode;
}

/** Searches the output of all steps: Enter goes to the next match, Shift and Enter to the one before. */
export function SearchBar({ query, onQuery, count, most, place, onMove, wrap, onWrap, children }: Props) {
  const input = useId();
  return (
    <div role="search" className={styles.bar}>
      <label htmlFor={input} className="visually-hidden">
        Search the output of all steps
      </label>
      <input
        id={input}
        type="search"
        className={styles.input}
        placeholder="Search the output"
        value={query}
        autoComplete="off"
        spellCheck={false}
        onChange={(event) => onQuery(event.target.value)}
        onKeyDown={(event) => {
          if (event.key !== "Enter") return;
          event.preventDefault();
          onMove(event.shiftKey ? -1 : 1);
        }}
      />
      {query !== "" && (
        <div className={styles.matches}>
          <span role="status" className={styles.count}>
            {found(count, most, place)}
          </span>
          <Button small aria-label="Previous match" disabled={count === 0} onClick={() => onMove(-1)}>
            ↑
          </Button>
          <Button small aria-label="Next match" disabled={count === 0} onClick={() => onMove(1)}>
            ↓
          </Button>
        </div>
      )}
      <div className={styles.rest}>
        <label className={styles.wrap}>
          <input type="checkbox" checked={wrap} onChange={(event) => onWrap(event.target.checked)} />
          Wrap lines
        </label>
        {children}
      </div>
    </div>
  );
}

function found(count: number | null, most: number, place: number | null): string {
  if (count === null) return "searching …";
  if (count === 0) return "nothing found";
  const total = count >= most ? `${most} or more` : String(count);
  return place === null ? `${total} found` : `${place + 1} of ${total} found`;
}
