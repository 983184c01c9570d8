import {
  type ClientEvents,
  type Clock,
  type EventSink,
  type Logger,
  nextTimestampMicros,
  timestampLeadMs,
} from "@helix/core";

/** Beyond this the clocks are wrong, or somebody writes with timestamps of his own. */
const MAX_LEAD_MS = 1_000;
/** Once said is enough for a while. */
const WARN_INTERVAL_MS = 10_000;

/**
 * The timestamp of each write, and a word when one lies in the future: it then beats all that are written
 * until then.
 */
export class WriteTimestamps {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #events: EventSink<ClientEvents>;
  #warnedAtMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock, logger: Logger, events: EventSink<ClientEvents>) {
    this.#clock = clock;
    this.#logger = logger;
    this.#events = events;
  }

  /** The one that was given, or a new one. */
  next(given: bigint | number | undefined): bigint {
    const timestampMicros = given === undefined ? nextTimestampMicros() : BigInt(given);
    const leadMs = timestampLeadMs(timestampMicros, this.#clock.wallMs());
    if (leadMs > MAX_LEAD_MS) this.#warn(leadMs);
    return timestampMicros;
  }

  #warn(leadMs: number): void {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - this.#warnedAtMs < WARN_INTERVAL_MS) return;
    this.#warnedAtMs = nowMs;
    this.#logger.warn({ leadMs }, "the timestamp of a write is ahead of the wall clock");
    this.#events.emit("write:timestamp:ahead", { leadMs });
  }
}
