import type { DestinationStream } from "pino";

/** What may wait for whoever reads the log. UTF-16 units. */
const MAX_WAITING = 1_048_576;

/** What of standard output is used. A pipe takes what it has room for at once, and keeps the rest until there is room. */
export interface LogStream {
  write(text: string): unknown;
  /** What it has kept. @default 0 */
  readonly writableLength?: number;
  on?(event: "error", listener: (error: unknown) => void): unknown;
  once?(event: "drain", listener: () => void): unknown;
}

/**
 * Where log lines go, so that whoever reads them cannot hold up the service: a reader that stands still costs lines, not leases.
 * What does not fit is dropped, and counted. A reader that is gone costs all lines, and nothing else.
 */
export class LogOutput implements DestinationStream {
  readonly #stream: LogStream;
  readonly #onDropped: (lines: number) => void;
  #dropped = 0;
  #isGone = false;

  /** @param onDropped Called with how many lines were dropped, when there is room again. It may log. */
  constructor(stream: LogStream, onDropped: (lines: number) => void) {
    this.#stream = stream;
    this.#onDropped = onDropped;
    stream.on?.("error", () => {
      this.#isGone = true;
    });
  }

  write(line: string): void {
    if (this.#isGone) return;
    if (this.#waiting + line.length > MAX_WAITING) {
      this.#dropped++;
      return;
    }
    const dropped = this.#dropped;
    this.#dropped = 0;
    if (dropped > 0) this.#onDropped(dropped);
    this.#stream.write(line);
  }

  /** Calls back when all is with the reader, at once where it is by now, and after so many milliseconds at the latest. */
  drain(maxMs: number, done: () => void): void {
    if (this.#isGone || this.#waiting === 0) {
      done();
      return;
    }
    const timer = setTimeout(finish, maxMs);
    let isDone = false;
    function finish() {
      clearTimeout(timer);
      if (!isDone) done();
      isDone = true;
    }
    this.#stream.once?.("drain", finish);
  }

  get #waiting(): number {
    return this.#stream.writableLength ?? 0;
  }
}
