import { type Backoff, type Clock, messageId } from "@helix/core";
import { Breaker, type BreakerState } from "@helix/core/internal";
import { AdaptiveLimit } from "../decide/adaptive-limit.ts";
import type { FailedEnding } from "../decide/ending.ts";
import type { Execution } from "./executions.ts";
import type { Prober } from "./prober.ts";

/** So many different messages in a row that fail without a word of the server are taken for an outage. */
const SUSPICIOUS_RUN = 8;
/** With so many at once, and one more with each answer, a cluster begins that has just come back. */
const FIRST_LIMIT = 2;
/**
 * Known offenders that come back together make a run too, and so do messages whose data is away; they count only
 * if nothing was answered for so long.
 */
const SILENCE_MS = 1000;
/** So long a message is waited for when a trial is due; then the executor's probe is the trial. */
const MESSAGE_WAIT_MS = 500;

export interface ClusterHealthOptions {
  /** Executions at once while all is well. */
  readonly concurrency: number;
  readonly backoff: Backoff;
  readonly clock: Clock;
  readonly random: () => number;
  readonly prober: Prober;
  /** The order of the execution that starts next. */
  readonly nextOrder: () => number;
  /** Called after each change of the breaker, with what caused an opening. */
  readonly onChange: (state: BreakerState, info: { cause?: unknown; retryInMs: number }) => void;
  /** Called when a trial may be made. */
  readonly onTrialDue: () => void;
}

/**
 * What is believed of one cluster, and so how many executions it may get.
 *
 * - **closed**: up to `limit`, which adapts. An `unavailable` that speaks of the whole cluster, a run of those
 *   that do not, or a run of `uncertain` ones, of different messages, that no answer interrupts and no probe
 *   refutes → open.
 * - **open**: none. When the interval is over, or there is a sign that the cluster is back, a trial is due; `tryTrial`, or a
 *   probe where no message comes → half-open: what only messages could close would stay open for as long as there are none.
 * - **half-open**: the trial alone. Any answer of the server, but that it has too much to do → closed, at two executions and one more with
 *   each answer, so that a cluster that has just come back is not overrun; else → open, for longer. One that
 *   flaps is left alone for longer each time as well.
 *
 * Executions that were started before the last change are ignored: they speak of another time, and the
 * hundred that were under way when a cluster went away must not open it again after it is back.
 */
export class ClusterHealth {
  readonly #options: ClusterHealthOptions;
  readonly #breaker: Breaker;
  /** Messages that failed since the last answer, and how many of them for the first time. */
  readonly #run = new Set<string>();
  #firstFailures = 0;
  /** The last answer, or when executions began. */
  #answeredAtMs = -Infinity;
  readonly #limit: AdaptiveLimit;
  #eraStart = 0;
  #active = false;
  #cancelTimer: (() => void) | undefined;
  /** The probe that is the trial; its answer counts only while it is. */
  #probe: object | undefined;

