import {
  type ClusterId,
  laneOf,
  type Outcome,
  type Priority,
  priorityOf,
  type ReplayMessage,
} from "@helix/core";
import { wait } from "@helix/core/internal";
import { admit, kindOf } from "../decide/admission.ts";
import { FailureLedger } from "../decide/failure-ledger.ts";
import { type HeldMessage, keyOf } from "../decide/held-message.ts";
import { Judge } from "../decide/judge.ts";
import { Hand } from "../hand/hand.ts";
import { Marking } from "../hand/marking.ts";
import { Settler } from "../hand/settler.ts";
import type { SuspectTurn } from "../hand/suspect-turn.ts";
import { Suspects } from "../hand/suspects.ts";
import type { WorkerSettings } from "../options.ts";
import type { Reporter } from "../report/reporter.ts";
import { aborted } from "./aborted.ts";
import { ClusterHealth } from "./cluster-health.ts";
import { ClusterLanes } from "./cluster-lanes.ts";
import { Endings } from "./endings.ts";
import { type Execution, Executions } from "./executions.ts";
import { LaneWatch } from "./lane-watch.ts";
import { Pace } from "./pace.ts";
import { Prober } from "./prober.ts";

/** Retries get one slot in so many, so that a crowd of bad messages leaves the others theirs. */
const RETRY_SHARE = 4;
/** How long a stop waits for a queue that does not confirm what was handed back. */
const SETTLE_PATIENCE_MS = 5000;
/**
 * So many messages may wait for their queue to confirm their end before they take slots away: a durable queue confirms
 * many at once, which takes a while, and what is in hand must be bounded all the same.
 */
const SETTLING_ALLOWANCE = 1000;

/**
 * Replays one cluster's lanes, independent of the other cluster. Whatever happens (an arrival, an end of
 * an execution, a settlement, the breaker's timer) wakes it, and once per turn it looks at what it has:
 * it starts what may start, then demands what there is room for. Without events it does nothing.
 */
export class ClusterRunner {
  readonly #cluster: ClusterId;
  readonly #settings: WorkerSettings;
  readonly #reporter: Reporter;
  readonly #lanes: ClusterLanes;
  readonly #watch: LaneWatch;
  readonly #pace: Pace;
  readonly #ledger = new FailureLedger();
  readonly #prober: Prober;
  readonly #health: ClusterHealth;
  readonly #executions: Executions;
  readonly #hand: Hand;
  readonly #settler: Settler;
  readonly #endings: Endings;
  readonly #suspects: Suspects;
  readonly #marking: Marking;
  #retrying = 0;
  /** Executions that were started before the breaker's last change, a suspect's aside. */
  #stale = 0;
  #isOpen = false;
  #isPaused = false;
  #isAwake = false;
  #handedBack = 0;
  #closing = new AbortController();
  #endListening: (() => void) | undefined;

