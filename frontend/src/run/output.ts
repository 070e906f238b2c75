/**
 * What a step printed, as lines. Output can be very long, so it is kept apart from the state of the run and changed in
 * place; views look at `version` to learn that there is more.
 */

import type { OutputStream } from "./events";

export interface OutputLine {
  /** `mark`: a line of this page's own, between two attempts. */
  stream: OutputStream | "mark";
  text: string;
  /** The colours that were set before this line and still hold, as escape sequences; mostly empty. */
  carried: string;
}

/** Lines of one step that a page keeps. All of them are in the journal. */
const MOST_LINES = 100_000;
/** Characters of all lines of one step that a page keeps. */
const MOST_CHARACTERS = 8_000_000;
/** A line that never ends is broken here, so that no single line can stop the page. */
const LONGEST_LINE = 8_192;

// SGR sequences (ECMA-48, 8.3.117): the only ones that reach beyond their line.
// eslint-disable-next-line no-control-regex -- escape sequences begin with a control character
const COLOURS = /\u001b\[([\d;]*)m/g;

export class StepOutput {
  /** Rises with every change. */
  version = 0;
  /** Lines from the beginning that are no longer kept. */
  dropped = 0;

  private lines: OutputLine[] = [];
  private characters = 0;
  /** Per stream, the number of the line that its next piece continues; null: the piece begins a new line. */
  private open: Record<OutputStream, number | null> = { stdout: null, stderr: null };
  private carried: Record<OutputStream, string> = { stdout: "", stderr: "" };

  /** The number after that of the last line. Lines are numbered from 0, and keep their numbers when others are dropped. */
  get end(): number {
    return this.dropped + this.lines.length;
  }

  get isEmpty(): boolean {
    return this.end === 0;
  }

  /** The first line that another piece may still change; everything before it stays as it is. */
  get settled(): number {
    return Math.min(this.open.stdout ?? this.end, this.open.stderr ?? this.end);
  }

  line(number: number): OutputLine | undefined {
    return this.lines[number - this.dropped];
  }

  append(stream: OutputStream, text: string): void {
    if (text === "") return;
    this.version += 1;
    const pieces = text.split("\n");
    pieces.forEach((piece, index) => {
      this.put(stream, piece);
      if (index < pieces.length - 1) this.close(stream);
    });
    this.trim();
  }

  /** Sets a line between what was printed before and after: the step is begun again. */
  mark(text: string): void {
    if (this.isEmpty) return;
    this.version += 1;
    this.open = { stdout: null, stderr: null };
    this.carried = { stdout: "", stderr: "" };
    this.lines.push({ stream: "mark", text, carried: "" });
    this.characters += text.length;
    this.trim();
  }

  /** All lines that are kept, as plain text without colours. */
  text(): string {
    return this.lines.map((line) => plain(line.text)).join("\n");
  }

  private put(stream: OutputStream, piece: string): void {
    let rest = piece;
    // A line is begun by what is on it, or by its end.
    while (rest !== "") {
      const line = this.openLine(stream);
      const room = Math.max(1, LONGEST_LINE - line.text.length);
      const before = line.text.length;
      line.text = overwritten(line.text + rest.slice(0, room));
      this.characters += line.text.length - before;
      rest = rest.slice(room);
      if (rest !== "") this.close(stream);
    }
  }

  private openLine(stream: OutputStream): OutputLine {
    const number = this.open[stream];
    const known = number === null ? undefined : this.line(number);
    if (known !== undefined) return known;
    const line: OutputLine = { stream, text: "", carried: this.carried[stream] };
    this.open[stream] = this.end;
    this.lines.push(line);
    return line;
  }

  private close(stream: OutputStream): void {
    const line = this.openLine(stream);
    if (line.text.endsWith("\r")) line.text = line.text.slice(0, -1);
    if (line.text.includes("\u001b[")) this.carried[stream] = coloursAfter(line.carried + line.text);
    this.open[stream] = null;
  }

  private trim(): void {
    let surplus = Math.max(0, this.lines.length - MOST_LINES);
    while (this.characters > MOST_CHARACTERS && surplus < this.lines.length - 1) {
      this.characters -= this.lines[surplus]?.text.length ?? 0;
      surplus += 1;
    }
    if (surplus === 0) return;
    this.lines.splice(0, surplus);
    this.dropped += surplus;
  }
}

/** The text of a line as one reads it: without colours and other sequences for terminals. */
export function plain(text: string): string {
  return text.includes("\u001b") ? text.replace(SEQUENCES, "") : text;
}

// CSI and OSC sequences, and escapes of two characters (ECMA-48, 5.4 and 8.3.89).
// eslint-disable-next-line no-control-regex -- as above
export const SEQUENCES = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[ -/]*[0-~])/g;

/** A carriage return begins a line again, as progress bars do; a reader would see what is after the last one. */
function overwritten(text: string): string {
  const at = text.lastIndexOf("\r", text.length - 2);
  return at === -1 ? text : text.slice(at + 1);
}

/** The colours that hold after a text: all that was set since the last reset. */
function coloursAfter(text: string): string {
  let holding = "";
  for (const [sequence, codes] of text.matchAll(COLOURS)) {
    const resets = codes === undefined || codes === "" || /^0*(;|$)/.test(codes);
    holding = resets ? "" : holding;
    if (codes !== undefined && /[1-9]/.test(codes)) holding += sequence;
  }
  // A program that only ever sets colours must not make each line longer than the last.
  return holding.length > 256 ? "" : holding;
}
