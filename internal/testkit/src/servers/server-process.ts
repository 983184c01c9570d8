import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { waitFor } from "../wait-for.ts";
import type { ControlledServer } from "./controlled-server.ts";
import type { GuardedCommand, Guardian } from "./guardian.ts";
import { isStopped } from "./is-stopped.ts";

const LOG_LINES = 25;
const STOP_TIMEOUT_MS = 5_000;

/** What to run, and how to tell that it is there. */
export interface ServerProcessOptions extends Pick<GuardedCommand, "command" | "args" | "env"> {
  /** For errors: "Cassandra on 127.0.0.1:9042". */
  readonly name: string;
  readonly answers: () => Promise<boolean>;
  readonly startTimeoutMs: number;
}

/** A server as a child process, in the directory of a guardian of its own, which `close` closes. */
export class ServerProcess implements ControlledServer {
  readonly #guardian: Guardian;
  readonly #options: ServerProcessOptions;
  #server: ChildProcess | undefined;

  constructor(guardian: Guardian, options: ServerProcessOptions) {
    this.#guardian = guardian;
    this.#options = options;
  }

  /** Rejects with the signal's reason on abort; then, as after any other failure, it is for `close` to clean up. */
  async start(signal?: AbortSignal): Promise<void> {
    const { name, answers, startTimeoutMs } = this.#options;
    const server = this.#running() ?? this.#spawn();
    try {
      await waitFor(async () => hasExited(server) || answers(), {
        timeoutMs: startTimeoutMs,
        describe: "it answers",
        intervalMs: 50,
        signal,
      });
      if (hasExited(server)) throw new Error(`It exited (${server.exitCode ?? server.signalCode})`);
    } catch (cause) {
      signal?.throwIfAborted();
      const log = (await readFile(this.#log, "utf8")).trimEnd().split("\n").slice(-LOG_LINES).join("\n");
      throw new Error(`${name} did not start. The end of its log:\n${log}`, { cause });
    }
  }

  kill(): Promise<void> {
    return this.#end("SIGKILL");
  }

  terminate(): Promise<void> {
    return this.#end("SIGTERM");
  }

  async pause(): Promise<void> {
    const { pid } = this.#signal("SIGSTOP");
    await waitFor(async () => pid !== undefined && isStopped(pid), {
      timeoutMs: STOP_TIMEOUT_MS,
      describe: `${this.#options.name} is paused`,
      intervalMs: 1,
    });
  }

  async resume(): Promise<void> {
    this.#signal("SIGCONT");
  }

  close(): Promise<void> {
    return this.#guardian.close();
  }

  async #end(signal: "SIGKILL" | "SIGTERM"): Promise<void> {
    const server = this.#running();
    if (server === undefined) return;
    const gone = once(server, "exit");
    server.kill(signal);
    // A stopped process does not see a SIGTERM before it goes on.
    server.kill("SIGCONT");
    await gone;
  }

  #spawn(): ChildProcess {
    const { command, args, env } = this.#options;
    this.#server = this.#guardian.spawn({ command, args, env, log: this.#log });
    return this.#server;
  }

  #running(): ChildProcess | undefined {
    return this.#server === undefined || hasExited(this.#server) ? undefined : this.#server;
  }

  #signal(signal: "SIGSTOP" | "SIGCONT"): ChildProcess {
    const server = this.#running();
    if (server?.kill(signal) === true) return server;
    throw new Error(`${this.#options.name} is not running, so it cannot be paused or resumed`);
  }

  get #log(): string {
    return path.join(this.#guardian.directory, "out.log");
  }
}

function hasExited(server: ChildProcess): boolean {
  return server.exitCode !== null || server.signalCode !== null;
}
