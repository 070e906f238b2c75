import { useState } from "react";
import type { ApiError } from "../api/client";
import { Button } from "../components/Button";
import { TextField } from "../components/Field";
import { Notice } from "../components/Notice";
import styles from "./SudoPassword.module.css";

/** Asks for the password that sudo on the server wants. It is sent with the requests of this run, and kept nowhere. */
export function SudoPassword({
  server,
  error,
  onGiven,
}: {
  server: string;
  error: ApiError;
  onGiven: (password: string) => void;
}) {
  const [password, setPassword] = useState("");
  return (
    <Notice tone="change" title={`sudo on ${server} needs a password`}>
      <form
        className={styles.form}
        onSubmit={(event) => {
          event.preventDefault();
          if (password !== "") onGiven(password);
        }}
      >
        <TextField
          label="Password for sudo"
          type="password"
          mono
          autoComplete="off"
          hint="infrakt keeps it in memory for this run only. It is never stored."
          error={error.code === "sudo_wrong_password" ? error.message : undefined}
          value={password}
          onChange={(event) => setPassword(event.target.value)}
        />
        <Button type="submit" disabled={password === ""}>
          Use this password
        </Button>
      </form>
    </Notice>
  );
}
