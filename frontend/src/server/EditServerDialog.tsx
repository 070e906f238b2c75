import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { updateServer } from "../api/actions";
import { ApiError } from "../api/client";
import type { Server, ServerChange } from "../api/types";
import { Button } from "../components/Button";
import { Dialog, DialogActions } from "../components/Dialog";
import { TextField } from "../components/Field";
import { ErrorNotice } from "../components/Notice";
import { useAnnounce } from "../components/announce";
import { changeOf, draftOf, type FieldErrors, slips, toConfirm } from "./draft";
import { fieldProblem, focusFirst } from "./fieldProblem";
import { ServerFields } from "./ServerFields";

/** Changes a server's row. What weakens its protection takes the server's name, typed. */
export function EditServerDialog({ server, onClose }: { server: Server; onClose: () => void }) {
  const queries = useQueryClient();
  const announce = useAnnounce();
  // As it was when the person opened the form. What others change meanwhile must not be undone.
  const [before] = useState(server);
  const [draft, setDraft] = useState(() => draftOf(server));
  const [typed, setTyped] = useState("");
  const [wrong, setWrong] = useState<FieldErrors>({});
  const save = useMutation({
    mutationFn: (body: ServerChange) => updateServer(server.name, body),
    onSuccess: async ({ notes }) => {
      await queries.invalidateQueries({ queryKey: ["servers"] });
      announce([`${server.name} was changed`, ...notes].map((said) => `${said}.`).join(" "));
      onClose();
    },
    onError: (error) => {
      const errors = fieldProblem(error);
      setWrong(errors);
      setTimeout(() => focusFirst(errors));
    },
  });

  const change = changeOf(before, draft);
  const asked =
    save.error instanceof ApiError && save.error.code.startsWith("consent_")
      ? "The service asks for the name."
      : null;
  const confirm = toConfirm(server, change) ?? asked;

  const submit = () => {
    if (save.isPending) return;
    const errors = slips(draft);
    setWrong(errors);
    if (Object.keys(errors).length > 0) {
      focusFirst(errors);
    } else if (Object.keys(change).length === 0) {
      onClose();
    } else {
      save.mutate(confirm === null ? change : { ...change, confirm: typed });
    }
  };
  const close = () => {
    if (!save.isPending) onClose();
  };
  return (
    <Dialog
      title={`Edit ${server.name}`}
      onClose={close}
      foot={
        <>
          {confirm !== null && (
            <TextField
              label={`Type "${server.name}" to confirm:`}
              hint={confirm}
              mono
              form="edit-server"
              value={typed}
              onChange={(event) => setTyped(event.target.value)}
            />
          )}
          <DialogActions>
            <Button onClick={close} disabled={save.isPending}>
              Cancel
            </Button>
            <Button
              variant="primary"
              type="submit"
              form="edit-server"
              busy={save.isPending}
              disabled={confirm !== null && typed !== server.name}
            >
              Save
            </Button>
          </DialogActions>
        </>
      }
    >
      {save.isError && Object.keys(fieldProblem(save.error)).length === 0 && (
        <ErrorNotice title="Nothing was changed." error={save.error} />
      )}
      <form
        id="edit-server"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        <ServerFields draft={draft} onChange={setDraft} errors={wrong} existing />
      </form>
    </Dialog>
  );
}
