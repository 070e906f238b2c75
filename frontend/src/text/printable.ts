/** Text from elsewhere, shown so that nobody reads another text than there is. Tabs and line breaks stay. */
export function printable(text: string): string {
  return text.replace(DECEIVING, (c) => `\\u{${(c.codePointAt(0) ?? 0).toString(16)}}`);
}

// Control characters (C0 and C1, ECMA-48), marks that turn the direction of writing, and characters of no width (Unicode
// Technical Report 36, 3.1): the same that the command line escapes.
const DECEIVING =
  // eslint-disable-next-line no-control-regex
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028\u2029\u202a-\u202e\u2060\u2066-\u2069\ufeff]/gu;
