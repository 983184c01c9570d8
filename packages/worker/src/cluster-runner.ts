import {
  type ClusterId,
  laneOf,
  type Outcome,
  PRIORITIES,
  type Priority,
  priorityOf,
  type ReplayMessage,
  type ReplayPayload,
} from "@helix/core";
import { wait } from "@helix/core/internal";
import { ClusterHealth } from "./cluster-health.ts";
import { type Execution, Executions } from "./executions.ts";
import { FailureLedger } from "./failure-ledger.ts";
import { Hand } from "./hand.ts";
import { type HeldMessage, keyOf, tableKeyOf } from "./held-message.ts";
import { LaneIntake } from "./lane-intake.ts";
import type { WorkerSettings } from "./options.ts";
import { Prober } from "./prober.ts";
import type { Reporter } from "./reporter.ts";
import { LaneScheduler } from "./scheduler.ts";
import { Settler } from "./settler.ts";

/** What a lane may hold beyond its free slots: what arrives during a round trip to a durable queue. */
const AHEAD = 8;
/** Retries get one slot in so many, so that a crowd of bad messages leaves the others theirs. */
const RETRY_SHARE = 4;
/** How long a stop waits for a queue that does not confirm what was handed back. */
const SETTLE_PATIENCE_MS = 5000;

/**
 * Replays one cluster's lanes, independent of the other cluster. Whatever happens (an arrival, an end of
 * an execution, a settlement, the breaker's timer) wakes it, and once per turn it looks at what it has:
 * it starts what may start, then demands what there is room for. Without events it does nothing.
 */
export class ClusterRunner {
  readonly #cluster: ClusterId;
  readonly #settings: WorkerSettings;
  readonly #reporter: Reporter;
  readonly #lanes: Readonly<Record<Priority, LaneIntake>> = { high: new LaneIntake(), low: new LaneIntake() };
  readonly #scheduler: LaneScheduler;
  readonly #ledger = new FailureLedger();
  readonly #prober: Prober;
  readonly #health: ClusterHealth;
  readonly #executions: Executions;
  readonly #hand: Hand;
  readonly #settler: Settler;
  #retrying = 0;
  /** Executions that were started before the breaker's last change. */
  #stale = 0;
  #isOpen = false;
  #isAwake = false;
  #handedBack = 0;
  #reportedInHand = 0;

