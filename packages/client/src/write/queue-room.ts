import { type Clock, isHelixError, type Lane, laneOf, type Replayer, type ReplayPayload } from "@helix/core";
import {
  expected,
  integer,
  milliseconds,
  type Option,
  object,
  readOptions,
  weigh,
  withDefault,
} from "@helix/core/internal";
import { RoomLine } from "./room-line.ts";

/** What a write does whose queue is full. */
export interface WaitForRoom {
  /** How long it waits for room. Milliseconds, 1 to 2^31 − 1. */
  readonly waitMs: number;
  /** How many writes wait at most, of 64 MiB of values together; one more is refused at once. 1 to 1 000 000. @default 1_000 */
  readonly maxWaiting?: number | undefined;
}

/** Validated, with its default filled in. */
export type RoomLimits = { readonly [K in keyof WaitForRoom]-?: Exclude<WaitForRoom[K], undefined> };

/** What the values of those who wait may come to; one that is more waits alone. */
const MOST_BYTES_WAITING = 64 * 1024 * 1024;

const EXPECTATION = '"refuse", or an object with `waitMs` and perhaps `maxWaiting`';

/** Reads `onQueueFull`. */
export const onQueueFull: Option<"refuse" | RoomLimits> = withDefault<"refuse" | RoomLimits>(
  "refuse",
  object(
    {
      expectation: EXPECTATION,
      about:
        "What a write does whose queue is full: it is refused, or waits for room, `maxWaiting` (1000) of them at most, of 64 MiB together.",
    },
    (value, name) => {
      if (value === "refuse") return value;
      if (typeof value !== "object" || value === null)
        throw new TypeError(expected(name, EXPECTATION, value));
      return readOptions<RoomLimits>(
        `\`${name}\``,
        {
          waitMs: milliseconds({}),
          maxWaiting: integer({ min: 1, max: 1_000_000, fallback: 1_000 }),
        },
        value,
      );
    },
  ),
  '`"refuse"`',
);

/**
 * The way into a queue that may be full: callers wait in line for room, so many and so long at most. Whoever comes while
 * others wait goes to the end of the line of his lane; once it is closed, and beyond the bound, the queue alone decides.
 */
export class QueueRoom {
  readonly #replayer: Replayer;
  readonly #clock: Clock;
  readonly #waiting: RoomLimits;
  readonly #lines = new Map<Lane, RoomLine>();
  #bytes = 0;
  #isClosed = false;

  constructor(replayer: Replayer, clock: Clock, waiting: RoomLimits) {
    this.#replayer = replayer;
    this.#clock = clock;
    this.#waiting = waiting;
  }

  /** Rejects as the queue does. An abort ends the waiting for room, and nothing else. */
  async enqueue(payload: ReplayPayload, signal: AbortSignal | undefined): Promise<void> {
    const line = this.#lineOf(laneOf(payload.targetCluster, payload.priority));
    if (line.size > 0 && this.#mayWait(payload)) return this.#wait(line, payload, signal);
    try {
      await this.#replayer.enqueue(payload);
    } catch (error) {
      if (!isHelixError(error, "HELIX_QUEUE_FULL") || !this.#mayWait(payload)) throw error;
      line.refusedBy(error);
      await this.#wait(line, payload, signal);
    }
  }

  /** Nobody waits any more. */
  close(): void {
    this.#isClosed = true;
    for (const line of this.#lines.values()) line.close();
  }

  #mayWait({ operation }: ReplayPayload): boolean {
    let waiting = 0;
    for (const { size } of this.#lines.values()) waiting += size;
    const fits = this.#bytes + weigh(operation).bytes <= MOST_BYTES_WAITING || waiting === 0;
    return !this.#isClosed && waiting < this.#waiting.maxWaiting && fits;
  }

  async #wait(line: RoomLine, payload: ReplayPayload, signal: AbortSignal | undefined): Promise<void> {
    const { bytes } = weigh(payload.operation);
    this.#bytes += bytes;
    try {
      await line.wait(payload, signal);
    } finally {
      this.#bytes -= bytes;
    }
  }

  #lineOf(lane: Lane): RoomLine {
    let line = this.#lines.get(lane);
    if (line === undefined) {
      const enqueue = async (payload: ReplayPayload) => this.#replayer.enqueue(payload);
      line = new RoomLine({ enqueue, clock: this.#clock, waitMs: this.#waiting.waitMs });
      this.#lines.set(lane, line);
    }
    return line;
  }
}
