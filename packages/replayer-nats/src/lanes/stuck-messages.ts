import {
  type Clock,
  clusterOf,
  type EventSink,
  LANES,
  type Lane,
  type Logger,
  type Metrics,
  priorityOf,
  type QueueEvents,
} from "@helix/core";
import type { ConsumerInfo, JetStreamManager } from "@nats-io/jetstream";
import type { Link } from "../connection/link.ts";
import { RegularLook } from "../connection/regular-look.ts";
import type { StreamClock } from "../connection/stream-clock.ts";
import { consumerOf, laneWildcard, subjectOf } from "../topology/names.ts";
import type { Strays } from "./strays.ts";
import { StuckRecovery, type StuckRecoveryOptions } from "./stuck-recovery.ts";

/** How often it is looked, after a random part of it. */
const LOOK_EVERY_MS = 60_000;
/** After a look that found something, and after a reconnect, since it is the kill of a server that strands messages. */
const LOOK_SOON_MS = 5000;

export interface StuckMessagesOptions extends StuckRecoveryOptions {
  readonly link: Pick<Link, "isUp" | "listen">;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly events: EventSink<QueueEvents>;
  /** Are counted by the same look. */
  readonly strays: Pick<Strays, "counted">;
  /** Learns from the same look. */
  readonly streamClock: StreamClock;
  readonly random: () => number;
}

/**
 * Finds messages that the stream holds and no consumer owes anybody, and brings them back. A server of 2.12 that was
 * killed strands thousands when it had drained many and the oldest were still in hand: the consumer remembers their
 * settlements, the stream has forgotten them. A message whose deliveries are used up (of a stream that the Go
 * library made) stays in the same way.
 *
 * Such a message is stored at or below the acknowledgement floor of its lane's consumer, up to which everything counts
 * as settled, or below what was delivered while nothing is owed. That floor must have been seen by an earlier look,
 * since a settlement may be on its way. Then all below it are published again, with id, life and sequence in the
 * message id so that two pods make one of them, and deleted; a crash between the two executes one twice.
 *
 * It looks between `start` and `stop`, while there is a connection.
 */
export class StuckMessages {
  readonly #options: StuckMessagesOptions;
  readonly #recovery: StuckRecovery;
  /** Per lane in which something was stuck, up to where the last look knew that. */
  readonly #floors = new Map<Lane, number>();
  readonly #regular: RegularLook;
  #isClosed = false;
  /** Whether the last look counted more than it could explain. */
  #isDoubtful = false;
  #looking: Promise<number> | undefined;

  constructor(options: StuckMessagesOptions) {
    this.#options = options;
    this.#recovery = new StuckRecovery(options);
    this.#regular = new RegularLook({
      ...options,
      look: () => this.#lookByItself(),
      everyMs: LOOK_EVERY_MS,
      soonMs: LOOK_SOON_MS,
    });
  }

  /** Looks from now on. Twice is safe. */
  start(): void {
    this.#regular.start();
  }

  /** Begins no look by itself until the next `start`. Twice is safe. */
  stop(): void {
    this.#regular.stop();
  }

  /** For good; a look that is under way ends with what it is about to bring back. */
  close(): void {
    this.#isClosed = true;
    this.#recovery.close();
    this.#regular.close();
  }

  /** Resolves with how many were brought back. Rejects as `depths` does, and where there is no room in the lane. */
  look(): Promise<number> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  async #lookByItself(): Promise<"soon" | undefined> {
    try {
      await this.look();
      return this.#isDoubtful ? "soon" : undefined;
    } catch (error) {
      if (this.#isClosed) return undefined;
      // As a lane that is full: there is no room for what would come back.
      const isQuiet = this.#floors.size === 0;
      const level = isQuiet ? "debug" : "warn";
      this.#options.logger[level]({ err: error }, "cannot look for stuck messages, or not bring them back");
      return isQuiet ? undefined : "soon";
    }
  }

  async #look(): Promise<number> {
    let broughtBack = 0;
    this.#isDoubtful = false;
    for (const { lane, count, floor } of await this.#options.admin.request((api) => this.#counts(api))) {
      const seen = this.#floors.get(lane);
      // The counts are of two moments; what lies at or below the floor is not.
      const isStuck = count > 0 && (await this.#recovery.next(lane, 1, floor)) !== undefined;
      this.#isDoubtful ||= count > 0;
      if (isStuck) this.#floors.set(lane, floor);
      else this.#floors.delete(lane);
      if (isStuck || seen !== undefined) this.#gauge(lane, isStuck ? count : 0);
      if (!isStuck) continue;
      // The consumer may have gone back as well, if its server was killed again.
      if (seen === undefined) this.#tell(lane, count);
      else {
        await this.#recovery.bringBack(lane, Math.min(seen, floor), (recovered) => {
          broughtBack += recovered;
          this.#recovered(lane, recovered);
        });
      }
    }
    return broughtBack;
  }

  /** How much more the stream holds than the consumer knows of: cheap, and nearly always nothing. */
  async #counts(api: JetStreamManager): Promise<{ lane: Lane; count: number; floor: number }[]> {
    const { names, strays, streamClock } = this.#options;
    const filter = { subjects_filter: laneWildcard(names) };
    const info = await streamClock.learn(() => api.streams.info(names.stream, filter));
    await strays.counted(info);
    const { state } = info;
    const lanes = LANES.filter((lane) => (state.subjects?.[subjectOf(names, lane)] ?? 0) > 0);
    const counted = lanes.map(async (lane) => {
      const stored = state.subjects?.[subjectOf(names, lane)] ?? 0;
      const consumer = await api.consumers.info(names.stream, consumerOf(lane));
      const count = stored - consumer.num_pending - consumer.num_ack_pending;
      return { lane, count, floor: floorOf(consumer) };
    });
    const empty = LANES.filter((lane) => !lanes.includes(lane));
    return [...(await Promise.all(counted)), ...empty.map((lane) => ({ lane, count: 0, floor: 0 }))];
  }

  #gauge(lane: Lane, count: number): void {
    this.#options.metrics.gauge("helix_queue_messages", { ...labelsOf(lane), result: "stuck" }, count);
  }

  #tell(lane: Lane, count: number): void {
    this.#options.logger.warn(
      { lane, count },
      "the server holds messages that it will not deliver; those that it holds still in a few seconds are brought back",
    );
  }

  #recovered(lane: Lane, count: number): void {
    if (count === 0) return;
    const { logger, metrics, events } = this.#options;
    logger.warn({ lane, count }, "brought stuck messages back into their lane");
    metrics.increment("helix_stuck_recovered_total", labelsOf(lane), count);
    events.emit("queue:stuck:recovered", { lane, count });
  }
}

/** Up to where everything is settled, as far as the consumer knows. */
function floorOf({ num_ack_pending, delivered, ack_floor }: ConsumerInfo): number {
  return num_ack_pending === 0 ? delivered.stream_seq : ack_floor.stream_seq;
}

function labelsOf(lane: Lane) {
  return { cluster: clusterOf(lane), priority: priorityOf(lane) };
}
