/** What recipes print is written for a terminal; here an option is a field of the form. */
export function withoutOptions(text: string): string {
  return text.replace(/--set (\w+)=\S*/g, "the setting “$1”");
}
