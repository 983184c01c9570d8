import {
  type Clock,
  type ClusterId,
  type Lane,
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
import type { MayRetry } from "../decide/waiting-retries.ts";
import { LaneIntake } from "./lane-intake.ts";
import { LaneWatch } from "./lane-watch.ts";

/**
 * What a lane may hold beyond its free slots: as many as may start, within these bounds. Of executions that end together each
 * is followed by one that is there, while more are fetched and decoded.
 */
const LEAST_AHEAD = 8;
const MOST_AHEAD = 128;

/** How long a lane may take to stop that is to be opened again. */
const STOP_PATIENCE_MS = 5000;

export interface ClusterLanesOptions {
  readonly cluster: ClusterId;
  readonly queue: ReplayQueue;
  readonly scheduling: SchedulingOptions;
  readonly pollIntervalMs: number;
  readonly clock: Clock;
  readonly onMessage: (message: ReplayMessage) => void;
  /** How many bytes a lane may fetch by now. */
  readonly roomOf: (lane: Lane) => number;
  /** Whether a message that waits is not to be executed any more. */
  readonly isLost: (item: HeldMessage) => boolean;
  /** Called for each that was lost, and waits no more. */
  readonly onLost: (item: HeldMessage) => void;
  /** A lane stands still that has messages: it is going to be opened again. */
  readonly onStandstill: (lane: Lane, idleMs: number) => void;
  /** Called with what the queue had against that, or undefined if the lane is open. */
  readonly onReopened: (error: unknown) => void;
}

/** Both lanes of a cluster: what was asked of them, and what waits for a slot, in the order of the scheduler. */
export class ClusterLanes {
  readonly #intakes: Readonly<Record<Priority, LaneIntake>> = {
    high: new LaneIntake(),
    low: new LaneIntake(),
  };
  readonly #options: ClusterLanesOptions;
  readonly #scheduler: LaneScheduler;
  readonly #watch: LaneWatch;
  #closing = new AbortController();

  constructor(options: ClusterLanesOptions) {
    this.#options = options;
    const { cluster, clock, queue } = options;
    this.#watch = new LaneWatch({
      cluster,
      clock,
      activityOf: (priority) => this.#intakes[priority].activity,
      depths: () => queue.depths(),
      onStandstill: (priority, idleMs) => void this.#reopen(priority, idleMs),
    });
    this.#scheduler = new LaneScheduler(options.scheduling);
  }

  /** Messages that wait for a slot. */
  get held(): number {
    const { high, low } = this.#intakes;
    return high.fresh + high.retries + low.fresh + low.retries;
  }

  /** Whether one could start now. */
  has(mayRetry: MayRetry): boolean {
    const { high, low } = this.#intakes;
    return high.has(mayRetry) || low.has(mayRetry);
  }

  /** Throws what the queue's `open` throws. */
  open(): void {
    this.#closing = new AbortController();
    for (const priority of PRIORITIES) this.#open(priority);
    this.#watch.start();
  }

  /** One promise per lane, which rejects where the queue could not stop it in order. */
  stop(): Promise<void>[] {
    this.#closing.abort();
    this.#watch.stop();
    return PRIORITIES.map((priority) => this.#intakes[priority].stop());
  }

  of(priority: Priority): LaneIntake {
    return this.#intakes[priority];
  }

  /** What is wrong is in the queue's source of the lane. It is not waited for longer than 5 s. */
  async #reopen(priority: Priority, idleMs: number): Promise<void> {
    const { cluster, clock, onStandstill, onReopened } = this.#options;
    const { signal } = this.#closing;
    onStandstill(laneOf(cluster, priority), idleMs);
    try {
      const stopped = this.#intakes[priority].stop();
      await Promise.race([stopped, wait(clock, STOP_PATIENCE_MS, signal)]);
      if (!signal.aborted) this.#open(priority);
      onReopened(undefined);
    } catch (error) {
      onReopened(error);
    }
  }

  #open(priority: Priority): void {
    const { queue, cluster, onMessage, pollIntervalMs } = this.#options;
    this.#intakes[priority].open(queue.open(laneOf(cluster, priority), onMessage, { pollIntervalMs }));
  }

  /** Takes the next one. One that is lost takes nobody's turn. */
  pick(mayRetry: MayRetry): HeldMessage | undefined {
    const { high, low } = this.#intakes;
    const { isLost, onLost } = this.#options;
    high.takeLeading(isLost, onLost);
    low.takeLeading(isLost, onLost);
    const next = this.#scheduler.next({ high: high.has(mayRetry), low: low.has(mayRetry) });
    return next === undefined ? undefined : this.#intakes[next].take(mayRetry);
  }

  /** Everything that waits. */
  takeAll(): HeldMessage[] {
    return PRIORITIES.flatMap((priority) => this.#intakes[priority].takeAll());
  }

  /**
   * Asks each lane for what fills its free slots and as many as may start at once, at most `batchSize` at a time. Not
   * for each that starts: on a durable queue a demand is a request over the network.
   */
  fill(free: number, atOnce: number, batchSize: number): void {
    const slots = Math.max(0, free);
    const ahead = Math.min(MOST_AHEAD, Math.max(LEAST_AHEAD, atOnce));
    for (const priority of PRIORITIES) {
      const { fresh, demanded } = this.#intakes[priority];
      const room = Math.max(0, slots + ahead - fresh);
      const isEnough = fresh >= slots + ahead / 2;
      this.#demand(priority, Math.min(batchSize, isEnough ? Math.min(room, demanded) : room));
    }
  }

  /** What was handed back by this word is due now. Returns of how many messages that is known. */
  hasten(word: string): number {
    return PRIORITIES.reduce((sum, priority) => sum + this.#intakes[priority].hasten(word), 0);
  }

  /** Asks each lane for exactly so many. */
  demand(messages: number): void {
    for (const priority of PRIORITIES) this.#demand(priority, messages);
  }

  #demand(priority: Priority, messages: number): void {
    const { cluster, roomOf } = this.#options;
    this.#intakes[priority].demand(messages, roomOf(laneOf(cluster, priority)));
  }
}
