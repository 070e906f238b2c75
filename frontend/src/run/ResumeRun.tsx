import { useMutation } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { Link } from "react-router";
import { resumeRun } from "../api/actions";
import { ApiError } from "../api/client";
import type { ResumeRequest, RunDetails } from "../api/types";
import { Button } from "../components/Button";
import { Prose } from "../components/Code";
import { Dialog, DialogActions } from "../components/Dialog";
import { TextField } from "../components/Field";
import { ErrorNotice } from "../components/Notice";

/**
 * Resumes a run that ended early. Mostly that is one press. Where the service needs to know more, the question is passed on:
 * whether a step ran whose end was not seen, the server's name, a secret, the password for sudo.
 */
export function ResumeRun({ run, onResumed }: { run: RunDetails; onResumed: () => void }) {
  const [request, setRequest] = useState<ResumeRequest>({});
  const resume = useMutation({
    mutationFn: (body: ResumeRequest) => resumeRun(run.id, body),
    onSuccess: () => {
      setRequest({});
      onResumed();
    },
  });
  const goOn = (more: ResumeRequest) => {
    const body = { ...request, ...more };
    setRequest(body);
    resume.mutate(body);
  };
  const close = () => {
    setRequest({});
    resume.reset();
  };
  const question = resume.error instanceof ApiError ? resume.error : null;
  const props = { busy: resume.isPending, onClose: close, goOn, run };
  return (
    <>
      <Button variant="primary" busy={resume.isPending} onClick={() => goOn({})}>
        Resume
      </Button>
      {question !== null && <Question {...props} error={question} asked={request} />}
      {resume.error !== null && question === null && (
        <Dialog title="The run was not resumed" onClose={close}>
          <ErrorNotice error={resume.error} />
        </Dialog>
      )}
    </>
  );
}

interface QuestionProps {
  run: RunDetails;
  error: ApiError;
  asked: ResumeRequest;
  busy: boolean;
  onClose: () => void;
  goOn: (more: ResumeRequest) => void;
}

function Question({ error, asked, ...props }: QuestionProps) {
  switch (error.code) {
    case "unknown_step":
      return <DidItRun {...props} error={error} />;
    case "consent_missing":
    case "consent_mismatch":
      return <TypeName {...props} error={asked.confirm === undefined ? null : error} />;
    case "secret_missing":
      return (
        <GiveSecret
          {...props}
          title="The run needs a secret"
          label={error.field?.replace(/^secrets\./, "") ?? ""}
          hint={<Prose text={error.message} />}
          request={(value) => ({
            secrets: { ...asked.secrets, [error.field?.replace(/^secrets\./, "") ?? ""]: value },
          })}
        />
      );
    case "sudo_needs_password":
    case "sudo_wrong_password":
      return (
        <GiveSecret
          {...props}
          title={`sudo on ${props.run.server} needs a password`}
          label="Password for sudo"
          hint="infrakt keeps it in memory for this run only. It is never stored."
          error={error.code === "sudo_wrong_password" ? error.message : undefined}
          request={(value) => ({ sudo_password: value })}
        />
      );
    default:
      return (
        <Dialog title={`Run ${props.run.id} was not resumed`} onClose={props.onClose}>
          <ErrorNotice error={error} />
          <DialogActions>
            <Button data-initial-focus onClick={props.onClose}>
              Close
            </Button>
          </DialogActions>
        </Dialog>
      );
  }
}

type Asking = Omit<QuestionProps, "error" | "asked">;

function DidItRun({ run, error, busy, onClose, goOn }: Asking & { error: ApiError }) {
  return (
    <Dialog title="Did this step run?" onClose={onClose}>
      <p>
        <Prose text={error.message} />
      </p>
      <p>
        infrakt did not see its end, and running it twice could do harm. Look at{" "}
        <Link to={`/servers/${encodeURIComponent(run.server)}`}>{run.server}</Link> first, or log in there:{" "}
        <code>infrakt server ssh {run.server}</code>
      </p>
      <DialogActions>
        <Button data-initial-focus onClick={onClose}>
          Cancel
        </Button>
        <Button disabled={busy} onClick={() => goOn({ unknown: "again" })}>
          Run it again
        </Button>
        <Button disabled={busy} onClick={() => goOn({ unknown: "done" })}>
          It ran: continue with the next
        </Button>
      </DialogActions>
    </Dialog>
  );
}

function TypeName({ run, error, busy, onClose, goOn }: Asking & { error: ApiError | null }) {
  const [typed, setTyped] = useState("");
  return (
    <Dialog tone="destroy" title={`Continue to delete data on ${run.server}?`} onClose={onClose}>
      <p>
        The rest of this run deletes data, and the consent it was started with has expired. It continues with
        the same plan.
      </p>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (typed === run.server) goOn({ confirm: typed });
        }}
      >
        <TextField
          mono
          data-initial-focus
          label={`Type "${run.server}" to confirm:`}
          value={typed}
          error={
            error?.message ??
            (typed !== "" && !run.server.startsWith(typed) && `This is not the name “${run.server}”.`)
          }
          onChange={(event) => setTyped(event.target.value)}
        />
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" variant="danger" busy={busy} disabled={typed !== run.server}>
            Resume
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}

function GiveSecret({
  title,
  label,
  hint,
  error,
  request,
  busy,
  onClose,
  goOn,
}: Asking & {
  title: string;
  label: string;
  hint: ReactNode;
  error?: string | undefined;
  /** The request with what was given. */
  request: (value: string) => ResumeRequest;
}) {
  const [value, setValue] = useState("");
  return (
    <Dialog title={title} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          goOn(request(value));
        }}
      >
        <TextField
          type="password"
          data-initial-focus
          label={label}
          hint={hint}
          error={error}
          value={value}
          onChange={(event) => setValue(event.target.value)}
        />
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" variant="primary" busy={busy} disabled={value === ""}>
            Resume
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
