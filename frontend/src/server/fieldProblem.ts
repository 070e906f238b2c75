import { ApiError } from "../api/client";
import { emptyDraft, type FieldErrors, type FieldName } from "./draft";

/** What the service said of a field of the form; none where it is about something else. */
export function fieldProblem(error: unknown): FieldErrors {
  if (!(error instanceof ApiError) || error.field === null) return {};
  // Of a list the service names the element: tags[1], tags.1.
  const [name = ""] = error.field.split(/[.[]/);
  return isField(name)
    ? { [name]: error.hint === null ? error.message : `${error.message} (${error.hint})` }
    : {};
}

function isField(name: string): name is FieldName {
  return name in emptyDraft;
}

/** Brings a person to the first field that something is wrong with. */
export function focusFirst(errors: FieldErrors): void {
  const first = Object.keys(emptyDraft).find((field) => field in errors);
  if (first !== undefined) document.querySelector<HTMLElement>(`dialog [name="${first}"]`)?.focus();
}
