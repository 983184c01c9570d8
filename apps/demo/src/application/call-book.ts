import { closeSync, existsSync, ftruncateSync, openSync, readFileSync, readSync, writeSync } from "node:fs";
import type { ClusterId } from "@helix/core";
import type { QueuedMessage } from "../writer.ts";

/** A line of the book. Calls are numbered in the order of the workload. */
export type Entry =
  /** Before a call: from here on the application must repeat it if it does not see it return. */
  | { readonly what: "begun"; readonly call: number; readonly timestampMicros: string }
  /** After a call. `queuedFor` is set where a cluster missed it; `repeats` tells how often it had to be made again. */
  | {
      readonly what: "returned";
      readonly call: number;
      readonly ms: number;
      readonly queuedFor?: ClusterId;
      readonly replayId?: string;
      readonly repeats: number;
    }
  /** A caller's error. `queued` is set where the write will be applied all the same. */
  | {
      readonly what: "failed";
      readonly call: number;
      readonly error: string;
      readonly queued?: readonly QueuedMessage[];
    }
  /** The embedded worker has applied a message, or has given it up. */
  | { readonly what: "applied"; readonly id: string; readonly lagMs: number }
  | { readonly what: "dropped" }
  /** Something for the screen. */
  | { readonly what: "said"; readonly text: string }
  /** All calls have returned; with an embedded worker, the queue is empty as well. */
  | { readonly what: "finished" };

/**
 * The application's own record of its calls, in a file. A line is with the operating system before `write` returns, so
 * `kill -9` does not take it.
 */
export class CallBook {
  readonly #file: number;

  /** Goes on behind the last complete line. */
  constructor(path: string) {
    const length = existsSync(path) ? completeLength(readFileSync(path)) : 0;
    this.#file = openSync(path, "a");
    ftruncateSync(this.#file, length);
  }

  write(entry: Entry): void {
    writeSync(this.#file, `${JSON.stringify(entry)}\n`);
  }

  close(): void {
    closeSync(this.#file);
  }
}

/** Reads a book while it is written: what is new and complete, each time. */
export class BookReader {
  readonly #path: string;
  #file: number | undefined;
  #rest: Buffer = Buffer.alloc(0);
  readonly #buffer = Buffer.alloc(1 << 16);

  constructor(path: string) {
    this.#path = path;
  }

  /** Nothing, as long as there is no book. */
  *read(): Generator<Entry> {
    this.#file ??= existsSync(this.#path) ? openSync(this.#path, "r") : undefined;
    if (this.#file === undefined) return;
    for (;;) {
      const bytes = readSync(this.#file, this.#buffer);
      if (bytes === 0) return;
      const text = Buffer.concat([this.#rest, this.#buffer.subarray(0, bytes)]);
      const length = completeLength(text);
      this.#rest = text.subarray(length);
      for (const line of text.subarray(0, length).toString("utf8").split("\n")) {
        if (line !== "") yield JSON.parse(line) as Entry;
      }
    }
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }
}

/** What a restarted application has to know. */
export interface Unfinished {
  /** Calls that were begun and have not returned, with their timestamps. */
  readonly open: ReadonlyMap<number, bigint>;
  /** The first call that was not begun. */
  readonly next: number;
}

export function unfinishedOf(entries: Iterable<Entry>): Unfinished {
  const open = new Map<number, bigint>();
  let next = 0;
  for (const entry of entries) {
    if (entry.what === "begun") {
      open.set(entry.call, BigInt(entry.timestampMicros));
      next = entry.call + 1;
    } else if (entry.what === "returned" || entry.what === "failed") {
      open.delete(entry.call);
    }
  }
  return { open, next };
}

function completeLength(bytes: Buffer): number {
  return bytes.lastIndexOf("\n") + 1;
}
