import { randomBytes } from "node:crypto";
import type { Clock } from "@helix/core";
import { toldError } from "@helix/core/queue-kit";
import { encodeExecutions } from "./execution-record.ts";

/** However many executions begin and end, the record is written at most so often. */
const EVERY_MS = 50;
/** So often in a lease it is written while it names something. */
const HEARTBEATS_PER_LEASE = 5;
/** What failed is tried again sooner, since others think the worse of this process the longer it takes. */
const RETRY_MS = 500;

export interface OwnExecutionsOptions {
  readonly clock: Clock;
  readonly leaseMs: number;
  /** Resolves when the record is stored. */
  readonly store: (pod: string, record: Uint8Array) => Promise<unknown>;
  readonly remove: (pod: string) => Promise<unknown>;
}

/**
 * Writes down which redelivered messages this process is executing, in one record of its own, so that others can tell
 * what it was doing when it died. The cost is one small write per 50 ms, and none while there are no redeliveries: a first
 * delivery is never written.
 *
 * States: nothing to write → (mark, an end) due → writing → due, if something has changed meanwhile. While it names
 * something it is written again at a steady interval, by which others see that the process lives. When it names nothing
 * it is removed. `close` removes it, from any state: what the process still holds then, it has not died of.
 */
export class OwnExecutions {
  /** The name of this process's record. */
  readonly pod = randomBytes(8).toString("hex");
  readonly #options: OwnExecutionsOptions;
  readonly #executing = new Map<object, { readonly id: string; readonly isSuspect: boolean }>();
  #waiting: { readonly resolve: () => void; readonly reject: (error: unknown) => void }[] = [];
  #writing: Promise<void> | undefined;
  #writtenAtMs = Number.NEGATIVE_INFINITY;
  #hasChanged = false;
  #hasFailed = false;
  #mayBeStored = false;
  #cancelTimer: (() => void) | undefined;
  #isClosed = false;

  constructor(options: OwnExecutionsOptions) {
    this.#options = options;
  }

  /**
   * An execution begins. Resolves when a record is stored that names it; rejects with what `store` rejects with.
   *
   * @param delivery Its key, since a message may be in hand twice when a lease has lapsed.
   */
  begin(delivery: object, id: string, isSuspect: boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#isClosed) return reject(closed());
      this.#executing.set(delivery, { id, isSuspect });
      this.#waiting.push({ resolve, reject });
      this.#change();
    });
  }

  /** It has ended, however. The next record does not name it; nobody waits for that. Without a begin it does nothing. */
  end(delivery: object): void {
    if (this.#executing.delete(delivery)) this.#change();
  }

  /** The connection is there again: others may have begun to think that the process is gone. */
  refresh(): void {
    if (this.#mayBeStored) this.#change();
  }

  /** Removes the record, if it can. Never rejects. Twice is safe. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#executing.clear();
    this.#cancelTimer?.();
    for (const { reject } of this.#waiting.splice(0)) reject(closed());
    await this.#writing;
    if (this.#mayBeStored) await this.#write();
  }

  #change(): void {
    this.#hasChanged = true;
    if (this.#writing === undefined && !this.#isClosed) this.#writeSoon();
  }

  #writeSoon(): void {
    const waitedMs = this.#options.clock.monotonicMs() - this.#writtenAtMs;
    this.#arm(Math.max(0, EVERY_MS - waitedMs));
  }

  #arm(delayMs: number): void {
    this.#cancelTimer?.();
    this.#cancelTimer = this.#options.clock.setTimer(() => {
      this.#cancelTimer = undefined;
      this.#writing = this.#write().finally(() => {
        this.#writing = undefined;
        if (this.#isClosed) return;
        const heartbeatMs = this.#options.leaseMs / HEARTBEATS_PER_LEASE;
        if (this.#hasChanged) this.#writeSoon();
        else if (this.#mayBeStored)
          this.#arm(this.#hasFailed ? Math.min(RETRY_MS, heartbeatMs) : heartbeatMs);
      });
    }, delayMs);
  }

  /** One at a time, so that an older record never overtakes a newer one. */
  async #write(): Promise<void> {
    const { clock, leaseMs, store, remove } = this.#options;
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#hasChanged = false;
    this.#writtenAtMs = clock.monotonicMs();
    try {
      if (this.#executing.size > 0) {
        this.#mayBeStored = true;
        await store(this.pod, encodeExecutions(this.#executing.values(), leaseMs));
      } else if (this.#mayBeStored) {
        await remove(this.pod);
        this.#mayBeStored = false;
      }
      this.#hasFailed = false;
      for (const { resolve } of waiting) resolve();
    } catch (error) {
      this.#hasFailed = true;
      for (const { reject } of waiting) reject(error);
    }
  }
}

function closed(): Error {
  return toldError("The queue is closed: nothing is executed any more");
}
