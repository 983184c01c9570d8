import {
  type Backoff,
  type DeadLetterCause,
  type DeadLetterReason,
  type ErrorReading,
  messageId,
  type ReleaseOptions,
  type ReplayPayload,
} from "@helix/core";
import type { Ending } from "./ending.ts";
import type { Failure, FailureLedger } from "./failure-ledger.ts";
import { placeOf, tableKeyOf } from "./held-message.ts";

/**
 * The first timeout counts only once its message has been failing for so many execute timeouts. Some of a table's
 * data may be away while the rest is served: when nodes die, the others find that out within seconds, and then say so.
 */
const TIMEOUT_GRACE = 2;
/** Of the time for which a message has been failing, so much is its next delay where that is longer than any backoff. */
const AGE_SHARE = 0.1;
/** So many times the longest backoff is the longest delay of all. */
const MAX_AGED = 20;

export interface JudgeOptions {
  readonly ledger: FailureLedger;
  readonly maxDeliver: number;
  readonly patienceMs: number;
  readonly executeTimeoutMs: number;
  /** Between a trial of the cluster and the next execution of its message, at the least. */
  readonly retryDelayMs: number;
  readonly backoff: Backoff;
  readonly random: () => number;
}

/** An execution that has ended. */
export interface Ended {
  readonly payload: ReplayPayload;
  /** What its message had counted before. */
  readonly attempts: number;
  /** Its place in the order of starts. */
  readonly order: number;
  readonly startedAtMs: number;
  readonly nowMs: number;
  /** Whether it was one by which the breaker learns about the cluster. */
  readonly trial: boolean;
  readonly ending: Ending;
}

/** An end that has been written down, and is not judged yet. */
export interface Noted {
  readonly ended: Ended;
  /** Where the failure may be the message's own. */
  readonly failure?: Failure | undefined;
  /** How often the message has failed in a row, for its backoff. */
  readonly failures: number;
}

/** What is to become of a message, and what is told of the failure that it had. */
export type Verdict =
  | { readonly kind: "acknowledge" }
  | (Told & { readonly kind: "dead-letter"; readonly cause: DeadLetterCause })
  | (Told & { readonly kind: "hand-back"; readonly release: ReleaseOptions & { readonly delayMs: number } });

interface Told {
  /** Failures that are the message's own, so far. */
  readonly attempts: number;
  /** Whether this one is proved to be. */
  readonly counted: boolean;
}

/** Whatever an executor reads, it is a reason that the queue takes. */
function reasonOf({ reason }: ErrorReading): DeadLetterReason {
  return reason === "too-old" || reason === "table-gone" ? reason : "rejected";
}

/**
 * Decides what the end of an execution means for its message. It does nothing but remember, in the ledger: `note` when the
 * execution has ended, so that others are judged by it at once; `verdict` when it is known what is believed of the cluster.
 */
export class Judge {
  readonly #options: JudgeOptions;

  constructor(options: JudgeOptions) {
    this.#options = options;
  }

  note(ended: Ended): Noted {
    const { ledger } = this.#options;
    const { payload, ending, order, nowMs } = ended;
    if (ending.outcome === "applied" || ending.outcome === "rejected") {
      if (ledger.size > 0) ledger.forget(messageId(payload));
      if (ending.outcome === "applied") {
        ledger.applied(placeOf(payload), order, nowMs);
      }
      return { ended, failures: 0 };
    }
    const { scope, load } = ending.reading;
    if (ending.outcome === "unavailable") {
      // The others go on where only its data or its session is away, and must not be held up by it.
      return { ended, failures: scope === "cluster" ? 0 : ledger.unserved(messageId(payload)) };
    }
    // Too much to do is no more its fault than a connection that went.
    if (load === "connection-lost" || load === "overload") {
      return { ended, failures: ledger.unserved(messageId(payload)) };
    }
    const failure = this.#failed(ended, load === "timeout");
    return { ended, failure, failures: failure.record.failures };
  }

  /**
   * Whether it matters if the cluster answers a probe: for a message that nobody proves to be bad, and that has been failing for
   * long. The probe alone would not do, since it answers while the replicas of this table are away.
   */
  wantsProbe({ failure }: Noted): boolean {
    if (failure === undefined || failure.proved || !failure.isServed) return false;
    return failure.forMs >= this.#options.patienceMs;
  }

