import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { addServer } from "../api/actions";
import type { AddedServer } from "../api/types";
import { Button, ButtonLink } from "../components/Button";
import { CodeBlock, Prose } from "../components/Code";
import { Dialog, DialogActions } from "../components/Dialog";
import { ErrorNotice, Notice } from "../components/Notice";
import { fingerprint } from "../text/fingerprint";
import { emptyDraft, type FieldErrors, newServer, type ServerDraft, slips } from "./draft";
import { fieldProblem, focusFirst } from "./fieldProblem";
import { ServerFields } from "./ServerFields";

/** Adds a server to the inventory. Then says whether it was reached, and which host key was recorded. */
export function AddServerDialog({ onClose }: { onClose: () => void }) {
  const queries = useQueryClient();
  const [draft, setDraft] = useState(emptyDraft);
  const [wrong, setWrong] = useState<FieldErrors>({});
  const add = useMutation({
    mutationFn: (given: ServerDraft) => addServer(newServer(given)),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["servers"] }),
    onError: (error) => {
      const errors = fieldProblem(error);
      setWrong(errors);
      // The fields can only take the focus once they are no longer waiting.
      setTimeout(() => focusFirst(errors));
    },
  });

  if (add.isSuccess) return <Added server={add.data} onClose={onClose} />;

  const submit = () => {
    if (add.isPending) return;
    const errors = slips(draft);
    setWrong(errors);
    if (Object.keys(errors).length > 0) {
      focusFirst(errors);
      return;
    }
    add.mutate(draft);
  };
  const close = () => {
    if (!add.isPending) onClose();
  };
  return (
    <Dialog
      title="Add a server"
      onClose={close}
      foot={
        <DialogActions>
          <Button onClick={close} disabled={add.isPending}>
            Cancel
          </Button>
          <Button variant="primary" type="submit" form="add-server" busy={add.isPending}>
            {add.isPending ? "Saving and trying the login …" : "Add"}
          </Button>
        </DialogActions>
      }
    >
      {add.isError && Object.keys(fieldProblem(add.error)).length === 0 && (
        <ErrorNotice title="The server was not added." error={add.error} />
      )}
      <form
        id="add-server"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        <ServerFields draft={draft} onChange={setDraft} errors={wrong} existing={false} />
      </form>
    </Dialog>
  );
}

/** The result. */
function Added({ server, onClose }: { server: AddedServer; onClose: () => void }) {
  return (
    <Dialog
      title={server.reached ? `${server.name} was added` : `${server.name} is saved, but was not reached`}
      onClose={onClose}
      foot={
        <DialogActions>
          <Button onClick={onClose}>Close</Button>
          <ButtonLink variant="primary" to={`/servers/${encodeURIComponent(server.name)}`} data-initial-focus>
            Go to {server.name}
          </ButtonLink>
        </DialogActions>
      }
    >
      {server.reached ? (
        <p>infrakt logged in and read what runs there.</p>
      ) : (
        <Notice tone="change" role="status" title="It is in the inventory, but the login did not work:">
          <p>
            <Prose text={server.problem ?? "The reason is unknown."} />
          </p>
          <p>Its page tries again. You can change its address, port, user and key file there.</p>
        </Notice>
      )}
      {server.host_key !== null && (
        <>
          <p>
            infrakt recorded this host key and accepts no other from now on. Compare it with the one on the
            server’s own console:
          </p>
          <CodeBlock label="Fingerprint" text={fingerprint(server.host_key) ?? server.host_key} />
          <p>
            On the console: <code>ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub</code>
          </p>
        </>
      )}
    </Dialog>
  );
}
