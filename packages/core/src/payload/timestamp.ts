import { type Clock, systemClock } from "../policy/clock.ts";

/**
 * Two copies of this package in one process must share one sequence, or they hand out the same
 * timestamp twice and last-write-wins decides by value.
 */
const SHARED = Symbol.for("@helix/core:timestamps:1");

interface Sequence {
  last: bigint;
}

function sequence(): Sequence {
  const holder = globalThis as { [SHARED]?: Sequence };
  holder[SHARED] ??= { last: 0n };
  return holder[SHARED];
}

/** Makes the timestamps of writes. One per process is enough: {@link nextTimestampMicros}. */
export class TimestampGenerator {
  readonly #clock: Clock;
  readonly #sequence: Sequence;
  /** Microseconds to add to the monotonic clock to get wall time. */
  #offsetMicros = Number.NaN;

  constructor(clock: Clock = systemClock, shared: { last: bigint } = { last: 0n }) {
    this.#clock = clock;
    this.#sequence = shared;
  }

  /** Microseconds since 1970: greater than every one before it, close to the wall clock. */
  next(): bigint {
    const now = BigInt(this.#nowMicros());
    const { last } = this.#sequence;
    const next = now > last ? now : last + 1n;
    this.#sequence.last = next;
    return next;
  }

  /**
   * The wall clock only has milliseconds, so two processes would tie often; the monotonic clock has the
   * rest. It drifts and does not follow a wall clock that is set, so it is anchored anew when the two
   * disagree by more than the wall clock's own step.
   */
  #nowMicros(): number {
    const wall = this.#clock.wallMs() * 1000;
    const monotonic = this.#clock.monotonicMs() * 1000;
    const now = monotonic + this.#offsetMicros;
    if (now >= wall - 1000 && now < wall + 2000) return Math.floor(now);
    this.#offsetMicros = wall - monotonic;
    return Math.floor(wall);
  }
}

const shared = new TimestampGenerator(systemClock, sequence());

/**
 * The timestamp for one logical write: microseconds since 1970, strictly increasing and unique in this
 * process even where two copies of this package are loaded. A burst above one per microsecond, or a
 * wall clock that was set back, makes it run ahead of the wall clock: see {@link timestampLeadMs}.
 */
export function nextTimestampMicros(): bigint {
  return shared.next();
}

/** How far a timestamp lies ahead of the wall clock, in milliseconds; negative if it lies behind. */
export function timestampLeadMs(timestampMicros: bigint, nowMs: number = Date.now()): number {
  return Number(timestampMicros - BigInt(Math.floor(nowMs)) * 1000n) / 1000;
}
