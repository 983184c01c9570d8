import { Failure, UsageError } from "./failures.ts";
import type { Host } from "./host.ts";
import type { OpenOperator } from "./operator/open-operator.ts";
import type { Operator } from "./operator/operator.ts";
import type { Flags } from "./operator/sources.ts";
import { clean, jsonText } from "./output/clean.ts";
import { type Paint, paintFor } from "./output/paint.ts";

/** What a command has found or done: data first, which is what `--json` prints. */
export interface Answer {
  readonly data: object;
  /** For people: made of the data. */
  readonly text: (paint: Paint) => string;
  /** @default 0 */
  readonly exit?: number | undefined;
}

export interface SessionFlags extends Flags {
  readonly json?: boolean | undefined;
  readonly by?: string | undefined;
}

/** One command that somebody has typed, from its flags to its answer. */
export class Session implements AsyncDisposable {
  readonly flags: SessionFlags;
  readonly host: Host;
  readonly #open: OpenOperator;
  #operator: Promise<Operator> | undefined;

  constructor(host: Host, flags: SessionFlags, open: OpenOperator) {
    this.host = host;
    this.flags = flags;
    this.#open = open;
  }

  /** Whoever answers, connected when it is asked for the first time. */
  operator(): Promise<Operator> {
    this.#operator ??= this.#open(this.flags, this.host.env);
    return this.#operator;
  }

  /** Who orders. @throws UsageError where nobody is known. */
  get by(): string {
    const given = this.flags.by ?? this.host.env.HELIX_BY;
    if (given) return given;
    try {
      return this.host.user();
    } catch {
      throw new UsageError("Expected to know who orders it: give --by, or HELIX_BY");
    }
  }

  tell({ data, text }: Answer): void {
    const { stdout, env } = this.host;
    stdout.write(this.flags.json ? `${jsonText(data, 2)}\n` : text(paintFor(stdout, env)));
  }

  /** One of many answers: a line each for programs. */
  tellNext({ data, text }: Answer): void {
    const { stdout, env } = this.host;
    if (this.flags.json) stdout.write(`${jsonText(data)}\n`);
    // From the upper left corner on, and nothing of the last one below.
    else stdout.write(`${stdout.isTTY ? "\u001b[H\u001b[2J" : ""}${text(paintFor(stdout, env))}`);
  }

  /** Beside the answer, for people. */
  note(text: string): void {
    if (!this.flags.json) this.host.stderr.write(`${text}\n`);
  }

  /** Aborted when somebody interrupts the command: its reason is the exit code of that. */
  async interruptible<T>(run: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const interrupted = new AbortController();
    const release = this.host.onInterrupt((exit) => interrupted.abort(exit));
    try {
      return await run(interrupted.signal);
    } finally {
      release();
    }
  }

  /**
   * Waits for the answer to an order. Whoever interrupts that is told that it may be done all the same.
   *
   * @param look What to type to see whether it is.
   */
  ordered<T>(order: Promise<T>, look: string): Promise<T> {
    return this.interruptible((signal) => {
      const interrupted = new Promise<never>((_, reject) => {
        signal.addEventListener("abort", () => reject(unanswered(signal.reason, look)));
      });
      return Promise.race([order, interrupted]);
    });
  }

  /**
   * Asks a person, unless `--yes` has answered. Resolves when it may be done.
   *
   * @throws UsageError where nobody can be asked, with what to type instead; or where the answer is not yes.
   */
  async confirm(question: string, { yes, type }: { yes?: boolean | undefined; type: string }): Promise<void> {
    if (yes) return;
    const { stdin, stderr } = this.host;
    if (stdin.isTTY !== true || stderr.isTTY !== true || this.flags.json) {
      throw new UsageError(`${question} There is no terminal to ask`, type);
    }
    const { ask } = await import("./input/ask.ts");
    if (!(await ask(this.host, `${clean(question)} [y/N] `))) throw new UsageError("Nothing was changed");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const operator = await this.#operator?.catch(() => undefined);
    await operator?.[Symbol.asyncDispose]();
  }
}

/** Resolves with undefined where the signal of `interruptible` is aborted before, and hears no more of it then. */
export function unlessInterrupted<T>(asked: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  const interrupted = new Promise<undefined>((resolve) => {
    if (signal.aborted) resolve(undefined);
    signal.addEventListener("abort", () => resolve(undefined), { once: true });
  });
  return Promise.race([asked, interrupted]);
}

function unanswered(exit: number, look: string): Failure {
  return new Failure("Interrupted before there was an answer: what was ordered may be done all the same", {
    code: "HELIX_CLI_INTERRUPTED",
    type: [look],
    exit,
  });
}
