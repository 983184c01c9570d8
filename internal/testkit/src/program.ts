import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { Guardian } from "./servers/guardian.ts";

const LOG_LINES = 25;

/** How a program is run. */
export interface ProgramRun {
  /** What Node is given: its own flags, the file, arguments. */
  readonly args: readonly string[];
  /** All of its environment. @default that of this process */
  readonly env?: NodeJS.ProcessEnv | undefined;
}

/**
 * A program for Node and a directory of its own, in which it runs, is killed and is run again. Both go when this process
 * does, however that goes. One run at a time.
 */
export class Program implements AsyncDisposable {
  readonly #guardian: Guardian;
  #process: ChildProcess | undefined;
  #isClosed = false;

  private constructor(guardian: Guardian) {
    this.#guardian = guardian;
  }

  /** Makes the directory; nothing runs yet. */
  static async open(): Promise<Program> {
    return new Program(await Guardian.open(path.join(os.tmpdir(), "helix-program-XXXXXX")));
  }

  /** Where it runs, and what it leaves there for its next run. */
  get directory(): string {
    return this.#guardian.directory;
  }

  /** Its exit code, or the signal that ended it; undefined while it runs, or before the first run. */
  get ended(): number | NodeJS.Signals | undefined {
    return this.#process?.exitCode ?? this.#process?.signalCode ?? undefined;
  }

  run({ args, env }: ProgramRun): void {
    // After `close` nobody would watch it.
    if (this.#isClosed) throw new Error("This program is closed");
    if (this.#isRunning()) throw new Error("This program runs already");
    this.#process = this.#guardian.spawn({ command: process.execPath, args, env, log: this.#log });
  }

  /** SIGKILL. Resolves when it is gone. Harmless if it does not run. */
  async kill(): Promise<void> {
    const child = this.#process;
    if (child === undefined || !this.#isRunning()) return;
    const gone = once(child, "exit");
    child.kill("SIGKILL");
    await gone;
  }

  /** What it has written in all of its runs. */
  log(): Promise<string> {
    return readFile(this.#log, "utf8").catch(() => "");
  }

  /** The end of that. */
  async tail(): Promise<string> {
    const text = await this.log();
    return text.trimEnd().split("\n").slice(-LOG_LINES).join("\n");
  }

  /** Kills it, removes the directory. Resolves when both are gone. Twice is harmless. */
  close(): Promise<void> {
    this.#isClosed = true;
    return this.#guardian.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  get #log(): string {
    return path.join(this.directory, "out.log");
  }

  #isRunning(): boolean {
    return this.#process !== undefined && this.ended === undefined;
  }
}
