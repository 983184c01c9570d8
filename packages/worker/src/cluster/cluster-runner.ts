import { AsyncResource } from "node:async_hooks";
import {
  type ClusterId,
  type Lane,
  messageId,
  priorityOf,
  type ReplayMessage,
  type ReplayPayload,
} from "@helix/core";
import { wait } from "@helix/core/internal";
import { type AdmissionOptions, admit } from "../decide/admission.ts";
import type { ByteBudget } from "../decide/byte-budget.ts";
import type { Ending } from "../decide/ending.ts";
import { FailureLedger } from "../decide/failure-ledger.ts";
import { type HeldMessage, tableKeyOf } from "../decide/held-message.ts";
import { Judge } from "../decide/judge.ts";
import { UnservedTables } from "../decide/unserved-tables.ts";
import type { MayRetry } from "../decide/waiting-retries.ts";
import { Hand } from "../hand/hand.ts";
import { Settler } from "../hand/settler.ts";
import type { SuspectTurn } from "../hand/suspect-turn.ts";
import { Suspects } from "../hand/suspects.ts";
import type { WorkerSettings } from "../options.ts";
import type { Reporter } from "../report/reporter.ts";
import { aborted } from "./aborted.ts";
import { ClusterHealth } from "./cluster-health.ts";
import { ClusterLanes } from "./cluster-lanes.ts";
import { Endings } from "./endings.ts";
import type { Execution } from "./executions.ts";
import type { LaneIntake } from "./lane-intake.ts";
import { Pace } from "./pace.ts";
import { Prober } from "./prober.ts";
import { type Permit, Slots } from "./slots.ts";

/** How long a stop waits for a queue that does not confirm what was handed back. */
const SETTLE_PATIENCE_MS = 5000;
/**
 * So many messages may wait for their queue to confirm their end before they take slots away: a durable queue confirms
 * many at once, which takes a while, and what is in hand must be bounded all the same.
 */
const SETTLING_ALLOWANCE = 1000;
/**
 * So often more is asked for while the messages of one turn still come, as of what a read of a socket brings: the queue
 * sends the next ones meanwhile. A queue that has them at hand must come to an end, so that executions start.
 */
