import clsx from "clsx";
import { type ReactNode, useEffect } from "react";
import styles from "./Page.module.css";

/** A page: its heading, what can be done with it, and what is on it. Says its title to the browser. */
export function Page({
  title,
  heading,
  above,
  beside,
  actions,
  below,
  sticky = false,
  children,
}: {
  title: string;
  /** In place of the title, where the heading is more than words. */
  heading?: ReactNode;
  /** Where it belongs: a link to the list that it is from. */
  above?: ReactNode;
  /** Badges beside the heading. */
  beside?: ReactNode;
  actions?: ReactNode;
  /** Under the heading, and with it in sight where that is sticky. */
  below?: ReactNode;
  /** The heading stays in sight while a reader scrolls. */
  sticky?: boolean;
  children: ReactNode;
}) {
  useEffect(() => {
    document.title = `${title} · infrakt`;
  }, [title]);
  return (
    <>
      <header className={clsx(styles.header, sticky && styles.sticky)}>
        <div className={styles.words}>
          {above !== undefined && <p className={styles.above}>{above}</p>}
          <div className={styles.line}>
            <h1 tabIndex={-1}>{heading ?? title}</h1>
            {beside}
          </div>
        </div>
        {actions !== undefined && <div className={styles.actions}>{actions}</div>}
        {below !== undefined && <div className={styles.below}>{below}</div>}
      </header>
      {children}
    </>
  );
}

/** A part of a page under a heading of its own, on a sheet. */
export function Section({
  title,
  aside,
  plain,
  children,
}: {
  title: ReactNode;
  /** At the other end of the heading: an age, a link. */
  aside?: ReactNode;
  /** Without the sheet. */
  plain?: boolean;
  children: ReactNode;
}) {
  return (
    <section className={plain === true ? styles.plain : styles.sheet}>
      <div className={styles.sectionHead}>
        <h2>{title}</h2>
        {aside !== undefined && <div className={styles.aside}>{aside}</div>}
      </div>
      {children}
    </section>
  );
}

/** Where there is nothing yet: what would be here, and how it comes here. */
export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className={styles.empty}>
      <p className={styles.emptyTitle}>{title}</p>
      {children}
    </div>
  );
}

/** Facts: a name and a value each. Those without a value are left out. */
export function Facts({ of }: { of: [string, ReactNode][] }) {
  return (
    <dl className={styles.facts}>
      {of
        .filter(([, value]) => value !== null && value !== undefined && value !== "")
        .map(([name, value]) => (
          <div key={name} className={styles.fact}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}