  /**
   * @param trialInMs Milliseconds until the cluster is tried again; 0 where it is not held back.
   * @param isThere Whether it has answered a probe, where that was wanted.
   */
  verdict(noted: Noted, trialInMs: number, isThere: boolean): Verdict {
    const { ledger, maxDeliver } = this.#options;
    const { ended, failure } = noted;
    const { ending, payload } = ended;
    if (ending.outcome === "applied") return { kind: "acknowledge" };
    const { outcome, error, reading } = ending;
    if (outcome === "rejected") {
      const attempts = ended.attempts + 1;
      return {
        kind: "dead-letter",
        attempts,
        counted: true,
        cause: { reason: reasonOf(reading), outcome, error, errorText: reading.text, attempts },
      };
    }
    if (isThere && failure !== undefined && this.wantsProbe(noted)) ledger.prove(failure);
    const owed = failure === undefined ? 0 : ledger.collect(failure);
    const attempts = ended.attempts + owed;
    const counted = failure?.proved === true;
    if (attempts >= maxDeliver) {
      ledger.forget(messageId(payload));
      return {
        kind: "dead-letter",
        attempts,
        counted,
        cause: { reason: "attempts", outcome, error, errorText: reading.text, attempts },
      };
    }
    const delayMs = this.#delayMs(noted, trialInMs);
    const release = owed > 0 ? { delayMs, attempts, error, errorText: reading.text } : { delayMs };
    return { kind: "hand-back", attempts, counted, release };
  }

  /** Milliseconds after which one that was passed over may come again, so that others get their turn. */
  postponementMs(payload: ReplayPayload, nowMs: number): number {
    const { ledger } = this.#options;
    const key = messageId(payload);
    const isServed = ledger.isServedSince(key, tableKeyOf(payload));
    const backoffMs = this.#backoffMs(ledger.postponed(key, isServed));
    return isServed ? backoffMs : Math.max(this.#agedMs(payload, nowMs), backoffMs);
  }

  #failed(ended: Ended, isTimeout: boolean): Failure {
    const { ledger, executeTimeoutMs } = this.#options;
    const { payload, nowMs } = ended;
    // A timeout is a matter of the table's replicas. Anything else may be one of the statement: of a column or a right
    // that the cluster gets later, while other statements of the table are applied.
    const provedBy = isTimeout ? "table" : "text";
    const graceMs = isTimeout && ended.attempts === 0 ? TIMEOUT_GRACE * executeTimeoutMs : 0;
    return ledger.failed(messageId(payload), placeOf(payload), provedBy, ended, nowMs, graceMs);
  }

  #delayMs(
    { ended: { payload, nowMs, ending, trial }, failure, failures }: Noted,
    trialInMs: number,
  ): number {
    // Late enough that another message is there first when the next trial is due.
    const afterTrialMs = Math.ceil(trialInMs) + this.#options.retryDelayMs;
    if (failures === 0) return afterTrialMs;
    const agedMs = failure === undefined ? 0 : this.#agedMs(payload, nowMs);
    const backoffMs = Math.max(agedMs, this.#backoffMs(failures));
    return ending.outcome === "unavailable" || trial ? Math.max(backoffMs, afterTrialMs) : backoffMs;
  }

  /**
   * What fails for hours is tried a few times an hour, and what is served again waits for a tenth of its outage at most.
   * 0 where a backoff is as long.
   */
  #agedMs(payload: ReplayPayload, nowMs: number): number {
    const { ledger, backoff, random } = this.#options;
    const forMs = ledger.failingForMs(messageId(payload), () => placeOf(payload), nowMs);
    const stepMs = Math.min(AGE_SHARE * forMs, MAX_AGED * backoff.maxMs);
    return stepMs <= backoff.maxMs ? 0 : Math.round(stepMs / 2 + (stepMs / 2) * random());
  }

  #backoffMs(failures: number): number {
    const { backoff, random } = this.#options;
    return backoff.delayMs(failures, random());
  }
}
