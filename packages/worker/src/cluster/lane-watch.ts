import {
  type Clock,
  type ClusterId,
  type Lane,
  type LaneDepth,
  laneOf,
  PRIORITIES,
  type Priority,
} from "@helix/core";

/** How often the lanes are looked at while messages come, and at the least. */
const INTERVAL_MS = 30_000;
const MAX_INTERVAL_MS = 300_000;
/** So many looks in a row must have found messages that do not come. */
const LOOKS = 2;

export interface LaneWatchOptions {
  readonly cluster: ClusterId;
  readonly clock: Clock;
  /** What happened on a lane, as a number that changes; undefined where nothing is demanded of it. */
  readonly activityOf: (priority: Priority) => number | undefined;
  /** What lies in the queue. May reject or hang. */
  readonly depths: () => Promise<readonly LaneDepth[]>;
  /** Called with how long a lane has stood still at the least. Must not throw. */
  readonly onStandstill: (priority: Priority, idleMs: number) => void;
}

interface Quiet {
  readonly activity: number;
  readonly sinceMs: number;
  found: number;
}

/**
 * Notices a lane of which messages are demanded, which has some, and which delivers none: a net under faults that nobody
 * knows of yet. The queue is asked only about lanes that delivered nothing from one look to the next; a queue that does not
 * answer is believed to be well. The looks become rarer, up to 5 minutes, until something is delivered again, so that an
 * empty lane costs next to nothing, and a queue that reports what it does not have makes no storm.
 */
export class LaneWatch {
  readonly #options: LaneWatchOptions;
  readonly #quiet = new Map<Priority, Quiet>();
  #intervalMs = INTERVAL_MS;
  #cancelTimer: (() => void) | undefined;
  /** What the queue has been asked and has not answered. */
  #question: object | undefined;

  constructor(options: LaneWatchOptions) {
    this.#options = options;
  }

  start(): void {
    this.#intervalMs = INTERVAL_MS;
    this.#arm();
  }

  /** Leaves no timer, and hears no answer. */
  stop(): void {
    this.#cancelTimer?.();
    this.#quiet.clear();
    this.#question = undefined;
  }

  #arm(): void {
    this.#cancelTimer = this.#options.clock.setTimer(() => {
      this.#look();
      this.#arm();
    }, this.#intervalMs);
  }

  #look(): void {
    const { activityOf, clock } = this.#options;
    const quiet = new Map<Priority, Quiet>();
    for (const priority of PRIORITIES) {
      const activity = activityOf(priority);
      const last = this.#quiet.get(priority);
      if (activity === undefined) {
        this.#quiet.delete(priority);
      } else if (last !== undefined && activity === last.activity) {
        quiet.set(priority, last);
      } else {
        this.#quiet.set(priority, { activity, sinceMs: clock.monotonicMs(), found: 0 });
        if (last !== undefined) this.#intervalMs = INTERVAL_MS;
      }
    }
    if (quiet.size > 0) void this.#ask(quiet);
  }

  async #ask(asked: ReadonlyMap<Priority, Quiet>): Promise<void> {
    if (this.#question !== undefined) this.#slowDown();
    const question = {};
    this.#question = question;
    const pending = new Map<Lane, number>();
    try {
      for (const depth of await this.#options.depths()) pending.set(depth.lane, depth.pending);
    } catch {
      // It is unknown, and whoever looks after the queue has told of it.
    }
    if (this.#question !== question) return;
    this.#question = undefined;
    let isAnyFound = false;
    for (const [priority, quiet] of asked) {
      const lane = laneOf(this.#options.cluster, priority);
      const isFound = (pending.get(lane) ?? 0) > 0;
      if (isFound) isAnyFound = true;
      this.#judge(priority, quiet, isFound);
    }
    if (!isAnyFound) this.#slowDown();
  }

  #judge(priority: Priority, quiet: Quiet, isFound: boolean): void {
    const { activityOf, clock, onStandstill } = this.#options;
    // Something has happened meanwhile.
    if (this.#quiet.get(priority) !== quiet || activityOf(priority) !== quiet.activity) return;
    quiet.found = isFound ? quiet.found + 1 : 0;
    if (quiet.found < LOOKS) return;
    this.#quiet.delete(priority);
    this.#slowDown();
    onStandstill(priority, clock.monotonicMs() - quiet.sinceMs);
  }

  #slowDown(): void {
    this.#intervalMs = Math.min(2 * this.#intervalMs, MAX_INTERVAL_MS);
  }
}
