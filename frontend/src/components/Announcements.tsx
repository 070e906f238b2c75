import { type ReactNode, useCallback, useEffect, useState } from "react";
import styles from "./Announcements.module.css";
import { Announce } from "./announce";

const SHOWN_FOR_MS = 8000;

/** Gives the pages below a way to say that something was done, to eyes and screen readers alike. */
export function Announcements({ children }: { children: ReactNode }) {
  const [message, setMessage] = useState<{ text: string } | null>(null);
  const announce = useCallback((text: string) => setMessage({ text }), []);
  useEffect(() => {
    if (message === null) return;
    const timer = setTimeout(() => setMessage(null), SHOWN_FOR_MS);
    return () => clearTimeout(timer);
  }, [message]);
  return (
    <Announce value={announce}>
      {children}
      <div role="status" className={styles.place}>
        {message !== null && <p className={styles.message}>{message.text}</p>}
      </div>
    </Announce>
  );
}
