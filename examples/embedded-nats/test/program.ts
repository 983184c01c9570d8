import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { waitFor } from "@helix/testkit";

/** What Node is given to run a program from source. */
export function fromSource(main: URL, ...args: readonly string[]): string[] {
  return ["--conditions=@helix/source", fileURLToPath(main), ...args];
}

/** A program of the examples, with all that it writes. */
export class Program implements AsyncDisposable {
  output = "";
  readonly #child: ChildProcess;
  readonly #closed: Promise<unknown>;

  constructor(program: readonly string[]) {
    this.#child = spawn(process.execPath, program);
    this.#closed = once(this.#child, "close");
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => {
        this.output += text;
      });
    }
  }

  /** Resolves with the id of the first user that it wrote with this outcome. */
  async wrote(outcome: { readonly A: string; readonly B: string }): Promise<string> {
    const line = new RegExp(`^(\\S+) { A: '${outcome.A}', B: '${outcome.B}' }$`, "m");
    const [, id = ""] = await waitFor(() => this.output.match(line), {
      timeoutMs: 30_000,
      describe: () => `the program says ${line}; it said:\n${this.output}`,
    });
    return id;
  }

  /** Resolves when it has said that. */
  async said(text: string): Promise<void> {
    await waitFor(() => this.output.includes(text), {
      timeoutMs: 30_000,
      describe: () => `the program says ${text}; it said:\n${this.output}`,
    });
  }

  /** Resolves with its exit code, or null when the signal killed it. */
  async end(signal: NodeJS.Signals): Promise<number | null> {
    this.#child.kill(signal);
    await this.#closed;
    return this.#child.exitCode;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { exitCode, signalCode } = this.#child;
    if (exitCode === null && signalCode === null) await this.end("SIGKILL");
  }
}
