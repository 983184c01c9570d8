import type { Clock, EventSink, Logger, Metrics, QueueEvents } from "@helix/core";

/** Further apart, one of the two clocks is wrong, and nobody here knows which. Milliseconds. */
const MAX_OFFSET_MS = 60_000;

export interface StreamClockOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly events: EventSink<QueueEvents>;
}

/**
 * What time it is where messages are stored: of ages, the beginning is written down there as well. The server says it with what
 * it tells of a stream, and this process's monotonic clock counts on from there, so that a jump of its wall clock changes
 * no age. Until it was heard, and of a server that does not say it, it is this process's.
 */
export class StreamClock {
  readonly #options: StreamClockOptions;
  #heard: { readonly serverMs: number; readonly atMs: number } | undefined;
  #offsetMs = 0;

  constructor(options: StreamClockOptions) {
    this.#options = options;
  }

  /** Milliseconds since 1970. */
  nowMs(): number {
    const { clock } = this.#options;
    if (this.#heard === undefined) return clock.wallMs();
    return this.#heard.serverMs + clock.monotonicMs() - this.#heard.atMs;
  }

  /** So much it is ahead of this process's wall clock, as when it was heard last; 0 before. Milliseconds. */
  get offsetMs(): number {
    return this.#offsetMs;
  }

  /** Whether the two agree, so that an age is one by either. */
  get isTrusted(): boolean {
    return Math.abs(this.#offsetMs) <= MAX_OFFSET_MS;
  }

  /** What is wrong, for whoever reads a health report; undefined while nothing is. */
  get warning(): string | undefined {
    if (this.isTrusted) return undefined;
    const seconds = Math.round(Math.abs(this.#offsetMs) / 1000);
    const where = this.#offsetMs > 0 ? "behind" : "ahead of";
    return `the clock of this process is ${seconds} s ${where} that of the NATS server: no message expires until they agree within ${MAX_OFFSET_MS / 1000} s`;
  }

  /** Asks for something that the server dates, and learns the time from that. Rejects with what `ask` rejects with. */
  async learn<T extends { readonly ts?: unknown }>(ask: () => Promise<T>): Promise<T> {
    const { clock } = this.#options;
    const askedAtMs = clock.monotonicMs();
    const answer = await ask();
    const serverMs = typeof answer.ts === "string" ? Date.parse(answer.ts) : Number.NaN;
    const nowMs = clock.monotonicMs();
    // Who stood still meanwhile does not know when it was said.
    const isClear = nowMs - askedAtMs <= MAX_OFFSET_MS / 2;
    if (serverMs > 0 && isClear) this.#learned(serverMs, nowMs);
    return answer;
  }

  #learned(serverMs: number, atMs: number): void {
    const { clock, logger, metrics, events } = this.#options;
    const wasTrusted = this.isTrusted;
    this.#heard = { serverMs, atMs };
    this.#offsetMs = serverMs - clock.wallMs();
    metrics.gauge("helix_queue_clock_offset_seconds", {}, this.#offsetMs / 1000);
    if (wasTrusted === this.isTrusted) return;
    const fields = { offsetMs: this.#offsetMs };
    if (wasTrusted) {
      logger.error(fields, this.warning ?? "");
      events.emit("queue:clock:differs", fields);
    } else
      logger.info(fields, "the clocks of this process and of the NATS server agree again: messages expire");
  }
}
