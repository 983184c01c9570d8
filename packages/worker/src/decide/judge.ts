import type { Outcome, ReplayMessage, ReplayPayload, Strain } from "@helix/core";
import type { ClusterHealth } from "../cluster/cluster-health.ts";
import type { Execution } from "../cluster/executions.ts";
import type { Prober } from "../cluster/prober.ts";
import type { Settler } from "../hand/settler.ts";
import type { WorkerSettings } from "../options.ts";
import type { Reporter } from "../report/reporter.ts";
import type { FailureLedger } from "./failure-ledger.ts";
import { keyOf, tableKeyOf, textKeyOf } from "./held-message.ts";
import { strainOf } from "./strain.ts";

/**
 * The first timeout counts only once its message has been failing for so many execute timeouts. Some of a table's
 * data may be away while the rest is served: when nodes die, the others find that out within seconds, and then say so.
 */
const TIMEOUT_GRACE = 2;

export interface JudgeOptions {
  readonly settings: WorkerSettings;
  readonly reporter: Reporter;
  readonly ledger: FailureLedger;
  readonly health: ClusterHealth;
  readonly prober: Prober;
  readonly settler: Settler;
}

/**
 * Decides what the end of an execution means: for its message (acknowledged, tried again when, counted or
 * not, a dead letter), and for what is believed of the cluster.
 */
export class Judge {
  readonly #options: JudgeOptions;

  constructor(options: JudgeOptions) {
    this.#options = options;
  }

  ended(execution: Execution, outcome: Outcome, error: unknown): void {
    const { health, ledger, reporter, settings, settler } = this.#options;
    const { item } = execution;
    const { message, payload } = item;
    switch (outcome) {
      case "applied": {
        health.answered(execution);
        this.#forget(payload);
        const nowMs = this.#nowMs;
        ledger.applied(tableKeyOf(payload), execution.order, nowMs);
        ledger.applied(textKeyOf(payload), execution.order, nowMs);
        void settler.ack(item);
        break;
      }
      case "rejected": {
        health.answered(execution);
        this.#forget(payload);
        const attempts = message.attempts + 1;
        reporter.failed({ payload, error, attempts, delayMs: 0 }, outcome, true);
        void settler.drop(message, { reason: "rejected", outcome, error, attempts });
        break;
      }
      case "unavailable": {
        const strain = strainOf(settings.executor, error);
        health.unavailable(execution, error, strain);
        const delayMs = this.#unavailableDelayMs(payload, strain);
        reporter.failed({ payload, error, attempts: message.attempts, delayMs }, outcome, false);
        void settler.release(message, { delayMs });
        break;
      }
      case "uncertain":
        void this.#uncertain(execution, error);
    }
  }

  /** A message that failed before comes again later, so that others get their turn. */
  postpone(message: ReplayMessage, payload: ReplayPayload): void {
    const { ledger, settler } = this.#options;
    const steps = ledger.postponed(keyOf(payload));
    void settler.release(message, { delayMs: this.#backoffMs(steps) });
  }

  async #uncertain(execution: Execution, error: unknown): Promise<void> {
    const { health, ledger, prober, reporter, settings, settler } = this.#options;
    const { message, payload } = execution.item;
    const outcome = "uncertain";
    // A timeout is a matter of the table's replicas. Anything else may be one of the statement: of a column or a right
    // that the cluster gets later, while other statements of the table are applied.
    const strain = strainOf(settings.executor, error);
    if (strain === "connection-lost") {
      await health.uncertain(execution, error, strain);
      this.#comeAgain(execution, error);
      return;
    }
    const isTimeout = strain === "timeout";
    const place = isTimeout ? tableKeyOf(payload) : textKeyOf(payload);
    const isGraced = isTimeout && message.attempts === 0;
    const graceMs = isGraced ? TIMEOUT_GRACE * settings.executeTimeoutMs : 0;
    const failure = ledger.failed(keyOf(payload), place, execution, this.#nowMs, graceMs);
    await health.uncertain(execution, error, strain);
    const isOverdue = failure.forMs >= settings.patienceMs;
    // The probe alone would not do: it answers while the replicas of this table are away.
    if (!failure.proved && failure.isServed && isOverdue && (await prober.recent())) ledger.prove(failure);
    const counted = ledger.collect(failure);
    const attempts = message.attempts + counted;
    if (attempts >= settings.maxDeliver) {
      this.#forget(payload);
      reporter.failed({ payload, error, attempts, delayMs: 0 }, outcome, failure.proved);
      await settler.drop(message, { reason: "attempts", outcome, error, attempts });
      return;
    }
    const delayMs = this.#uncertainDelayMs(execution, failure.record.failures);
    reporter.failed({ payload, error, attempts, delayMs }, outcome, failure.proved);
    await settler.release(message, counted > 0 ? { delayMs, attempts, error } : { delayMs });
  }

  /** Surely no fault of the message, whatever is applied later. */
  #comeAgain(execution: Execution, error: unknown): void {
    const { ledger, reporter, settler } = this.#options;
    const { message, payload } = execution.item;
    const { attempts } = message;
    const delayMs = this.#uncertainDelayMs(execution, ledger.unserved(keyOf(payload)));
    reporter.failed({ payload, error, attempts, delayMs }, "uncertain", false);
    void settler.release(message, { delayMs });
  }

  #uncertainDelayMs({ trial }: Execution, failures: number): number {
    const backoffMs = this.#backoffMs(failures);
    return trial ? Math.max(backoffMs, this.#afterTrialMs()) : backoffMs;
  }

  #forget(payload: ReplayPayload): void {
    const { ledger } = this.#options;
    if (ledger.size > 0) ledger.forget(keyOf(payload));
  }

  #unavailableDelayMs(payload: ReplayPayload, strain: Strain | undefined): number {
    if (strain !== "partial") return this.#afterTrialMs();
    // The others go on, and must not be held up by it.
    const backoffMs = this.#backoffMs(this.#options.ledger.unserved(keyOf(payload)));
    return Math.max(backoffMs, this.#afterTrialMs());
  }

  /** Late enough that another message is there first when the next trial is due. */
  #afterTrialMs(): number {
    return Math.ceil(this.#options.health.trialInMs) + this.#options.settings.retryDelayMs;
  }

  #backoffMs(failures: number): number {
    const { backoff, random } = this.#options.settings;
    return backoff.delayMs(failures, random());
  }

  get #nowMs(): number {
    return this.#options.settings.clock.monotonicMs();
  }
}
