import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

interface Answer {
  readonly value?: unknown;
  readonly error?: string;
}

/** A program of ours in a process of its own, which is asked one question at a time and goes when this process does. */
export class Child implements AsyncDisposable {
  readonly #process: ChildProcess;

  /** @param flags Of Node, beside those that it needs. */
  constructor(program: URL, flags: readonly string[] = []) {
    const execArgv = ["--conditions=@helix/source", "--expose-gc", ...flags];
    this.#process = fork(fileURLToPath(program), { execArgv });
  }

  /** Rejects with what it says, or when it has died. */
  async ask<T>(question: unknown): Promise<T> {
    const over = new AbortController();
    const { signal } = over;
    const died = once(this.#process, "exit", { signal }).then(([code]): Answer[] => [
      { error: `The process has ended with ${code}` },
    ]);
    const answered = once(this.#process, "message", { signal }) as Promise<Answer[]>;
    // The one that is not waited for any more is aborted.
    for (const ending of [died, answered]) ending.catch(() => {});
    this.#process.send(question as object);
    const [answer = {}] = await Promise.race([answered, died]).finally(() => over.abort());
    if (answer.error !== undefined) throw new Error(answer.error);
    return answer.value as T;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const gone = once(this.#process, "exit");
    this.#process.kill("SIGKILL");
    await gone;
  }
}

/** The other side: what the program does with a question. */
export function answering<Question>(answer: (question: Question) => Promise<unknown>): void {
  process.on("message", (question: Question) => {
    answer(question).then(
      (value) => process.send?.({ value }),
      (error) => process.send?.({ error: String(error?.stack ?? error) }),
    );
  });
  process.on("disconnect", () => process.exit());
}
