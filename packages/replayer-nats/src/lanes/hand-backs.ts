import type { Delivery } from "./ack-subject.ts";
import { type MessageRecord, NO_RECORD } from "./message-records.ts";

const CAPACITY = 100_000;

/**
 * What this process knew of messages when it handed them back. If the very next delivery of one comes here as well, nobody
 * else had it in between: its record is what it was, and need not be read. Bounded: the oldest are forgotten first.
 */
export class HandBacks {
  readonly #left = new Map<
    number,
    { readonly deliveries: number; readonly storedAtMs: number; readonly record: MessageRecord }
  >();

  /** Of a message that arrives. Undefined: somebody else may know more. */
  recall({ streamSequence, deliveries, storedAtMs }: Delivery): MessageRecord | undefined {
    if (deliveries === 1) return NO_RECORD;
    const left = this.#left.get(streamSequence);
    // A stream that was made again counts anew.
    return left?.deliveries === deliveries - 1 && left.storedAtMs === storedAtMs ? left.record : undefined;
  }

  note({ streamSequence, deliveries, storedAtMs }: Delivery, record: MessageRecord): void {
    this.#left.delete(streamSequence);
    this.#left.set(streamSequence, { deliveries, storedAtMs, record });
    if (this.#left.size <= CAPACITY) return;
    const [oldest] = this.#left.keys();
    this.#left.delete(oldest as number);
  }

  forget({ streamSequence }: Delivery): void {
    this.#left.delete(streamSequence);
  }
}
