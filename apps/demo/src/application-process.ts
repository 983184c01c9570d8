import path from "node:path";
import { setImmediate as immediate, setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Program } from "@helix/testkit";
import type { Account } from "./account.ts";
import type { ApplicationOptions } from "./application/application-options.ts";
import { BookReader } from "./application/call-book.ts";

const MAIN = fileURLToPath(new URL("application/main.ts", import.meta.url));
const LOOK_EVERY_MS = 50;

/** The application of patterns 2 and 3: a process that is watched by its book, and may be killed. */
export class ApplicationProcess implements AsyncDisposable {
  readonly account: Account;
  readonly #program: Program;
  readonly #options: ApplicationOptions;
  readonly #reader: BookReader;
  readonly #say: (text: string) => void;
  #isKilled = false;

  private constructor(
    program: Program,
    options: ApplicationOptions,
    account: Account,
    say: (text: string) => void,
  ) {
    this.#program = program;
    this.#options = options;
    this.#say = say;
    this.#reader = new BookReader(options.book);
    this.account = account;
  }

  /** `account` is kept up to date by `look`, and `say` is told what the application has for the screen. */
  static async start(
    options: Omit<ApplicationOptions, "book">,
    account: Account,
    say: (text: string) => void,
  ): Promise<ApplicationProcess> {
    const program = await Program.open();
    const book = path.join(program.directory, "calls.jsonl");
    const application = new ApplicationProcess(program, { ...options, book }, account, say);
    application.#run();
    return application;
  }

  /**
   * SIGKILL, at a moment when a call has begun and not returned, if there is one within a second. Resolves when it is
   * gone and its book is read: with how many calls had not returned.
   */
  async killInACall(): Promise<number> {
    const giveUpAt = performance.now() + 1000;
    do {
      await immediate();
      this.look();
    } while (this.account.open === 0 && performance.now() < giveUpAt);
    this.#isKilled = true;
    await this.#program.kill();
    this.look();
    return this.account.open;
  }

  resume(): void {
    this.#run("--resume");
    this.#isKilled = false;
  }

  /** Reads what is new in the book. */
  look(): void {
    for (const entry of this.#reader.read()) {
      if (entry.what === "said") this.#say(entry.text);
      else this.account.add(entry);
    }
  }

  /**
   * Resolves when it has finished; `onLook` is called whenever the book has been read. Rejects when it ends before
   * that and is not being restarted, or with the signal's reason.
   */
  async untilFinished(signal: AbortSignal, onLook: () => void): Promise<void> {
    while (!this.account.isFinished) {
      await sleep(LOOK_EVERY_MS, undefined, { signal });
      const { ended } = this.#program;
      this.look();
      onLook();
      if (ended !== undefined && !this.#isKilled && !this.account.isFinished) {
        throw new Error(`The application has ended (${ended}):\n${await this.#program.tail()}`);
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#reader.close();
    await this.#program.close();
  }

  #run(...flags: string[]): void {
    this.#program.run({
      args: ["--conditions=@helix/source", MAIN, JSON.stringify(this.#options), ...flags],
    });
  }
}
