import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useNavigate } from "react-router";
import { removeServer } from "../api/actions";
import { ApiError } from "../api/client";
import type { Server } from "../api/types";
import { Button } from "../components/Button";
import { Dialog, DialogActions } from "../components/Dialog";
import { TextField } from "../components/Field";
import { ErrorNotice } from "../components/Notice";
import { useAnnounce } from "../components/announce";

/** Removes a server from the inventory. A protected one takes its name, typed. */
export function RemoveServerDialog({ server, onClose }: { server: Server; onClose: () => void }) {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const announce = useAnnounce();
  const [typed, setTyped] = useState("");
  const remove = useMutation({
    mutationFn: (confirm: string | null) => removeServer(server.name, confirm),
    onSuccess: async () => {
      announce(`${server.name} was removed from the inventory.`);
      await navigate("/servers");
      queries.removeQueries({ queryKey: ["servers", server.name] });
      await queries.invalidateQueries({ queryKey: ["servers"] });
    },
  });
  const asked = remove.error instanceof ApiError && remove.error.code.startsWith("consent_");
  const confirms = server.is_infrakt_host || asked;
  const close = () => {
    if (!remove.isPending) onClose();
  };
  return (
    <Dialog
      title={`Remove ${server.name} from the inventory?`}
      onClose={close}
      foot={
        <>
          {confirms && (
            <TextField
              data-initial-focus
              label={`Type "${server.name}" to confirm:`}
              mono
              value={typed}
              onChange={(event) => setTyped(event.target.value)}
            />
          )}
          <DialogActions>
            <Button
              onClick={close}
              disabled={remove.isPending}
              data-initial-focus={confirms ? undefined : true}
            >
              Cancel
            </Button>
            <Button
              variant="primary"
              busy={remove.isPending}
              disabled={confirms && typed !== server.name}
              onClick={() => remove.mutate(confirms ? typed : null)}
            >
              Remove
            </Button>
          </DialogActions>
        </>
      }
    >
      <p>Nothing changes on the server itself. The history of its runs stays.</p>
      {server.is_infrakt_host && (
        <p>The machine stays protected by its machine-id and host key, if infrakt knows them.</p>
      )}
      {remove.isError && <ErrorNotice title="The server was not removed." error={remove.error} />}
    </Dialog>
  );
}
