import { type SubmitEvent, useEffect, useRef, useState } from "react";
import { Navigate, useLocation } from "react-router";
import { tryKey } from "../api/actions";
import { ApiError } from "../api/client";
import { Button } from "../components/Button";
import { CheckboxField, TextField } from "../components/Field";
import { Mark } from "../components/Mark";
import { ErrorNotice, Notice } from "../components/Notice";
import { keepKey, lastFarewell } from "../session/key";
import { useKey } from "../session/useKey";
import styles from "./Login.module.css";

/** Asks for the key, and tries it before keeping it. */
export function Login() {
  const kept = useKey();
  const location = useLocation();
  const [key, setKey] = useState("");
  const [stay, setStay] = useState(false);
  const [busy, setBusy] = useState(false);
  const [wrong, setWrong] = useState<string | null>(null);
  const [failure, setFailure] = useState<unknown>(null);
  const input = useRef<HTMLInputElement>(null);

  useEffect(() => {
    document.title = "Log in · infrakt";
    input.current?.focus();
  }, []);

  if (kept !== null) return <Navigate to={wanted(location.state)} replace />;

  async function logIn(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    if (busy) return;
    const typed = key.trim();
    setFailure(null);
    const slip = whatIsWrong(typed);
    setWrong(slip);
    if (slip !== null) {
      input.current?.focus();
      return;
    }
    setBusy(true);
    try {
      await tryKey(typed);
      keepKey(typed, stay);
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) {
        setWrong("This is not the key of this service.");
        input.current?.focus();
      } else {
        setFailure(error);
      }
    } finally {
      setBusy(false);
    }
  }

  const farewell = lastFarewell();
  return (
    <main className={styles.page}>
      <div className={styles.sheet}>
        <div className={styles.head}>
          <Mark />
          <h1>infrakt</h1>
        </div>
        {farewell !== null && (
          <Notice tone="change" role="status" title={farewell}>
            <p>Log in again to continue where you were.</p>
          </Notice>
        )}
        <form onSubmit={(event) => void logIn(event)} className={styles.form} noValidate>
          <TextField
            ref={input}
            label="Key"
            type="password"
            mono
            autoComplete="current-password"
            value={key}
            onChange={(event) => setKey(event.target.value)}
            error={wrong}
            hint={
              <>
                On the service’s computer, as its user: <code>infrakt serve --print-key</code>
              </>
            }
          />
          <CheckboxField
            label="Keep me signed in on this browser"
            hint="Otherwise the key is forgotten when you close the last tab. Not for a shared browser."
            checked={stay}
            onChange={(event) => setStay(event.target.checked)}
          />
          {failure !== null && <ErrorNotice error={failure} />}
          <Button variant="primary" type="submit" busy={busy}>
            Log in
          </Button>
        </form>
      </div>
    </main>
  );
}

function whatIsWrong(key: string): string | null {
  if (key === "") return "Type or paste the key.";
  // A header takes no other characters, and no key has them.
  if (!/^[\x21-\x7e]+$/.test(key))
    return "A key has only ASCII letters and digits, and no spaces. Copy it again.";
  return null;
}

/** The page that the user wanted when they had to log in. It is always a page of this dashboard. */
function wanted(state: unknown): string {
  const path = typeof state === "object" && state !== null && "wanted" in state ? state.wanted : null;
  return typeof path === "string" && path.startsWith("/") && !path.startsWith("//") ? path : "/servers";
}
