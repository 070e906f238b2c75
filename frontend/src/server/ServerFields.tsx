import { CheckboxField, TextAreaField, TextField } from "../components/Field";
import type { FieldErrors, FieldName, ServerDraft } from "./draft";
import styles from "./ServerFields.module.css";

/** Everything that a row of the inventory holds, as a form. The name can’t be changed later. */
export function ServerFields({
  draft,
  onChange,
  errors,
  existing,
}: {
  draft: ServerDraft;
  onChange: (draft: ServerDraft) => void;
  errors: FieldErrors;
  /** It is in the inventory already, so its name is fixed. */
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
          hint="A host name, an IP address, or a Host from the service’s SSH configuration."
        />
        <TextField {...text("port")} label="Port" optional inputMode="numeric" placeholder="22" />
      </div>
      <div className={styles.row}>
        <TextField
          {...text("user")}
          label="User"
          optional
          placeholder="root"
          hint="A user other than root needs sudo."
        />
        <TextField
          {...text("provider")}
          label="Provider"
          optional
          hint="Hosting provider (a note for yourself)."
        />
      </div>
      <TextField {...text("tags")} label="Tags" optional hint="Separated by commas or spaces." />
      <TextField
        {...text("ssh_key_path")}
        label="Private key file"
        optional
        mono
        hint="A path on the service’s computer. If empty, its SSH configuration or agent decides."
      />
      <TextAreaField
        {...text("host_key")}
        label="Host key"
        optional
        mono
        rows={2}
        hint={
          existing
            ? "A public key or its SHA256: fingerprint. A different key means a different machine, or a reinstalled one. If empty, infrakt records the next key it sees."
            : "A public key or its SHA256: fingerprint, from the server’s own console. If empty, infrakt records and shows the first key it sees."
        }
      />
      <CheckboxField
        name="is_infrakt_host"
        label="It hosts infrakt: protect it"
        hint="Nothing is ever deleted on a protected server. Provisioning skips the wipe."
        error={errors.is_infrakt_host}
        checked={draft.is_infrakt_host}
        onChange={(event) => onChange({ ...draft, is_infrakt_host: event.target.checked })}
      />
    </div>
  );
}
