/** Text from elsewhere, shown so that a reader sees every character of it. Tabs and line breaks stay. */
export function printable(text: string): string {
  return text.replace(DECEIVING, (c) => `\\u{${(c.codePointAt(0) ?? 0).toString(16)}}`);
}

// The same characters that the command line escapes (src/plan/printable.rs): control and format characters, what Unicode
// calls Default_Ignorable or bidi controls, blanks other than the plain space, the empty Braille pattern, and code points
// that have no agreed look.
const DECEIVING =
  /(?![\t\n ])[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\p{Bidi_Control}\u2800]/gu;
