import { policies } from "cassandra-driver";
import { readError } from "../failure/read-error.ts";

type RetryPolicy = policies.retry.RetryPolicy;
type Decision = policies.retry.DecisionInfo;
type Info = policies.retry.OperationInfo;

const RETHROW = 0;
const IGNORE = 2;

/**
 * The retry policy of **one** request: decides as another policy does, and remembers whether any try may
 * have been applied. The driver may send a request to a second host and then report only what that one
 * said, so without this memory "surely not applied" would be a guess.
 *
 * The driver asks its policy before each repetition except two, of which both are harmless: a request
 * that was not written, and one that the host had not prepared.
 */
export class RememberingRetryPolicy extends policies.retry.RetryPolicy {
  readonly #inner: RetryPolicy;
  #mayBeApplied = false;

  constructor(inner: RetryPolicy) {
    super();
    this.#inner = inner;
  }

  /** Whether a try that the driver repeated may have been applied all the same. */
  get mayBeApplied(): boolean {
    return this.#mayBeApplied;
  }

  override onRequestError(info: Info, consistency: number, error: Error): Decision {
    // An overloaded or bootstrapping host says so, and has not applied it; a lost answer is another matter.
    if (readError(error).applied === "maybe") this.#mayBeApplied = true;
    return honest(this.#inner.onRequestError(info, consistency, error));
  }

  override onUnavailable(info: Info, consistency: number, required: number, alive: boolean): Decision {
    return honest(this.#inner.onUnavailable(info, consistency, required, alive));
  }

  override onReadTimeout(
    info: Info,
    consistency: number,
    received: number,
    blockFor: number,
    isDataPresent: boolean,
  ): Decision {
    this.#mayBeApplied = true;
    return honest(this.#inner.onReadTimeout(info, consistency, received, blockFor, isDataPresent));
  }

  override onWriteTimeout(
    info: Info,
    consistency: number,
    received: number,
    blockFor: number,
    writeType: string,
  ): Decision {
    this.#mayBeApplied = true;
    return honest(this.#inner.onWriteTimeout(info, consistency, received, blockFor, writeType));
  }
}

/**
 * A policy may ask to ignore a failure: the driver then reports an empty success, and a write would be lost.
 */
function honest(decision: Decision): Decision {
  return decision.decision === IGNORE ? { ...decision, decision: RETHROW } : decision;
}
