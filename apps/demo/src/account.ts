import type { ClusterId } from "@helix/core";
import type { Entry } from "./application/call-book.ts";
import { Ledger } from "./ledger.ts";
import { Tally } from "./tally.ts";
import type { Write } from "./workload.ts";
import { writesOf } from "./writer.ts";

interface OpenCall {
  readonly write: Write;
  readonly timestampMicros: bigint;
}

/** What the book of an application comes to, kept by the demo while it is written. */
export class Account {
  readonly tally = new Tally();
  readonly ledger = new Ledger();
  /** Writes that were queued, by the word of calls that returned: id of the message, and how a cluster knows it. */
  readonly queued = new Map<string, ExecutionKey>();
  /** Messages that the embedded worker has applied. */
  readonly applied = new Set<string>();
  /** Timestamps of all calls that were begun. */
  readonly timestamps = new Set<bigint>();
  begun = 0;
  /** How often a write was made again since the queue had not taken it. */
  repeats = 0;
  isFinished = false;
  readonly #writes: Iterator<Write>;
  readonly #open = new Map<number, OpenCall>();

  constructor(rows: number) {
    this.#writes = writesOf(rows);
  }

  /** Calls that have begun and not returned. */
  get open(): number {
    return this.#open.size;
  }

  /** For how long the oldest write has waited that was queued and is not replayed. Milliseconds; 0: none waits. */
  oldestMs(isReplayed: (id: string, key: ExecutionKey) => boolean): number {
    for (const [id, key] of this.queued) {
      if (isReplayed(id, key)) continue;
      // Its timestamp is the time of the write, as long as the clocks are right.
      return Math.max(0, Date.now() - Number(key.slice(2)) / 1000);
    }
    return 0;
  }

  add(entry: Entry): void {
    switch (entry.what) {
      case "begun": {
        // Calls are begun in the order of the workload, in each of the application's lives.
        const next = this.#writes.next();
        if (next.done || entry.call !== this.begun) throw new Error(`Call ${entry.call} is out of order`);
        this.begun++;
        const timestampMicros = BigInt(entry.timestampMicros);
        this.timestamps.add(timestampMicros);
        this.#open.set(entry.call, { write: next.value, timestampMicros });
        return;
      }
      case "returned": {
        const { write, timestampMicros } = this.#close(entry.call);
        const { ms, queuedFor, replayId, repeats } = entry;
        this.ledger.record(write, timestampMicros);
        this.tally.returned(ms, queuedFor !== undefined);
        this.repeats += repeats;
        if (queuedFor !== undefined && replayId !== undefined) {
          this.queued.set(replayId, executionKey(queuedFor, timestampMicros));
        }
        return;
      }
      case "failed": {
        const { write, timestampMicros } = this.#close(entry.call);
        const { error, queued = [] } = entry;
        if (queued.length > 0) this.ledger.record(write, timestampMicros);
        this.tally.failed(error, queued.length);
        for (const { cluster, replayId } of queued) {
          this.queued.set(replayId, executionKey(cluster, timestampMicros));
        }
        return;
      }
      case "applied":
        // A lost acknowledgement makes it come again.
        if (!this.applied.has(entry.id)) this.tally.applied(entry.lagMs);
        this.applied.add(entry.id);
        return;
      case "dropped":
        this.tally.deadLettered++;
        return;
      case "finished":
        this.isFinished = true;
        return;
    }
  }

  #close(call: number): OpenCall {
    const open = this.#open.get(call);
    if (open === undefined) throw new Error(`Call ${call} returned without having begun`);
    this.#open.delete(call);
    return open;
  }
}

/** How a cluster knows a write. */
export type ExecutionKey = `${ClusterId} ${bigint}`;

export function executionKey(cluster: ClusterId, timestampMicros: bigint): ExecutionKey {
  return `${cluster} ${timestampMicros}`;
}