const MOST_EARLY = 4;

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
  readonly #pace: Pace;
  readonly #ledger = new FailureLedger();
  readonly #prober: Prober;
  readonly #health: ClusterHealth;
  readonly #slots: Slots;
  readonly #hand: Hand;
  readonly #settler: Settler;
  readonly #endings: Endings;
  readonly #suspects: Suspects;
  readonly #admission: AdmissionOptions;
  readonly #mayRetry = (table: string) => this.#slots.mayRetry(table);
  readonly #retryingOf = (table: string) => this.#slots.retryingOf(table);
  readonly #failuresOf = (payload: ReplayPayload) => this.#ledger.failuresOf(messageId(payload));
  #isOpen = false;
  #isPaused = false;
  #isAwake = false;
  /** How often more was asked for in this turn while messages came. */
  #early = 0;
  #handedBack = 0;
  #endListening: (() => void) | undefined;

  /** @param shared What all of the worker's messages share: the turn of the suspects, and the memory. */
  constructor(
    cluster: ClusterId,
    settings: WorkerSettings,
    reporter: Reporter,
    { turn, budget }: { readonly turn: SuspectTurn; readonly budget: ByteBudget },
  ) {
    const { clock, backoff, trialBackoff, random, concurrency, executor, executeTimeoutMs, queue } = settings;
    const wake = () => this.#wake();
    const origin = new AsyncResource("HelixReplay");
    this.#cluster = cluster;
    this.#settings = settings;
    this.#reporter = reporter;
    this.#lanes = new ClusterLanes({
      ...settings,
      cluster,
      // What ends unexecuted is told from here, and is no business of the request that has queued it.
      onMessage: (message) => origin.runInAsyncScope(this.#receive, this, message),
      roomOf: (lane) => budget.room(lane),
      isLost: ({ message }) => this.#hand.isLost(message),
      onLost: ({ message }) => this.#settler.lose(message),
      onStandstill: (lane, idleMs) => reporter.laneReopened(lane, idleMs),
      onReopened: (error) => {
        if (error !== undefined) reporter.laneStopFailed(error);
        wake();
      },
    });
    this.#prober = new Prober({ cluster, executor, clock, timeoutMs: executeTimeoutMs });
    this.#hand = new Hand(clock, queue.traits.leaseMs, budget);
    this.#pace = new Pace(clock, settings.rateLimit, wake);
    this.#settler = new Settler({ hand: this.#hand, reporter, clock, backoff, random, onSettled: wake });
    this.#slots = new Slots({
      ...settings,
      limit: () => this.#health.limit,
      isStale: (execution) => this.#health.isStale(execution),
      permit: (item, isMarked) => this.#permit(item, isMarked),
      onMarkFailed: (item, error) => this.#markFailed(item, error),
      onLeft: ({ kind }) => {
        if (kind === "suspect") this.#suspects.ended();
        wake();
      },
      onEnd: (...ended) => this.#ended(...ended),
      // What a driver gave up meanwhile was perhaps answered in time.
      onBlocked: () => this.#ledger.beginEra(this.#slots.nextOrder, clock.monotonicMs()),
    });
    this.#health = new ClusterHealth({
      concurrency,
      backoff: trialBackoff,
      clock,
      random,
      prober: this.#prober,
      nextOrder: () => this.#slots.nextOrder,
      onTrialDue: wake,
      onChange: (state, { cause, retryInMs }) => {
        if (state !== "half-open") this.#beginEra();
        // Open without a wait is a trial that a stop gave up: no news.
        if (state !== "open" || retryInMs > 0) reporter.breaker(cluster, state, cause, Math.ceil(retryInMs));
        wake();
      },
    });
    this.#endings = new Endings({
      reporter,
      clock,
      judge: new Judge({ ...settings, ledger: this.#ledger }),
      health: this.#health,
      prober: this.#prober,
      settler: this.#settler,
      unserved: new UnservedTables(),
      onServed: (payload, unservedMs) => this.#served(payload, unservedMs),
    });
    const isClosed = () => this.#health.state === "closed";
    this.#admission = {
      maxDeliver: settings.maxDeliver,
      ledger: this.#ledger,
      isClosed,
      admitsSuspect: (item) => this.#suspects.admits(item, isClosed()),
    };
    this.#suspects = new Suspects({
      turn,
      isLowHeldUp: () => this.#isLowHeldUp(() => true),
      isStrict: settings.scheduling.strictPriority === true,
      clock,
      failuresOf: this.#failuresOf,
      begin: (item) => this.#begin(item),
    });
  }

  /** Receives from now on. Throws what the queue's `open` throws. */
  open(): void {
    const { executor } = this.#settings;
    this.#handedBack = 0;
    this.#settler.start();
    this.#lanes.open();
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

  inHand(lane: Lane): number {
    return this.#hand.sizeOf(lane);
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
    this.#endListening?.();
    this.#endListening = undefined;
    this.#health.suspend();
    this.#pace.stop();
    this.#settler.stop();
    const stopped = this.#lanes
      .stop()
      .map((stop) => stop.catch((error: unknown) => this.#reporter.laneStopFailed(error)));
    this.#releaseHeld();
    for (const { message } of this.#slots.abandonMarking()) this.#handBack(message);
    await Promise.race([this.#slots.idle(), aborted(cut)]);
    for (const { item, trial } of this.#slots.abandonExecutions()) {
      if (trial) this.#health.abandonTrial();
      this.#handBack(item.message);
    }
    this.#prober.abort();

    const over = new AbortController();
    const done = Promise.all([...stopped, this.#hand.empty()]).then(() => over.abort());
    await Promise.race([done, wait(this.#settings.clock, SETTLE_PATIENCE_MS, over.signal)]);
    this.#hand.clear();
    this.#report();
    return this.#handedBack;
  }

  #receive(message: ReplayMessage): void {
    const lane = this.#lanes.of(priorityOf(message.lane));
    lane.delivered(message.bytes);
    this.#hand.add(message);
    this.#wake();
    if (!this.#isOpen || this.#isPaused) {
      this.#handBack(message);
      return;
    }
    // Before it begins, or ends without, that is asked again.
    if (this.#hand.wasLost(message)) {
      this.#settler.lose(message);
      return;
    }
    const admission = admit(message, this.#admission);
    if (admission.kind === "dead-letter") void this.#settler.drop(message, admission.cause);
    else if (admission.kind === "postpone") this.#postpone(admission.item);
    else if (admission.item.kind !== "fresh" && !this.#hand.setAside(message)) this.#postpone(admission.item);
    else if (admission.item.kind === "suspect") this.#suspects.hold(admission.item);
    else this.#hold(lane, admission.item);
    if (lane.mayAskAgain && this.#isReplaying && this.#early < MOST_EARLY) {
      this.#early++;
      this.#fill();
    }
  }

  #postpone(item: HeldMessage): void {
    const delayMs = this.#endings.postpone(item.message, item.payload);
    if (item.kind === "suspect") this.#suspects.turnedAway(item, delayMs);
  }

  /** Retries held in any number would fill the hand, and the good ones behind them could not be received. */
  #hold(lane: LaneIntake, item: HeldMessage): void {
    if (item.kind === "fresh") {
      lane.hold(item, 0);
      return;
    }
    lane.hold(item, this.#failuresOf(item.payload));
    const tooMany = lane.takeTooMany(this.#slots.retryShare, this.#retryingOf);
    if (tooMany !== undefined) this.#endings.postpone(tooMany.message, tooMany.payload);
  }

  #wake(): void {
    if (this.#isAwake) return;
    this.#isAwake = true;
    // In a microtask, so that of all that arrives in one turn the most urgent starts first.
    queueMicrotask(() => {
      this.#isAwake = false;
      this.#early = 0;
      if (!this.#isOpen) return;
      if (this.#isReplaying) this.#startAll();
      else this.#tryCluster();
      this.#report();
    });
  }

  /** All is well: fill the slots, then ask for more. */
  #startAll(): void {
    if (this.#pace.available > 0) this.#suspects.advance();
    this.#startHeld();
    if (this.#pace.available === 0 && this.#isAnyWaiting) this.#pace.await();
    this.#fill();
  }

  #fill(): void {
    const allowed = this.#pace.available;
    this.#lanes.fill(
      Math.min(this.#freeSlots, allowed),
      Math.min(this.#health.limit, allowed),
      this.#settings.batchSize,
    );
  }

  #startHeld(): void {
    for (let free = this.#freeSlots; free > 0 && this.#pace.available > 0; free--) {
      const item = this.#lanes.pick(this.#mayRetry);
      if (item === undefined) return;
      this.#begin(item);
    }
  }

  /** Paused, or the breaker is not closed: nothing is held, and one message is wanted when a trial is due. */
  #tryCluster(): void {
    this.#pace.stop();
    const item = this.#isTrialDue ? this.#lanes.pick(() => true) : undefined;
    if (item !== undefined) this.#begin(item);
    const isTrialDue = this.#isTrialDue;
    if (isTrialDue) this.#suspects.advance();
    else this.#releaseHeld();
    this.#lanes.demand(isTrialDue ? 1 : 0);
  }

  #begin(item: HeldMessage): void {
    this.#pace.spend();
    this.#slots.begin(item);
  }

  /** Things may have changed while the queue was told of the execution. */
  #permit(item: HeldMessage, isMarked: boolean): Permit {
    const { message, payload } = item;
    if (isMarked && (this.#isPaused || this.#hand.isLost(message))) {
      this.#handBack(message);
      return undefined;
    }
    const isClosed = this.#health.state === "closed";
    const isOutOfTurn = isMarked && item.priority === "low" && !this.#allowsLow(item.kind);
    if (isOutOfTurn || !(isClosed || this.#health.tryTrial())) {
      this.#endings.postpone(message, payload);
      return undefined;
    }
    return isClosed ? "normal" : "trial";
  }

  #markFailed({ message, payload }: HeldMessage, error: unknown): void {
    this.#reporter.settleFailed(message.lane, error);
    this.#endings.postpone(message, payload);
  }

  #ended(execution: Execution, ending: Ending, nowMs: number): void {
    this.#reporter.executed(execution.item, ending.outcome, nowMs - execution.startedAtMs);
    this.#endings.ended(execution, ending, nowMs);
    // Not only when it is awake: of many that end in one turn the first would wait for the last.
    if (this.#isReplaying) this.#startHeld();
  }

  /** What was handed back since need not wait any longer. */
  #served(payload: ReplayPayload, unservedMs: number): void {
    const hastened = this.#lanes.hasten(tableKeyOf(payload) ?? "");
    this.#reporter.tablesServed(this.#cluster, { tables: payload.tables, unservedMs, hastened });
  }

  /** What was started before and after the breaker's change proves nothing about each other. */
  #beginEra(): void {
    const { nextOrder } = this.#slots;
    this.#slots.beginEra();
    this.#health.beginEra(nextOrder);
    this.#ledger.beginEra(nextOrder, this.#settings.clock.monotonicMs());
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

  /** A queue that settles slowly takes some, so that what is in hand stays bounded. */
  get #freeSlots(): number {
    const settling = this.#hand.size - this.#slots.size - this.#lanes.held - this.#suspects.waiting;
    const allowance = Math.max(this.#settings.concurrency, SETTLING_ALLOWANCE);
    return this.#slots.free - Math.max(0, settling - allowance);
  }

  /** For nothing but the rate. */
  get #isAnyWaiting(): boolean {
    return (this.#freeSlots > 0 && this.#lanes.has(this.#mayRetry)) || this.#suspects.waiting > 0;
  }

  /** Strict is strict: for a suspect not even in a slot of its own, and not for one that has waited for its mark. */
  #allowsLow(kind: HeldMessage["kind"]): boolean {
    return kind === "suspect" ? this.#suspects.allowsLow : !this.#isLowHeldUp(this.#mayRetry);
  }

  #isLowHeldUp(mayRetry: MayRetry): boolean {
    return this.#settings.scheduling.strictPriority === true && this.#lanes.of("high").has(mayRetry);
  }

  /** Whether messages may start, as many as there are slots. */
  get #isReplaying(): boolean {
    return this.#isOpen && !this.#isPaused && this.#health.state === "closed";
  }

  get #isTrialDue(): boolean {
    return !this.#isPaused && this.#health.isTrialDue && !this.#slots.isMarking;
  }
}