  /** @param turn The one that all suspects of the worker share. */
  constructor(cluster: ClusterId, settings: WorkerSettings, reporter: Reporter, turn: SuspectTurn) {
    const { clock, backoff, trialBackoff, random, concurrency, executor, executeTimeoutMs, queue } = settings;
    this.#cluster = cluster;
    this.#settings = settings;
    this.#reporter = reporter;
    this.#lanes = new ClusterLanes({
      ...settings,
      cluster,
      onMessage: (message) => this.#receive(message),
    });
    this.#watch = new LaneWatch({
      cluster,
      clock,
      activityOf: (priority) => this.#lanes.of(priority).activity,
      depths: () => queue.depths(),
      onStandstill: (priority, idleMs) => void this.#reopen(priority, idleMs),
    });
    this.#prober = new Prober({ cluster, executor, clock, timeoutMs: executeTimeoutMs });
    this.#hand = new Hand(clock, queue.traits.leaseMs);
    const wake = () => this.#wake();
    this.#pace = new Pace(clock, settings.rateLimit, wake);
    this.#settler = new Settler({ hand: this.#hand, reporter, clock, backoff, random, onSettled: wake });
    this.#executions = new Executions({
      executor,
      executeTimeoutMs,
      clock,
      onEnd: (execution, outcome, error) => this.#ended(execution, outcome, error),
      // What a driver gave up meanwhile was perhaps answered in time.
      onBlocked: () => this.#ledger.beginEra(this.#executions.nextOrder),
    });
    this.#health = new ClusterHealth({
      concurrency,
      backoff: trialBackoff,
      clock,
      random,
      prober: this.#prober,
      nextOrder: () => this.#executions.nextOrder,
      onTrialDue: wake,
      onChange: (state, { cause, retryInMs }) => {
        if (state !== "half-open") this.#beginEra();
        // Open without a wait is a trial that a stop gave up: no news.
        if (state !== "open" || retryInMs > 0) reporter.breaker(cluster, state, cause, Math.ceil(retryInMs));
        wake();
      },
    });
    this.#endings = new Endings({
      executor,
      clock,
      reporter,
      judge: new Judge({ ...settings, ledger: this.#ledger }),
      health: this.#health,
      prober: this.#prober,
      settler: this.#settler,
    });
    this.#suspects = new Suspects({
      turn,
      allowsLow: () => this.#allowsLowSuspect,
      hasFailed: (payload) => this.#ledger.failuresOf(keyOf(payload)) > 0,
      begin: (item) => this.#begin(item),
    });
    this.#marking = new Marking({
      clock,
      onMarked: (item) => this.#startMarked(item),
      onFailed: (item, error) => this.#markFailed(item, error),
    });
  }

  /** Receives from now on. Throws what the queue's `open` throws. */
  open(): void {
    const { executor } = this.#settings;
    this.#handedBack = 0;
    this.#settler.start();
    this.#lanes.open();
    this.#watch.start();
    this.#closing = new AbortController();
    this.#isOpen = true;
    if (!this.#isPaused) this.#health.resume();
    this.#endListening = executor.onAvailable?.((cluster) => {
      if (cluster === this.#cluster) this.#health.hasten();
    });
    this.#wake();
  }

  /** While it is paused nothing is received or started; what is being executed goes on. */
  setPaused(isPaused: boolean): void {
    this.#isPaused = isPaused;
    if (isPaused || !this.#isOpen) this.#health.suspend();
    else this.#health.resume();
    this.#wake();
  }

  /** Executions per second from now on; undefined: any number. */
  setRateLimit(perSecond: number | undefined): void {
    this.#pace.set(perSecond);
  }

  /**
   * Stops receiving, waits for what is being executed until `cut` is aborted, aborts the rest, and hands
   * everything back that is not finished. Resolves with how many that were. Twice is safe.
   */
  async close(cut: AbortSignal): Promise<number> {
    this.#isOpen = false;
    this.#closing.abort();
    this.#watch.stop();
    this.#endListening?.();
    this.#endListening = undefined;
    this.#health.suspend();
    this.#pace.stop();
    this.#settler.stop();
    const stopped = this.#lanes
      .stop()
      .map((stop) => stop.catch((error: unknown) => this.#reporter.laneStopFailed(error)));
    this.#releaseHeld();
    for (const item of this.#marking.abandonAll()) {
      this.#left(item);
      this.#handBack(item.message);
    }
    await Promise.race([this.#executions.idle(), aborted(cut)]);
    for (const { item, trial } of this.#executions.abandonAll()) {
      if (trial) this.#health.abandonTrial();
      this.#left(item);
      this.#handBack(item.message);
    }
    this.#stale = 0;
    this.#prober.abort();

    const over = new AbortController();
    const done = Promise.all([...stopped, this.#hand.empty()]).then(() => over.abort());
    await Promise.race([done, wait(this.#settings.clock, SETTLE_PATIENCE_MS, over.signal)]);
    this.#hand.clear();
    this.#report();
    return this.#handedBack;
  }

  /** A lane stands still that has messages: what is wrong is in the queue's source of it. */
  async #reopen(priority: Priority, idleMs: number): Promise<void> {
    this.#reporter.laneReopened(laneOf(this.#cluster, priority), idleMs);
    try {
      await this.#lanes.reopen(priority, this.#settings.clock, this.#closing.signal);
    } catch (error) {
      this.#reporter.laneStopFailed(error);
    }
    this.#wake();
  }

  #receive(message: ReplayMessage): void {
    const priority = priorityOf(message.lane);
    const lane = this.#lanes.of(priority);
    lane.delivered();
    this.#hand.add(message);
    this.#wake();
    if (!this.#isOpen || this.#isPaused) {
      this.#handBack(message);
      return;
    }
    if (this.#hand.isLost(message)) {
      this.#settler.lose(message);
      return;
    }
    const { payload, cause } = admit(message, this.#settings.maxDeliver);
    if (cause !== undefined) {
      void this.#settler.drop(message, cause);
      return;
    }
    const kind = kindOf(message, payload, this.#ledger);
    const item = { message, payload, priority, kind };
    if (this.#mustWait(item)) this.#endings.postpone(message, payload);
    else if (kind === "suspect") this.#suspects.hold(item);
    else lane.hold(item);
  }

  /** Whether one that is not fresh has to come again later, so that others get their turn. */
  #mustWait({ kind, payload, priority }: HeldMessage): boolean {
    if (kind === "fresh") return false;
    const isClosed = this.#health.state === "closed";
    // Held any longer they would fill the hand, and the good ones behind them could not be received.
    if (kind === "retry" && this.#lanes.of(priority).retries >= this.#retrySlots) return true;
    if (kind === "suspect" && !this.#suspects.admits({ priority, payload }, isClosed)) return true;
    // They are poor trials: perhaps one made the breaker open. Each is passed over once, since there may be
    // no other.
    return !isClosed && !this.#ledger.hasWaited(keyOf(payload));
  }

  #wake(): void {
    if (this.#isAwake) return;
    this.#isAwake = true;
    // In a microtask, so that of all that arrives in one turn the most urgent starts first.
    queueMicrotask(() => {
      this.#isAwake = false;
      if (!this.#isOpen) return;
      if (!this.#isPaused && this.#health.state === "closed") this.#startAll();
      else this.#tryCluster();
      this.#report();
    });
  }

  /** All is well: fill the slots, then ask for more. */
  #startAll(): void {
    if (this.#pace.available > 0) this.#suspects.advance();
    let free = this.#freeSlots;
    for (; free > 0 && this.#pace.available > 0; free--) {
      const item = this.#pick(this.#mayRetry);
      if (item === undefined) break;
      this.#begin(item);
    }
    const allowed = this.#pace.available;
    const isWaiting = (free > 0 && this.#lanes.has(this.#mayRetry)) || this.#suspects.waiting > 0;
    if (allowed === 0 && isWaiting) this.#pace.await();
    this.#lanes.fill(Math.min(free, allowed), this.#settings.batchSize);
  }

  /** Paused, or the breaker is not closed: nothing is held, and one message is wanted when a trial is due. */
  #tryCluster(): void {
    this.#pace.stop();
    const item = this.#isTrialDue ? this.#pick(true) : undefined;
    if (item !== undefined) this.#begin(item);
    const isTrialDue = this.#isTrialDue;
    if (isTrialDue) this.#suspects.advance();
    else this.#releaseHeld();
    this.#lanes.demand(isTrialDue ? 1 : 0);
  }

  #pick(withRetries: boolean): HeldMessage | undefined {
    let item = this.#lanes.pick(withRetries);
    for (; item !== undefined && this.#hand.isLost(item.message); item = this.#lanes.pick(withRetries)) {
      this.#settler.lose(item.message);
    }
    return item;
  }

  /** Takes a slot for it. It is executed when the queue has been told, where the queue wants to be. */
  #begin(item: HeldMessage): void {
    if (item.kind === "retry") this.#retrying++;
    this.#pace.spend();
    if (item.message.mark === undefined) this.#start(item);
    else void this.#marking.begin(item);
  }

  /** The queue has been told; things may have changed meanwhile. */
  #startMarked(item: HeldMessage): void {
    if (!this.#isPaused && !this.#hand.isLost(item.message)) {
      this.#start(item);
      return;
    }
    this.#left(item);
    this.#handBack(item.message);
  }

  #start(item: HeldMessage): void {
    const isClosed = this.#health.state === "closed";
    const isLate = item.kind === "suspect" && item.priority === "low" && !this.#allowsLowSuspect;
    if (!isLate && (isClosed || this.#health.tryTrial())) {
      this.#executions.start(item, !isClosed);
      return;
    }
    this.#left(item);
    this.#endings.postpone(item.message, item.payload);
  }

  #markFailed(item: HeldMessage, error: unknown): void {
    const { message, payload } = item;
    this.#reporter.settleFailed(message.lane, error);
    this.#left(item);
    this.#endings.postpone(message, payload);
  }

  #ended(execution: Execution, outcome: Outcome, error: unknown): void {
    const { item } = execution;
    this.#left(item);
    if (item.kind !== "suspect" && this.#health.isStale(execution)) this.#stale--;
    const durationMs = this.#settings.clock.monotonicMs() - execution.startedAtMs;
    this.#reporter.executed(item, outcome, durationMs);
    this.#endings.ended(execution, outcome, error);
  }

  /** Its slot is free. */
  #left({ kind }: HeldMessage): void {
    if (kind === "retry") this.#retrying--;
    else if (kind === "suspect") this.#suspects.ended();
    this.#wake();
  }

  /** What was started before and after the breaker's change proves nothing about each other. */
  #beginEra(): void {
    const { nextOrder } = this.#executions;
    this.#stale = this.#executions.slots;
    this.#health.beginEra(nextOrder);
    this.#ledger.beginEra(nextOrder);
  }

  #releaseHeld(): void {
    for (const { message } of this.#lanes.takeAll()) this.#handBack(message);
    for (const { message } of this.#suspects.takeAll()) this.#handBack(message);
  }

  #handBack(message: ReplayMessage): void {
    if (!this.#isOpen) this.#handedBack++;
    if (this.#hand.isLost(message)) this.#settler.lose(message);
    else void this.#settler.release(message, { delayMs: 0 });
  }

  #report(): void {
    this.#reporter.figures(this.#cluster, { inHand: this.#hand.size, concurrency: this.#health.limit });
  }

  /** Slots of executions; a queue that settles slowly takes some, so that what is in hand stays bounded. */
  get #freeSlots(): number {
    const taken = this.#executions.slots + this.#marking.slots;
    const begun = this.#executions.size + this.#marking.size;
    const settling = this.#hand.size - begun - this.#lanes.held - this.#suspects.waiting;
    const { concurrency } = this.#settings;
    // What still hangs from before an outage is not what the limit after it is about.
    const free = Math.min(concurrency - taken, this.#health.limit - (taken - this.#stale));
    return free - Math.max(0, settling - Math.max(concurrency, SETTLING_ALLOWANCE));
  }

  /** Strict is strict: not even in a slot of its own. */
  get #allowsLowSuspect(): boolean {
    if (!this.#settings.scheduling.strictPriority) return true;
    return !this.#lanes.of("high").has(true) && this.#suspects.waitingOf("high") === 0;
  }

  get #isTrialDue(): boolean {
    return !this.#isPaused && this.#health.isTrialDue && this.#marking.size === 0;
  }

  get #mayRetry(): boolean {
    return this.#retrying < this.#retrySlots;
  }

  get #retrySlots(): number {
    return Math.max(1, Math.floor(this.#health.limit / RETRY_SHARE));
  }
}
