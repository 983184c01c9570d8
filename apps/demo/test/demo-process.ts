import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type CassandraPairInfo, waitFor } from "@helix/testkit";

const MAIN = fileURLToPath(new URL("../src/main.ts", import.meta.url));
const STEP_TIMEOUT_MS = 50_000;

/** By which its processes agree on who starts the container that removes the others: for each temporary directory it is left there, empty. */
const OF_TESTCONTAINERS = /^testcontainers-node-.*\.lock$/;

/** The demo's command on clusters that are given, in a temporary directory of its own. */
export class DemoProcess implements AsyncDisposable {
  readonly directory: string;
  output = "";
  /** Exit code, or the signal that killed it. */
  readonly ended: Promise<number | string | null>;
  readonly #child: ChildProcess;

  private constructor(directory: string, { A, B }: CassandraPairInfo, flags: readonly string[]) {
    this.directory = directory;
    // Whoever asks for one source of servers means those of the run.
    const { HELIX_TESTKIT_PROVIDER: _, ...env } = process.env;
    this.#child = spawn(process.execPath, ["--conditions=@helix/source", MAIN, ...flags], {
      env: {
        ...env,
        TMPDIR: directory,
        HELIX_CASSANDRA_A: A.contactPoint,
        HELIX_CASSANDRA_B: B.contactPoint,
        HELIX_CASSANDRA_DC: A.localDataCenter,
      },
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => {
        this.output += text;
      });
    }
    this.ended = new Promise((resolve, reject) => {
      this.#child.once("error", reject).once("close", (code, signal) => resolve(code ?? signal));
    });
  }

  static async start(pair: CassandraPairInfo, ...flags: string[]): Promise<DemoProcess> {
    const directory = await mkdtemp(path.join(os.tmpdir(), "helix-demo-test-"));
    return new DemoProcess(directory, pair, flags);
  }

  /** Resolves with the match, once it has said that. */
  said(what: RegExp): Promise<RegExpExecArray> {
    return waitFor(() => what.exec(this.output), {
      timeoutMs: STEP_TIMEOUT_MS,
      describe: () => `the demo says ${what}; it said:\n${this.output}`,
    });
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** The lines of the verdict: name and value. */
  get figures(): ReadonlyMap<string, string> {
    const lines = this.output.matchAll(/^ {2}(\S.*?) {3,}(\S.*?)(?: {2}✗)?$/gm);
    return new Map([...lines].map(([, name = "", value = ""]) => [name, value]));
  }

  /** A figure of the verdict; NaN where it is not there. */
  figure(name: string): number {
    return Number.parseFloat(this.figures.get(name)?.replaceAll(",", "") ?? "");
  }

  /** The names of the figures that are marked. */
  get broken(): string[] {
    return [...this.output.matchAll(/^ {2}(\S.*?) {3,}.*✗$/gm)].map(([, name = ""]) => name);
  }

  /** What is left of it: files and directories, and processes that were started with one of them. */
  async remains(): Promise<string[]> {
    const { stdout } = await promisify(execFile)("ps", ["-A", "-ww", "-o", "args="], { maxBuffer: 1e8 });
    const processes = stdout.split("\n").filter((line) => line.includes(this.directory));
    const files = await readdir(this.directory);
    return [...processes, ...files.filter((file) => !OF_TESTCONTAINERS.test(file))];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill("SIGKILL");
    await this.ended;
    let remains: string[] = [];
    const nothing = async () => {
      remains = await this.remains();
      return remains.length === 0;
    };
    await waitFor(nothing, {
      timeoutMs: STEP_TIMEOUT_MS,
      describe: () => `nothing is left of the demo; there is:\n${remains.join("\n")}`,
    });
    await rm(this.directory, { recursive: true });
  }
}