  constructor(options: ClusterHealthOptions) {
    this.#options = options;
    this.#limit = new AdaptiveLimit(options.concurrency);
    const { backoff, clock, random } = options;
    this.#breaker = new Breaker({
      backoff,
      clock,
      random,
      calmMs: backoff.maxMs,
      onChange: (...change) => this.#changed(...change),
    });
  }

  get state(): BreakerState {
    return this.#breaker.state;
  }

  /** Executions that the cluster may get at once, the trial aside. */
  get limit(): number {
    return this.state === "closed" ? this.#limit.value : 0;
  }

  get trialInMs(): number {
    return this.#breaker.trialInMs;
  }

  /** Whether a message is wanted for a trial. */
  get isTrialDue(): boolean {
    return this.state === "open" && this.trialInMs === 0;
  }

  /** Whether the caller must make a trial now. */
  tryTrial(): boolean {
    return this.#breaker.tryTrial();
  }

  /** From now on what was started before `order` is ignored. */
  beginEra(order: number): void {
    this.#eraStart = order;
    this.#endRun();
    if (this.state === "closed") this.#limit.restart(FIRST_LIMIT, order);
  }

  /** Whether it was started before the last change. */
  isStale({ order }: Execution): boolean {
    return order < this.#eraStart;
  }

  resume(): void {
    this.#active = true;
    this.#answeredAtMs = this.#options.clock.monotonicMs();
    this.#armTrial();
  }

  /** Leaves no timer; the state of the breaker stays, but a probe that is the trial is given up. */
  suspend(): void {
    this.#active = false;
    if (this.#probe !== undefined) {
      this.#probe = undefined;
      this.abandonTrial();
    }
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }

  /** There is a sign that the cluster is back: it is tried at once. */
  hasten(): void {
    this.#breaker.hasten();
    this.#armTrial();
  }

  /** The trial was given up, and has shown nothing. */
  abandonTrial(): void {
    this.#breaker.abandonTrial();
  }

  /** The server answered, whatever it said. */
  answered(execution: Execution, nowMs: number): void {
    if (this.isStale(execution)) return;
    if (execution.trial) {
      this.#recover();
      return;
    }
    this.#answeredAtMs = nowMs;
    this.#endRun();
    this.#limit.ended("answered", execution.order, this.#options.nextOrder());
  }

  /**
   * Surely not applied, and for no fault of the message. Where it was a trial that says nothing of the cluster, the
   * promise resolves when that has been judged; it never rejects.
   */
  unavailable(execution: Execution, { error, reading }: FailedEnding): Promise<void> | undefined {
    if (this.isStale(execution)) return undefined;
    const { scope, load } = reading;
    if (scope === "cluster" && (execution.trial || load !== "overload")) {
      this.#breaker.open(error);
      return undefined;
    }
    // It is there, and perhaps serves other data, of which one message at a time would hardly find any.
    if (execution.trial) return this.#judgeTrial(reading.answered, error);
    this.#limit.ended(load, execution.order, this.#options.nextOrder());
    // A session that is not there, or a caller that asks for too much, says nothing of the cluster.
    if (scope !== "cluster" && scope !== "replicas") return undefined;
    // It answers, and yet serves nothing: then it needs to be left alone as well.
    this.#run.add(messageId(execution.item.payload));
    const isRun = this.#run.size >= SUSPICIOUS_RUN && (scope === "cluster" || this.#isSilent);
    if (isRun) this.#breaker.open(error);
    return undefined;
  }

  /** Perhaps it was the cluster. Where it was a trial, the promise is as that of `unavailable`. */
  uncertain(execution: Execution, { error, reading }: FailedEnding): Promise<void> | undefined {
    if (this.isStale(execution)) return undefined;
    const { prober, nextOrder } = this.#options;
    if (execution.trial) return this.#judgeTrial(reading.answered, error);
    this.#limit.ended(reading.load, execution.order, nextOrder());
    // A statement that a server refused, and a value that was not even sent, say nothing against the cluster.
    if (reading.scope === "value" || (reading.scope === "statement" && reading.answered)) return undefined;
    this.#run.add(messageId(execution.item.payload));
    if (execution.item.kind === "fresh") this.#firstFailures++;
    if (!this.#isSuspicious) return undefined;
    if (!prober.exists) {
      this.#breaker.open(error);
      return undefined;
    }
    // Not waited for: what failed can be handed back meanwhile.
    void prober.recent().then((alive) => {
      if (this.isStale(execution) || !this.#isSuspicious) return;
      if (alive) this.#endRun();
      else this.#breaker.open(error);
    });
    return undefined;
  }

  /** Refused for good before it was sent: no sign of the cluster. Where it was a trial, the promise is as that of `unavailable`. */
  unsent(execution: Execution, { error, reading }: FailedEnding): Promise<void> | undefined {
    if (this.isStale(execution)) return undefined;
    if (execution.trial) return this.#judgeTrial(false, error);
    this.#limit.ended(reading.load, execution.order, this.#options.nextOrder());
    return undefined;
  }

  async #judgeTrial(answered: boolean, error: unknown): Promise<void> {
    if (answered || (await this.#options.prober.now())) this.#recover();
    else this.#breaker.open(error);
  }

  get #isSuspicious(): boolean {
    if (this.#run.size < SUSPICIOUS_RUN) return false;
    return this.#firstFailures >= SUSPICIOUS_RUN || this.#isSilent;
  }

  get #isSilent(): boolean {
    return this.#options.clock.monotonicMs() - this.#answeredAtMs >= SILENCE_MS;
  }

  #endRun(): void {
    if (this.#run.size > 0) this.#run.clear();
    this.#firstFailures = 0;
  }

  #recover(): void {
    this.#answeredAtMs = this.#options.clock.monotonicMs();
    this.#breaker.close();
  }

  #changed(state: BreakerState, info: { cause?: unknown; retryInMs: number }): void {
    this.#armTrial();
    this.#options.onChange(state, info);
  }

  #armTrial(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    if (!this.#active || this.state !== "open") return;
    const { clock, prober, onTrialDue } = this.#options;
    this.#cancelTimer = clock.setTimer(() => {
      this.#cancelTimer = undefined;
      // Timers may fire a little early by the other clock; a trial then is not due yet.
      if (!this.isTrialDue) {
        this.#armTrial();
        return;
      }
      if (prober.exists) this.#cancelTimer = clock.setTimer(() => void this.#tryProbe(), MESSAGE_WAIT_MS);
      onTrialDue();
    }, this.trialInMs);
  }

  async #tryProbe(): Promise<void> {
    this.#cancelTimer = undefined;
    if (!this.tryTrial()) return;
    const { prober } = this.#options;
    const probe = {};
    this.#probe = probe;
    const alive = await prober.now();
    if (this.#probe !== probe) return;
    this.#probe = undefined;
    if (alive) this.#recover();
    else this.#breaker.open(prober.failure);
  }
}
