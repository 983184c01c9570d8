import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import type { Socket } from "node:net";

/*
 * Lives until its standard input ends, which is when the parent closes it or is gone, however it went.
 * Each line names the process to kill then; an empty one, none. SIGKILL takes effect a moment later, and
 * a dying server may still write, so removing is repeated. A parent that is gone before it has read the name
 * of the directory must not end the shell by SIGPIPE, which would leave the directory.
 */
const GUARDIAN = `
trap '' PIPE
directory=$(mktemp -d "$0") || exit 1
echo "$directory"
guarded=
while read -r line; do guarded=$line; done
[ -z "$guarded" ] || kill -9 "$guarded" 2>/dev/null
for try in 1 2 3 4 5 6 7 8 9 10; do
  rm -rf "$directory" 2>/dev/null && exit
  sleep 0.2
done
exit 1`;

/*
 * The process gives its own number to the guardian before it becomes the server. So there is no moment
 * at which the parent can be killed and leave a server that nobody knows of.
 */
const LAUNCHER = `echo "$$" >&3; exec 3>&-; exec "$@"`;

/** What to run. */
export interface GuardedCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv | undefined;
  /** Where its output is appended. */
  readonly log: string;
}

/**
 * A new directory, and at most one process at a time, that both go when this process does: by `close`,
 * by exit, by a crash, by `kill -9`. A shell in a session of its own sees to it (so Ctrl-C goes to
 * the parent alone). Needs a POSIX `sh`.
 */
export class Guardian {
  readonly directory: string;
  readonly #shell: ChildProcess;
  readonly #exited: Promise<unknown>;
  readonly #pipe: Socket;
  #process: ChildProcess | undefined;

  private constructor(directory: string, shell: ChildProcess, exited: Promise<unknown>) {
    this.directory = directory;
    this.#shell = shell;
    this.#exited = exited;
    this.#pipe = shell.stdin as Socket;
  }

  /** `template` is the directory's path, ending in `XXXXXX`; its parent must exist. */
  static async open(template: string): Promise<Guardian> {
    const shell = spawn("/bin/sh", ["-c", GUARDIAN, template], {
      stdio: ["pipe", "pipe", "ignore"],
      detached: true,
    });
    const exited = new Promise((resolve) => shell.once("exit", resolve).once("error", resolve));
    shell.stdin.on("error", () => {}); // it has ended: `exited` tells
    const line = once(shell.stdout.setEncoding("utf8"), "data") as Promise<string[]>;
    const [directory] = await Promise.race([line, exited.then(() => [])]);
    if (directory === undefined) throw new Error(`Cannot create the temporary directory ${template}`);
    return new Guardian(directory.trimEnd(), shell, exited);
  }

  /** Runs a command in the directory. One at a time: the last must have exited. */
  spawn({ command, args, env, log }: GuardedCommand): ChildProcess {
    const output = openSync(log, "a");
    const child = spawn("/bin/sh", ["-c", LAUNCHER, command, command, ...args], {
      cwd: this.directory,
      env: env ?? process.env,
      stdio: ["ignore", output, output, this.#pipe],
      detached: true,
    });
    closeSync(output);
    this.#process = child;
    // Forgotten at once: the number may soon be another's.
    child.once("exit", () => this.#pipe.write("\n"));
    return child;
  }

  /** Kills the process, removes the directory. Resolves when both are gone. Twice is harmless. */
  async close(): Promise<void> {
    const child = this.#process;
    if (child?.pid !== undefined && child.exitCode === null && child.signalCode === null) {
      const gone = once(child, "exit");
      child.kill("SIGKILL");
      await gone;
    }
    this.#pipe.end();
    await this.#exited;
    this.#shell.stdout?.destroy();
  }
}
