import clsx from "clsx";
import type { ReactNode } from "react";
import styles from "./Table.module.css";

export interface Column<T> {
  title: string;
  cell: (row: T) => ReactNode;
  /** For numbers, which are compared digit below digit. */
  numeric?: boolean;
  /** Names the row; there is one such column. */
  heading?: boolean;
}

/**
 * A table that becomes a list of cards where there is no room for its columns. The roles are said, since browsers forget
 * them for a table that is not laid out as one.
 */
export function Table<T>({
  caption,
  columns,
  rows,
  rowKey,
}: {
  /** For screen readers: what the table is about. */
  caption: string;
  columns: Column<T>[];
  rows: T[];
  rowKey: (row: T) => string | number;
}) {
  return (
    <table role="table" className={styles.table}>
      <caption className="visually-hidden">{caption}</caption>
      <thead role="rowgroup" className={styles.head}>
        <tr role="row">
          {columns.map((column) => (
            <th
              key={column.title}
              role="columnheader"
              scope="col"
              className={clsx(column.numeric === true && styles.numeric)}
            >
              {column.title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody role="rowgroup">
        {rows.map((row) => (
          <tr key={rowKey(row)} role="row" className={styles.row}>
            {columns.map((column) =>
              column.heading === true ? (
                <th key={column.title} role="rowheader" scope="row" className={styles.heading}>
                  {column.cell(row)}
                </th>
              ) : (
                <td
                  key={column.title}
                  role="cell"
                  data-title={column.title}
                  className={clsx(column.numeric === true && styles.numeric)}
                >
                  {column.cell(row)}
                </td>
              ),
            )}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
