import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { ApiError, call, segment, SERVER_DEADLINE } from "../api/client";
import type { ResumeRequest, RunDetails, RunStarted } from "../api/types";
import { Button } from "../components/Button";
import { Prose } from "../components/Code";
import { Dialog, DialogActions } from "../components/Dialog";
import { TextField } from "../components/Field";
import { ErrorNotice } from "../components/Notice";

/**
 * Goes on with a run that has ended early. Mostly that is one press; where the service needs to know more, it says what,
 * and the question is passed on: whether a step ran whose end nobody saw, the server's name, a secret.
 */
export function ResumeRun({ run, onResumed }: { run: RunDetails; onResumed: () => void }) {
  const [request, setRequest] = useState<ResumeRequest>({});
  const resume = useMutation({
    mutationFn: (body: ResumeRequest) =>
      call<RunStarted>("POST", `/api/runs/${segment(run.id)}/resume`, { body, deadline: SERVER_DEADLINE }),
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
      return <GiveSecret {...props} error={error} secrets={asked.secrets ?? {}} />;
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
        Its end was not seen, and running it a second time might do harm. Look at the server first:{" "}
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
          It ran: go on with the next
        </Button>
      </DialogActions>
    </Dialog>
  );
}

function TypeName({ run, error, busy, onClose, goOn }: Asking & { error: ApiError | null }) {
  const [typed, setTyped] = useState("");
  return (
    <Dialog tone="destroy" title={`Go on destroying data on ${run.server}?`} onClose={onClose}>
      <p>
        What is left of this run destroys data, and the consent that it was begun with no longer holds. It
        goes on with the same plan as before.
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
          error={error?.message}
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
  error,
  secrets,
  busy,
  onClose,
  goOn,
}: Asking & { error: ApiError; secrets: Record<string, string> }) {
  const [value, setValue] = useState("");
  const name = error.field?.replace(/^secrets\./, "") ?? "";
  return (
    <Dialog title="The run needs a secret" onClose={onClose}>
      <p>It is sent to the service for this run, and kept nowhere.</p>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          goOn({ secrets: { ...secrets, [name]: value } });
        }}
      >
        <TextField
          type="password"
          data-initial-focus
          label={name}
          hint={<Prose text={error.message} />}
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
