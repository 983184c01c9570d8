import { type ChildProcess, execFile, spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { waitFor } from "@helix/testkit";
import { strictJson } from "./strict-json.ts";

const run = promisify(execFile);

const fromSource = (path: string) => [
  "--conditions=@helix/source",
  fileURLToPath(new URL(path, import.meta.url)),
];

/** The service, from source. */
export const MAIN = fromSource("../src/main.ts");
/** The same on a queue in memory that holds the payloads of `TEST_PAYLOADS`. */
export const MEMORY_MAIN = fromSource("memory-main.ts");

/** A process of the service, with all that it writes. */
export class ServiceProcess implements AsyncDisposable {
  readonly startedAtMs = performance.now();
  output = "";
  /** As `ended`, though its output has not been read to the end. */
  readonly exited: Promise<number | string | null>;
  /** Exit code, or the signal that killed it, when its output has been read. */
  readonly ended: Promise<number | string | null>;
  readonly #child: ChildProcess;

  /** @param program What Node is given. The environment is `env` and nothing else but the path. */
  constructor(program: readonly string[], env: Readonly<Record<string, string>>) {
    this.#child = spawn(process.execPath, [...program], { env: { PATH: process.env.PATH, ...env } });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => {
        this.output += text;
      });
    }
    this.exited = new Promise((resolve) => {
      this.#child.once("exit", (code, signal) => resolve(code ?? signal));
    });
    this.ended = new Promise((resolve, reject) => {
      this.#child.once("error", reject).once("close", (code, signal) => resolve(code ?? signal));
    });
  }

  get log(): Record<string, unknown>[] {
    return this.output
      .split("\n")
      .filter((line) => line.startsWith("{") && line.endsWith("}"))
      .map(strictJson);
  }

  /** Whoever reads its standard output stands still, or is gone. */
  stopReading(how: "pause" | "destroy"): void {
    this.#child.stdout?.[how]();
  }

  /** After a pause. */
  readOn(): void {
    this.#child.stdout?.resume();
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Resolves when it has logged this. */
  async logged(message: string): Promise<Record<string, unknown>> {
    return waitFor(() => this.log.find((line) => line.message === message), {
      timeoutMs: 30_000,
      describe: () => `"${message}" is logged; there is:\n${this.output}`,
    });
  }

  async get(path: string): Promise<{ status: number; text: string }> {
    const { port } = await this.logged("the service has started; its probes answer");
    const response = await fetch(`http://127.0.0.1:${port}${path}`);
    return { status: response.status, text: await response.text() };
  }

  /** Resolves when all parts are up: with how long that was after the start, in milliseconds. */
  async ready(): Promise<number> {
    await waitFor(async () => JSON.parse((await this.get("/readyz")).text).allUp, {
      timeoutMs: 30_000,
      describe: () => `the service is ready; it said:\n${this.output}`,
    });
    return performance.now() - this.startedAtMs;
  }

  async residentMB(): Promise<number> {
    const { stdout } = await run("ps", ["-o", "rss=", "-p", String(this.#child.pid)]);
    return (Number(stdout) * 1024) / 1e6;
  }

  /** User and system time so far. Milliseconds, to 10. */
  async cpuMs(): Promise<number> {
    // proc(5): fields 14 and 15, in hundredths of a second; the second field is the name, in parentheses.
    const stat = await readFile(`/proc/${this.#child.pid}/stat`, "utf8");
    const [user, system] = stat
      .slice(stat.lastIndexOf(")") + 2)
      .split(" ")
      .slice(11);
    return (Number(user) + Number(system)) * 10;
  }

  /** How often its main thread has begun to wait so far. */
  async waits(): Promise<number> {
    const status = await readFile(`/proc/${this.#child.pid}/status`, "utf8");
    return Number(/^voluntary_ctxt_switches:\s*(\d+)$/m.exec(status)?.[1]);
  }

  /** Kills it if it still runs. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill("SIGKILL");
    this.readOn();
    await this.ended;
  }
}
