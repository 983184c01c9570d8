import { AsyncResource } from "node:async_hooks";
import { type Clock, helixError, type ReplayExecutor } from "@helix/core";
import { LinkedList, ListNode } from "@helix/core/internal";
import { type Ending, endingOf } from "../decide/ending.ts";
import type { HeldMessage } from "../decide/held-message.ts";

/**
 * So often a timer fires while something is executed. One that is as much too late shows that nothing could run
 * meanwhile: the answers are perhaps there, unread. They get as long again before anything is given up.
 */
const BLOCKED_MS = 1000;

/** One execution of a message. */
export interface Execution {
  readonly item: HeldMessage;
  /** Its place in the order of starts; later ones have higher numbers. */
  readonly order: number;
  /** Whether it is the one by which the breaker learns about the cluster. */
  readonly trial: boolean;
  /** By the monotonic clock. */
  readonly startedAtMs: number;
}

class Running extends ListNode<Running> implements Execution {
  readonly item: HeldMessage;
  readonly order: number;
  readonly trial: boolean;
  readonly startedAtMs: number;
  readonly controller = new AbortController();

  constructor(item: HeldMessage, order: number, trial: boolean, startedAtMs: number) {
    super();
    this.item = item;
    this.order = order;
    this.trial = trial;
    this.startedAtMs = startedAtMs;
  }
}

export interface ExecutionsOptions {
  readonly executor: ReplayExecutor;
  readonly executeTimeoutMs: number;
  readonly clock: Clock;
  /** Called once for each execution that was not abandoned, with the monotonic time. It may start others. Must not throw. */
  readonly onEnd: (execution: Execution, ending: Ending, nowMs: number) => void;
  /** Called when the event loop was blocked, before any end of what was started earlier. Must not throw. */
  readonly onBlocked: () => void;
}

/**
 * What is being executed on one cluster. One that outlives its timeout is aborted and has ended, whatever
 * its promise does later: an executor that ignores its signal does not keep a slot.
 */
export class Executions {
  readonly #options: ExecutionsOptions;
  /** Where the worker was made: what wakes it is often somebody's request, whose context is not that of a replay. */
  readonly #origin = new AsyncResource("HelixReplay");
  /** In the order of their starts, which is that of their deadlines. */
  readonly #running = new LinkedList<Running>();
  #cancelTimer: (() => void) | undefined;
  #wakeAtMs = 0;
  #nextOrder = 0;
  #suspects = 0;
  #whenIdle: (() => void)[] = [];

  constructor(options: ExecutionsOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#running.size;
  }

  /** Slots that are taken; a suspect has one of its own. */
  get slots(): number {
    return this.#running.size - this.#suspects;
  }

  /** The `order` of what starts next. */
  get nextOrder(): number {
    return this.#nextOrder;
  }

  start(item: HeldMessage, trial: boolean): void {
    const { clock, executeTimeoutMs } = this.#options;
    const execution = new Running(item, this.#nextOrder++, trial, clock.monotonicMs());
    this.#running.append(execution);
    if (item.kind === "suspect") this.#suspects++;
    // One timer for all, since most never need it.
    if (this.#cancelTimer === undefined) this.#arm(executeTimeoutMs);
    void this.#origin.runInAsyncScope(this.#run, this, execution);
  }

  /** Resolves when nothing is being executed. */
  idle(): Promise<void> {
    if (this.#running.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#whenIdle.push(resolve));
  }

  /** Aborts everything and forgets it, without `onEnd`; returns what it was. */
  abandonAll(): Execution[] {
    const abandoned = [...this.#running];
    for (const execution of abandoned) this.#remove(execution);
    for (const { controller } of abandoned) controller.abort();
    return abandoned;
  }

  async #run(execution: Running): Promise<void> {
    const { executor, onEnd } = this.#options;
    let ending: Ending = { outcome: "applied" };
    try {
      const { signal } = execution.controller;
      await executor.execute(execution.item.payload, { signal });
    } catch (error) {
      ending = endingOf(executor, error);
    }
    // Whatever its promise does is not heard any more.
    if (execution.list === undefined) return;
    const nowMs = this.#options.clock.monotonicMs();
    // A driver has timers of its own, which may be the first to notice.
    this.#noticeBlock(nowMs);
    this.#remove(execution);
    onEnd(execution, ending, nowMs);
  }

  #arm(untilDueMs: number): void {
    const { clock } = this.#options;
    const delayMs = Math.min(untilDueMs, BLOCKED_MS);
    this.#wakeAtMs = clock.monotonicMs() + delayMs;
    this.#cancelTimer = clock.setTimer(() => this.#sweep(), delayMs);
  }

  /** Whether nothing could run for a while. To be called while the timer is set, or when it fires. */
  #noticeBlock(nowMs: number): boolean {
    if (nowMs - this.#wakeAtMs < BLOCKED_MS) return false;
    this.#cancelTimer?.();
    this.#arm(BLOCKED_MS);
    this.#options.onBlocked();
    return true;
  }

  #sweep(): void {
    this.#cancelTimer = undefined;
    const { clock, executor, executeTimeoutMs: timeoutMs, onEnd } = this.#options;
    const nowMs = clock.monotonicMs();
    if (this.#noticeBlock(nowMs)) return;
    const late: Running[] = [];
    for (const execution of this.#running) {
      const leftMs = execution.startedAtMs + timeoutMs - nowMs;
      if (leftMs > 0) {
        this.#arm(leftMs);
        break;
      }
      this.#remove(execution);
      late.push(execution);
    }
    for (const execution of late) {
      const message = `Expected an execution to end within ${timeoutMs} ms; it may still be applied`;
      const error = helixError("HELIX_EXECUTE_TIMEOUT", message, { timeoutMs, outcome: "uncertain" });
      onEnd(execution, endingOf(executor, error), nowMs);
      execution.controller.abort(error);
    }
  }

  #remove(execution: Running): void {
    this.#running.delete(execution);
    if (execution.item.kind === "suspect") this.#suspects--;
    if (this.#running.size > 0) return;
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    if (this.#whenIdle.length > 0) {
      const waiting = this.#whenIdle;
      this.#whenIdle = [];
      for (const resolve of waiting) resolve();
    }
  }
}
