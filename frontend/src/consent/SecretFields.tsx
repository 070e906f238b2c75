import { TextField } from "../components/Field";

/** Asks for the values of the secrets that a plan names. They are sent with the run, and kept nowhere. */
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
      hint="Left empty, it is taken from the environment of the service."
      error={errors[name]}
      value={values[name] ?? ""}
      onChange={(event) => onChange({ ...values, [name]: event.target.value })}
    />
  ));
}
