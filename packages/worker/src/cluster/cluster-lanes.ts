import {
  type Clock,
  type ClusterId,
  laneOf,
  PRIORITIES,
  type Priority,
  type ReplayMessage,
  type ReplayQueue,
  type SchedulingOptions,
} from "@helix/core";
import { wait } from "@helix/core/internal";
import type { HeldMessage } from "../decide/held-message.ts";
import { LaneScheduler } from "../decide/scheduler.ts";
import { LaneIntake } from "./lane-intake.ts";

/** What a lane may hold beyond its free slots: what arrives during a round trip to a durable queue. */
const AHEAD = 8;

/** How long a lane may take to stop that is to be opened again. */
const STOP_PATIENCE_MS = 5000;

export interface ClusterLanesOptions {
  readonly cluster: ClusterId;
  readonly queue: ReplayQueue;
  readonly scheduling: SchedulingOptions;
  readonly pollIntervalMs: number;
  readonly onMessage: (message: ReplayMessage) => void;
}

/** Both lanes of a cluster: what was asked of them, and what waits for a slot, in the order of the scheduler. */
export class ClusterLanes {
  readonly #intakes: Readonly<Record<Priority, LaneIntake>> = {
    high: new LaneIntake(),
    low: new LaneIntake(),
  };
  readonly #options: ClusterLanesOptions;
  readonly #scheduler: LaneScheduler;

  constructor(options: ClusterLanesOptions) {
    this.#options = options;
    this.#scheduler = new LaneScheduler(options.scheduling);
  }

  /** Messages that wait for a slot. */
  get held(): number {
    const { high, low } = this.#intakes;
    return high.fresh + high.retries + low.fresh + low.retries;
  }

  /** Whether one could start now. */
  has(withRetries: boolean): boolean {
    const { high, low } = this.#intakes;
    return high.has(withRetries) || low.has(withRetries);
  }

  /** Throws what the queue's `open` throws. */
  open(): void {
    for (const priority of PRIORITIES) this.#open(priority);
  }

  /**
   * Stops a lane and opens it anew, though the queue has not stopped it within 5 s, unless `signal` is aborted meanwhile.
   * Rejects with what the queue's `stop` or `open` has to say against it.
   */
  async reopen(priority: Priority, clock: Clock, signal: AbortSignal): Promise<void> {
    const stopped = this.#intakes[priority].stop();
    await Promise.race([stopped, wait(clock, STOP_PATIENCE_MS, signal)]);
    if (!signal.aborted) this.#open(priority);
  }

  /** One promise per lane, which rejects where the queue could not stop it in order. */
  stop(): Promise<void>[] {
    return PRIORITIES.map((priority) => this.#intakes[priority].stop());
  }

  of(priority: Priority): LaneIntake {
    return this.#intakes[priority];
  }

  #open(priority: Priority): void {
    const { queue, cluster, onMessage, pollIntervalMs } = this.#options;
    this.#intakes[priority].open(queue.open(laneOf(cluster, priority), onMessage, { pollIntervalMs }));
  }

  /** Takes the next one. */
  pick(withRetries: boolean): HeldMessage | undefined {
    const { high, low } = this.#intakes;
    const next = this.#scheduler.next({ high: high.has(withRetries), low: low.has(withRetries) });
    return next === undefined ? undefined : this.#intakes[next].take(withRetries);
  }

  /** Everything that waits. */
  takeAll(): HeldMessage[] {
    return PRIORITIES.flatMap((priority) => this.#intakes[priority].takeAll());
  }

  /** Asks each lane for what fills so many slots and a little more, at most `batchSize` at once. */
  fill(slots: number, batchSize: number): void {
    for (const priority of PRIORITIES) {
      const lane = this.#intakes[priority];
      const room = Math.max(0, slots) + AHEAD - lane.fresh;
      lane.demand(Math.min(batchSize, Math.max(0, room)));
    }
  }

  /** Asks each lane for exactly so many. */
  demand(messages: number): void {
    for (const priority of PRIORITIES) this.#intakes[priority].demand(messages);
  }
}
