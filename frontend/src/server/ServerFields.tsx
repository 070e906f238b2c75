import { CheckboxField, TextAreaField, TextField } from "../components/Field";
import type { FieldErrors, FieldName, ServerDraft } from "./draft";
import styles from "./ServerFields.module.css";

/** Everything that a row of the inventory holds, as a form. The name is given once. */
export function ServerFields({
  draft,
  onChange,
  errors,
  existing,
}: {
  draft: ServerDraft;
  onChange: (draft: ServerDraft) => void;
  errors: FieldErrors;
  /** It is in the inventory already, so it has its name. */
  existing: boolean;
}) {
  const text = (field: Exclude<FieldName, "is_infrakt_host">) => ({
    name: field,
    error: errors[field],
    value: draft[field],
    onChange: (event: { target: { value: string } }) => onChange({ ...draft, [field]: event.target.value }),
  });
  return (
    <div className={styles.fields}>
      {!existing && (
        <TextField
          {...text("name")}
          label="Name"
          required
          maxLength={100}
          data-initial-focus
          hint="Letters, digits, “.”, “_” and “-”. It is what you type to confirm a wipe."
        />
      )}
      <div className={styles.row}>
        <TextField
          {...text("host")}
          label="Address"
          required
          data-initial-focus={existing ? true : undefined}
          className={styles.wide}
          hint="A name or IP address, or a Host of the SSH configuration of the service."
        />
        <TextField {...text("port")} label="Port" optional inputMode="numeric" placeholder="22" />
      </div>
      <div className={styles.row}>
        <TextField
          {...text("user")}
          label="User"
          optional
          placeholder="root"
          hint="Another than root works through sudo."
        />
        <TextField {...text("provider")} label="Provider" optional hint="A remark for people." />
      </div>
      <TextField {...text("tags")} label="Tags" optional hint="Separated by commas or spaces." />
      <TextField
        {...text("ssh_key_path")}
        label="Private key file"
        optional
        mono
        hint="A path on the computer of the service. Left empty: as its SSH configuration says, or its agent."
      />
      <TextAreaField
        {...text("host_key")}
        label="Host key"
        optional
        mono
        rows={2}
        hint={
          existing
            ? "Another key means another machine, or a new system on it. A public key or its SHA256: fingerprint; emptied, the next one that is seen is recorded."
            : "A public key or its SHA256: fingerprint, as the server’s console tells it. Left empty, the first one that is seen is recorded and shown."
        }
      />
      <CheckboxField
        name="is_infrakt_host"
        label="It hosts infrakt: protect it"
        hint="Nothing is ever destroyed on a protected server. Provisioning leaves out the wipe."
        error={errors.is_infrakt_host}
        checked={draft.is_infrakt_host}
        onChange={(event) => onChange({ ...draft, is_infrakt_host: event.target.checked })}
      />
    </div>
  );
}
