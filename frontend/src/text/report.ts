/** A value that a recipe reports, as people read it. */
export function reportedText(value: unknown): string {
  if (value === null || value === undefined) return "not known";
  if (typeof value === "object" && "output" in value) return `«output of step ${String(value.output)}»`;
  return typeof value === "string" ? value : JSON.stringify(value);
}
