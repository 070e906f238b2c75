/** What the stories need of the computer that they run on: Chromium, the program, and the lab. */

import { execFileSync, spawnSync } from "node:child_process";
import path from "node:path";

export const checkout = path.resolve(import.meta.dirname, "../..");

/** Debian's own Chromium; no browser is downloaded. */
export const chromium = process.env.INFRAKT_E2E_CHROMIUM ?? "/usr/bin/chromium";

/** The program that is tested, with the page in it. */
export const binary = path.resolve(
  checkout,
  process.env.INFRAKT_E2E_BINARY ?? path.join(process.env.CARGO_TARGET_DIR ?? "target", "debug/infrakt"),
);

const lab = path.join(checkout, "scripts/lab");
let labReason: string | null | undefined;

/** Why no machine can be booted here; null where one can. */
export function whyNoLab(): string | null {
  if (labReason === undefined) {
    const { status, stdout, stderr } = spawnSync(lab, ["check"], { encoding: "utf8" });
    labReason = status === 0 ? null : (stdout + stderr).trim();
  }
  return labReason;
}

/** A machine of the lab, gone when it is no longer needed. */
export class Machine {
  readonly name: string;
  readonly address: string;

  /** Its name tells whose it is: scripts/test takes down those of processes that are no more. */
  constructor(name: string, options: string[] = []) {
    this.name = `e2e-${process.pid}-${name}`;
    this.address = this.lab("up", this.name, ...options).trim();
  }

  /** Runs a command in it as root, from outside of SSH; gives what it printed. */
  exec(...command: string[]): string {
    return this.lab("exec", this.name, "--", ...command).trim();
  }

  down(): void {
    this.lab("down", this.name);
  }

  static key(): string {
    return execFileSync(lab, ["key"], { encoding: "utf8" }).trim();
  }

  private lab(...words: string[]): string {
    return execFileSync(lab, words, { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
  }
}
