/** The program at work: `infrakt serve` in a home of its own, and the command line on the same home. */

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { setTimeout } from "node:timers/promises";
import { binary, Machine } from "./computer.ts";

export class Service {
  readonly home = mkdtempSync(path.join(tmpdir(), "infrakt-e2e-"));
  url = "";
  key = "";
  private process: ChildProcess | null = null;
  /** What it printed, with a line for each request. */
  readonly said: string[] = [];

  /** Starts it, and waits until it answers; on the same port as before, if it was started before. */
  async start(): Promise<this> {
    const port = this.url === "" ? "0" : new URL(this.url).port;
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.listen(port);
      } catch (error) {
        // Meanwhile the port may have become the near end of a connection of another process, for a moment.
        if (attempt === 100 || !String(error).includes("in use")) throw error;
        await setTimeout(100);
      }
    }
  }

  private async listen(port: string): Promise<this> {
    const process = spawn(binary, ["serve", "-v", "--bind", `127.0.0.1:${port}`], {
      env: this.environment(),
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.process = process;
    this.url = await new Promise((resolve, reject) => {
      const { said } = this;
      for (const stream of [process.stdout, process.stderr]) {
        createInterface(stream).on("line", (line) => {
          said.push(line);
          const address = /http:\/\/127\.0\.0\.1:\d+/.exec(line)?.[0];
          if (address !== undefined) resolve(address);
        });
      }
      process.once("exit", (status) =>
        reject(new Error(`infrakt serve: exit ${String(status)}\n${said.join("\n")}`)),
      );
    });
    this.key = this.infrakt("serve", "--print-key").trim();
    return this;
  }

  /** Stops it as systemd would. */
  async stop(): Promise<void> {
    const process = this.process;
    if (process === null) return;
    this.process = null;
    if (process.exitCode !== null) return;
    process.removeAllListeners("exit");
    const exited = once(process, "exit");
    process.kill("SIGTERM");
    await exited;
  }

  async remove(): Promise<void> {
    await this.stop();
    rmSync(this.home, { recursive: true, force: true });
  }

  /** Runs the command line on the same home; gives what it printed. */
  infrakt(...words: string[]): string {
    return execFileSync(binary, words, {
      env: this.environment(),
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    });
  }

  add(name: string, machine: Machine, ...options: string[]): void {
    this.infrakt("server", "add", name, "--host", machine.address, "--key", Machine.key(), ...options);
  }

  /** Puts a recipe into the folder for those of the user. */
  write(recipe: string, text: string): void {
    const folder = path.join(this.home, "recipes");
    mkdirSync(folder, { recursive: true });
    writeFileSync(path.join(folder, `${recipe}.rhai`), text);
  }

  private environment(): NodeJS.ProcessEnv {
    return { ...process.env, INFRAKT_HOME: this.home, NO_COLOR: "1" };
  }
}
