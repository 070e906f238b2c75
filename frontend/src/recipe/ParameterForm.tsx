import type { RecipeParameter } from "../api/types";
import { CheckboxField, SelectField, TextAreaField, TextField } from "../components/Field";
import { printable } from "../text/printable";
import styles from "./ParameterForm.module.css";
import { fieldsInWords, isData, type ParameterDraft } from "./parameters";

interface Props {
  parameters: readonly RecipeParameter[];
  values: ParameterDraft;
  onChange: (values: ParameterDraft) => void;
  /** What is wrong, by the parameter's name. */
  errors?: Readonly<Record<string, string>>;
}

/** The parameters of a recipe as fields, each as its type asks. */
export function ParameterForm({ parameters, values, onChange, errors = {} }: Props) {
  return (
    <div className={styles.form}>
      {parameters.map((parameter) => (
        <ParameterField
          key={parameter.name}
          parameter={parameter}
          value={values[parameter.name] ?? ""}
          onChange={(value) => onChange({ ...values, [parameter.name]: value })}
          error={errors[parameter.name]}
        />
      ))}
    </div>
  );
}

interface FieldProps {
  parameter: RecipeParameter;
  value: string | boolean;
  onChange: (value: string | boolean) => void;
  error: string | undefined;
}

function ParameterField({ parameter, value, onChange, error }: FieldProps) {
  const { name, type, choices, help } = parameter;
  const text = typeof value === "string" ? value : "";
  const about = { label: name, name, error, hint: help === "" ? undefined : printable(help) };
  if (type === "bool") {
    return (
      <CheckboxField
        {...about}
        checked={value === true}
        onChange={(event) => onChange(event.target.checked)}
      />
    );
  }
  if (choices !== undefined && choices.length > 0) {
    const known = choices;
    return (
      <SelectField {...about} value={text} onChange={(event) => onChange(event.target.value)}>
        {!known.includes(text) && <option value={text}>{text === "" ? "Choose one" : text}</option>}
        {known.map((choice) => (
          <option key={choice} value={choice}>
            {choice}
          </option>
        ))}
      </SelectField>
    );
  }
  if (type === "list" || isData(parameter)) {
    const fields = fieldsInWords(parameter);
    const form = !isData(parameter)
      ? "One per line."
      : `JSON: a ${type === "list" ? "list of maps" : "map"}${fields === "" ? "" : ` with ${fields}`}.`;
    return (
      <TextAreaField
        {...about}
        mono
        rows={Math.min(8, Math.max(2, text.split("\n").length + 1))}
        hint={
          <>
            {about.hint !== undefined && `${about.hint}. `}
            {form}
          </>
        }
        value={text}
        onChange={(event) => onChange(event.target.value)}
      />
    );
  }
  return (
    <TextField
      // A long default, such as a URL, is to be read whole.
      className={
        typeof parameter.default === "string" && parameter.default.length > 32 ? styles.wide : undefined
      }
      {...about}
      mono
      inputMode={type === "int" ? "numeric" : undefined}
      value={text}
      onChange={(event) => onChange(event.target.value)}
    />
  );
}