  constructor(cluster: ClusterId, settings: WorkerSettings, reporter: Reporter) {
    const { clock, trialBackoff, random, concurrency, executor, executeTimeoutMs, queue } = settings;
    this.#cluster = cluster;
    this.#settings = settings;
    this.#reporter = reporter;
    this.#scheduler = new LaneScheduler(settings.scheduling);
    this.#prober = new Prober({ cluster, executor, clock, timeoutMs: executeTimeoutMs });
    this.#hand = new Hand(clock, queue.traits.leaseMs);
    const wake = () => this.#wake();
    this.#settler = new Settler({ hand: this.#hand, reporter, onSettled: wake });
    this.#executions = new Executions({
      executor,
      executeTimeoutMs,
      clock,
      onEnd: (execution, outcome, error) => this.#ended(execution, outcome, error),
    });
    this.#health = new ClusterHealth({
      concurrency,
      backoff: trialBackoff,
      clock,
      random,
      prober: this.#prober,
      onTrialDue: wake,
      onChange: (state, { cause, retryInMs }) => {
        if (state !== "half-open") this.#beginEra();
        // Open without a wait is a trial that a stop gave up: no news.
        if (state !== "open" || retryInMs > 0) reporter.breaker(cluster, state, cause, retryInMs);
        wake();
      },
    });
  }

  /** Receives from now on. Throws what the queue's `open` throws. */
  open(): void {
    const { queue, pollIntervalMs } = this.#settings;
    this.#handedBack = 0;
    for (const priority of PRIORITIES) {
      const lane = laneOf(this.#cluster, priority);
      const onMessage = (message: ReplayMessage) => this.#receive(message);
      this.#lanes[priority].open(queue.open(lane, onMessage, { pollIntervalMs }));
    }
    this.#isOpen = true;
    this.#health.resume();
    this.#wake();
  }

  /**
   * Stops receiving, waits for what is being executed until `cut` is aborted, aborts the rest, and hands
   * everything back that is not finished. Resolves with how many that were. Twice is safe.
   */
  async close(cut: AbortSignal): Promise<number> {
    this.#isOpen = false;
    this.#health.suspend();
    const stopped = PRIORITIES.map((priority) =>
      this.#lanes[priority].stop().catch((error: unknown) => this.#reporter.laneStopFailed(error)),
    );
    this.#releaseHeld();
    await Promise.race([this.#executions.idle(), aborted(cut)]);
    for (const { item, trial } of this.#executions.abandonAll()) {
      if (trial) this.#health.abandonTrial();
      this.#handBack(item.message);
    }
    this.#retrying = 0;
    this.#stale = 0;
    this.#prober.abort();

    const over = new AbortController();
    const done = Promise.all([...stopped, this.#hand.empty()]).then(() => over.abort());
    await Promise.race([done, wait(this.#settings.clock, SETTLE_PATIENCE_MS, over.signal)]);
    this.#reportInHand();
    return this.#handedBack;
  }

  #receive(message: ReplayMessage): void {
    const priority = priorityOf(message.lane);
    const lane = this.#lanes[priority];
    lane.delivered();
    this.#hand.add(message);
    this.#wake();
    if (!this.#isOpen) {
      this.#handBack(message);
      return;
    }
    const { content } = message;
    if (!content.ok) {
      void this.#settler.drop(message, { reason: "undecodable", error: content.error });
      return;
    }
    const { payload } = content;
    if (payload.disposition === "hold") {
      void this.#settler.drop(message, { reason: "held" });
      return;
    }
    const retry =
      message.attempts > 0 || (this.#ledger.size > 0 && this.#ledger.failuresOf(keyOf(payload)) > 0);
    if (retry && this.#mustWait(lane, payload)) {
      const steps = this.#ledger.postponed(keyOf(payload), this.#nowMs);
      void this.#settler.release(message, { delayMs: this.#backoffMs(steps) });
      return;
    }
    lane.hold({ message, payload, priority, retry });
  }

  /** Whether a message that failed before has to come again later, so that others get their turn. */
  #mustWait(lane: LaneIntake, payload: ReplayPayload): boolean {
    // Held any longer they would fill the hand, and the good ones behind them could not be received.
    if (lane.retries >= this.#retrySlots) return true;
    // What failed before is a poor trial: perhaps it made the breaker open. Each is passed over once, since
    // there may be no other.
    return this.#health.state !== "closed" && !this.#ledger.hasWaited(keyOf(payload));
  }

  #wake(): void {
    if (this.#isAwake) return;
    this.#isAwake = true;
    // In a microtask, so that of all that arrives in one turn the most urgent starts first.
    queueMicrotask(() => {
      this.#isAwake = false;
      if (!this.#isOpen) return;
      if (this.#health.state === "closed") this.#startAll();
      else this.#tryCluster();
      this.#reportInHand();
    });
  }

  /** All is well: fill the slots, then ask for more. */
  #startAll(): void {
    let free = this.#freeSlots;
    for (; free > 0; free--) {
      const item = this.#pick(this.#retrying < this.#retrySlots);
      if (item === undefined) break;
      this.#start(item, false);
    }
    for (const priority of PRIORITIES) {
      const lane = this.#lanes[priority];
      const room = Math.max(0, free) + AHEAD - lane.fresh;
      lane.demand(Math.min(this.#settings.batchSize, Math.max(0, room)));
    }
  }

  /** The breaker is not closed: nothing is held, and one message is wanted when a trial is due. */
  #tryCluster(): void {
    const item = this.#health.isTrialDue ? this.#pick(true) : undefined;
    if (item !== undefined && this.#health.tryTrial()) this.#start(item, true);
    this.#releaseHeld();
    for (const priority of PRIORITIES) this.#lanes[priority].demand(this.#health.isTrialDue ? 1 : 0);
  }

  #pick(withRetries: boolean): HeldMessage | undefined {
    const { high, low } = this.#lanes;
    const next = this.#scheduler.next({ high: high.has(withRetries), low: low.has(withRetries) });
    return next === undefined ? undefined : this.#lanes[next].take(withRetries);
  }

  #start(item: HeldMessage, trial: boolean): void {
    if (item.retry) this.#retrying++;
    this.#executions.start(item, trial);
  }

  #ended(execution: Execution, outcome: Outcome, error: unknown): void {
    const { item } = execution;
    if (item.retry) this.#retrying--;
    if (this.#health.isStale(execution)) this.#stale--;
    this.#reporter.executed(item, outcome);
    this.#wake();
    switch (outcome) {
      case "applied":
        this.#health.answered(execution);
        this.#forget(item);
        this.#ledger.applied(tableKeyOf(item.payload), execution.order, this.#nowMs);
        void this.#settler.ack(item);
        break;
      case "rejected": {
        this.#health.answered(execution);
        this.#forget(item);
        const attempts = item.message.attempts + 1;
        this.#reporter.failed({ payload: item.payload, error, attempts, delayMs: 0 }, outcome, true);
        void this.#settler.drop(item.message, { reason: "rejected", error, attempts });
        break;
      }
      case "unavailable": {
        this.#health.unavailable(execution, error);
        const { attempts } = item.message;
        const delayMs = this.#afterTrialMs();
        this.#reporter.failed({ payload: item.payload, error, attempts, delayMs }, outcome, false);
        void this.#settler.release(item.message, { delayMs });
        break;
      }
      case "uncertain":
        void this.#uncertain(execution, error);
    }
  }

  async #uncertain(execution: Execution, error: unknown): Promise<void> {
    const { message, payload } = execution.item;
    const failure = this.#ledger.failed(keyOf(payload), tableKeyOf(payload), execution.order, this.#nowMs);
    await this.#health.uncertain(execution, error);
    const failingForMs = failure.failedAtMs - failure.record.firstFailedAtMs;
    if (!failure.proved && failingForMs >= this.#settings.patienceMs && (await this.#prober.recent())) {
      this.#ledger.prove(failure);
    }
    const attempts = message.attempts + this.#ledger.collect(failure);
    if (attempts >= this.#settings.maxDeliver) {
      this.#forget(execution.item);
      this.#reporter.failed({ payload, error, attempts, delayMs: 0 }, "uncertain", failure.proved);
      await this.#settler.drop(message, { reason: "attempts", error, attempts });
      return;
    }
    const backoffMs = this.#backoffMs(failure.record.failures);
    const delayMs = execution.trial ? Math.max(backoffMs, this.#afterTrialMs()) : backoffMs;
    this.#reporter.failed({ payload, error, attempts, delayMs }, "uncertain", failure.proved);
    await this.#settler.release(message, { delayMs, attempts });
  }

  /** What was started before and after the breaker's change proves nothing about each other. */
  #beginEra(): void {
    const { nextOrder, size } = this.#executions;
    this.#stale = size;
    this.#health.beginEra(nextOrder);
    this.#ledger.beginEra(nextOrder);
  }

  #forget({ payload }: HeldMessage): void {
    if (this.#ledger.size > 0) this.#ledger.forget(keyOf(payload));
  }

  #releaseHeld(): void {
    for (const priority of PRIORITIES) {
      for (const { message } of this.#lanes[priority].takeAll()) this.#handBack(message);
    }
  }

  #handBack(message: ReplayMessage): void {
    if (!this.#isOpen) this.#handedBack++;
    void this.#settler.release(message, { delayMs: 0 });
  }

  #reportInHand(): void {
    if (this.#hand.size === this.#reportedInHand) return;
    this.#reportedInHand = this.#hand.size;
    this.#reporter.inHand(this.#cluster, this.#reportedInHand);
  }

  /** Slots of executions; a queue that settles slowly takes some, so that what is in hand stays bounded. */
  get #freeSlots(): number {
    const { high, low } = this.#lanes;
    const executing = this.#executions.size;
    const settling = this.#hand.size - executing - high.fresh - high.retries - low.fresh - low.retries;
    const { concurrency } = this.#settings;
    // What still hangs from before an outage is not what the limit after it is about.
    const free = Math.min(concurrency - executing, this.#health.limit - (executing - this.#stale));
    return free - Math.max(0, settling - concurrency);
  }

  get #retrySlots(): number {
    return Math.max(1, Math.floor(this.#health.limit / RETRY_SHARE));
  }

  /** Late enough that another message is there first when the next trial is due. */
  #afterTrialMs(): number {
    return Math.ceil(this.#health.trialInMs) + this.#settings.retryDelayMs;
  }

  #backoffMs(failures: number): number {
    return this.#settings.backoff.delayMs(failures, this.#settings.random());
  }

  get #nowMs(): number {
    return this.#settings.clock.monotonicMs();
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
