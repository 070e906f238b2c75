/**
 * Turns a line of output into pieces with class names for its colours. Class names, because the page's content security
 * policy forbids styles in the markup, and because light and dark need different shades of the same colour.
 */

import { createAnsiSequenceParser, type ParseToken } from "ansi-sequence-parser";
import { printable } from "../text/printable";
import { SEQUENCES, type OutputLine } from "./output";

export interface Span {
  text: string;
  className: string;
}

/** The sixteen colours, as their classes are called, with the shade by which others are matched to them. */
const PALETTE: readonly (readonly [name: string, red: number, green: number, blue: number])[] = [
  ["black", 0, 0, 0],
  ["red", 187, 0, 0],
  ["green", 0, 187, 0],
  ["yellow", 187, 187, 0],
  ["blue", 0, 0, 187],
  ["magenta", 187, 0, 187],
  ["cyan", 0, 187, 187],
  ["white", 200, 200, 200],
  ["bright-black", 85, 85, 85],
  ["bright-red", 255, 85, 85],
  ["bright-green", 85, 255, 85],
  ["bright-yellow", 255, 255, 85],
  ["bright-blue", 85, 85, 255],
  ["bright-magenta", 255, 85, 255],
  ["bright-cyan", 85, 255, 255],
  ["bright-white", 255, 255, 255],
];

/** The pieces of a line, in order. Joined, their texts are the plain text of the line. */
export function spans(line: OutputLine): Span[] {
  if (line.carried === "" && !line.text.includes("\u001b")) {
    return line.text === "" ? [] : [{ text: printable(line.text), className: "" }];
  }
  // Only colours are meant for the parser; it would take other sequences for text.
  const coloured = (line.carried + line.text).replace(SEQUENCES, colourOnly);
  return createAnsiSequenceParser()
    .parse(coloured)
    .map((token) => ({ text: printable(token.value), className: classes(token) }));
}

/** Leaves a colour as it is, and nothing of another sequence. A left out code stands for 0, which the parser does not know. */
function colourOnly(sequence: string): string {
  if (!sequence.startsWith("\u001b[") || !sequence.endsWith("m")) return "";
  const codes = sequence.slice(2, -1);
  if (/[^\d;:]/.test(codes)) return "";
  return `\u001b[${codes
    .split(/[;:]/)
    .map((code) => (code === "" ? "0" : code))
    .join(";")}m`;
}

function classes(token: ParseToken): string {
  const names: string[] = [];
  if (token.foreground !== null) names.push(`ansi-fg-${nameOf(token.foreground)}`);
  if (token.background !== null) names.push(`ansi-bg-${nameOf(token.background)}`);
  for (const decoration of token.decorations) {
    // What is hidden on a terminal is shown here: a reader of a log wants to know what there is.
    if (decoration !== "hidden") names.push(`ansi-${decoration}`);
  }
  return names.join(" ");
}

/** The name of the nearest of the sixteen colours: only those have shades that can be read in light and dark. */
function nameOf(colour: NonNullable<ParseToken["foreground"]>): string {
  switch (colour.type) {
    case "named":
      return colour.name.replace(/[A-Z]/, (letter) => `-${letter.toLowerCase()}`);
    case "rgb":
      return nearest(...colour.rgb);
    case "table":
      return ofTable(colour.index);
  }
}

/** The 256 colours of xterm: sixteen, a cube of 6 × 6 × 6, and shades of grey. */
function ofTable(index: number): string {
  const named = PALETTE[index];
  if (named !== undefined) return named[0];
  if (index >= 232) {
    const grey = 8 + 10 * (index - 232);
    return nearest(grey, grey, grey);
  }
  const level = (place: number) => (place === 0 ? 0 : 55 + 40 * place);
  const cube = index - 16;
  return nearest(level(Math.floor(cube / 36)), level(Math.floor(cube / 6) % 6), level(cube % 6));
}

function nearest(red: number, green: number, blue: number): string {
  let best = "white";
  let least = Infinity;
  for (const [name, r, g, b] of PALETTE) {
    const distance = (r - red) ** 2 + (g - green) ** 2 + (b - blue) ** 2;
    if (distance < least) {
      least = distance;
      best = name;
    }
  }
  return best;
}
