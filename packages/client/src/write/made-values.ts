import { isDeepStrictEqual } from "node:util";
import type { Operation } from "@helix/core";
import { weigh } from "@helix/core/internal";

const MOST_WRITES = 1_000;
const MOST_BYTES = 16 * 1024 * 1024;

/** A write for which values were made. */
export interface MadeWrite {
  readonly timestampMicros: bigint;
  /** As the caller said it. */
  readonly asked: Operation;
  /** As it was sent. */
  readonly operation: Operation;
}

/**
 * What was sent of writes that their callers are to repeat, where values were made for them (`now()`, `uuid()`). With new ones the repeat would be
 * another write of the same timestamp: a cluster that has both keeps the larger value, and one that has missed the first the second.
 * It forgets the oldest.
 */
export class MadeValues {
  readonly #kept: (MadeWrite & { readonly bytes: number })[] = [];
  #bytes = 0;

  keep(write: MadeWrite): void {
    const { bytes } = weigh(write.operation);
    this.#kept.push({ ...write, bytes });
    this.#bytes += bytes;
    while (this.#kept.length > MOST_WRITES || this.#bytes > MOST_BYTES) {
      this.#bytes -= this.#kept.shift()?.bytes ?? 0;
    }
  }

  /** What is sent of it, where it repeats one of these; else itself. */
  of(operation: Operation, timestampMicros: bigint | number | undefined): Operation {
    if (timestampMicros === undefined || this.#kept.length === 0) return operation;
    const micros = BigInt(timestampMicros);
    const isRepeated = (one: MadeWrite) =>
      one.timestampMicros === micros && isDeepStrictEqual(one.asked, operation);
    return this.#kept.find(isRepeated)?.operation ?? operation;
  }
}
