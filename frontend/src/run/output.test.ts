import { describe, expect, it } from "vitest";
import { spans } from "./ansi";
import { StepOutput } from "./output";

function lines(output: StepOutput): string[] {
  return Array.from({ length: output.end - output.dropped }, (_, index) => {
    const line = output.line(output.dropped + index);
    return `${line?.stream ?? ""}: ${line?.text ?? ""}`;
  });
}

describe("what a step printed", () => {
  it("is put together to lines, however it was cut on its way", () => {
    const output = new StepOutput();
    for (const piece of ["Get", "ting pack", "ages\nDone", "\n\nend"]) output.append("stdout", piece);
    expect(lines(output)).toEqual(["stdout: Getting packages", "stdout: Done", "stdout: ", "stdout: end"]);
  });

  it("keeps the lines of both streams whole when they take turns", () => {
    const output = new StepOutput();
    output.append("stdout", "half of ");
    output.append("stderr", "warning\n");
    output.append("stdout", "a line\n");
    expect(lines(output)).toEqual(["stdout: half of a line", "stderr: warning"]);
  });

  it("shows the last state of a progress bar, and lines that end as on Windows", () => {
    const output = new StepOutput();
    output.append("stderr", " 10%\r 50%");
    output.append("stderr", "\r100%\nnext\r\n");
    expect(lines(output)).toEqual(["stderr: 100%", "stderr: next"]);
  });

  it("carries a colour on to the next line, and no further than to its reset", () => {
    const output = new StepOutput();
    output.append("stdout", "\u001b[31mred\nstill red\u001b[0m\nplain\n");
    const shown = [0, 1, 2].map((number) => {
      const line = output.line(number);
      return line === undefined ? [] : spans(line);
    });
    expect(shown).toEqual([
      [{ text: "red", className: "ansi-fg-red" }],
      [{ text: "still red", className: "ansi-fg-red" }],
      [{ text: "plain", className: "" }],
    ]);
  });

  it("stays within bounds, and numbers its lines as before", () => {
    const output = new StepOutput();
    for (let batch = 0; batch < 150; batch += 1) {
      output.append(
        "stdout",
        Array.from({ length: 1000 }, (_, line) => `line ${batch * 1000 + line}\n`).join(""),
      );
    }
    expect(output.end).toBe(150_000);
    expect(output.dropped).toBe(50_000);
    expect(output.line(49_999)).toBeUndefined();
    expect(output.line(120_000)?.text).toBe("line 120000");
  });

  it("breaks a line that never ends", () => {
    const output = new StepOutput();
    output.append("stdout", "x".repeat(20_000));
    expect(output.end).toBe(3);
    expect(output.text().replaceAll("\n", "")).toHaveLength(20_000);
  });

  it("is copied without colours", () => {
    const output = new StepOutput();
    output.append("stdout", "\u001b[1;32mok\u001b[m done\u001b[K\n");
    expect(output.text()).toBe("ok done");
  });
});
