import { TextField } from "../components/Field";

/** Asks for the secrets that a plan names. Their values are sent with the run and not stored. */
export function SecretFields({
  names,
  values,
  onChange,
  errors = {},
}: {
  names: string[];
  values: Record<string, string>;
  onChange: (values: Record<string, string>) => void;
  /** What is wrong, by the secret's name. */
  errors?: Record<string, string>;
}) {
  return names.map((name) => (
    <TextField
      key={name}
      label={
        <>
          Secret <code>{name}</code>
        </>
      }
      type="password"
      mono
      autoComplete="off"
      hint="If empty, the service takes it from its environment."
      error={errors[name]}
      value={values[name] ?? ""}
      onChange={(event) => onChange({ ...values, [name]: event.target.value })}
    />
  ));
}
