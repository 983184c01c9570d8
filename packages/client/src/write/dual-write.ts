import { CLUSTERS, type ClusterId, type ErrorReading, otherCluster } from "@helix/core";
import { ListNode, onAbort } from "@helix/core/internal";
import type { Client } from "cassandra-driver";
import { Both } from "../both.ts";
import { readError } from "../failure/read-error.ts";
import type { ClusterLink } from "../session/cluster-link.ts";
import type { LinkRequest } from "../session/sent-request.ts";
import { type ClusterOutcome, isRefusedForGood } from "./decide-write.ts";
import type { SecondAnswer, SecondAnswers } from "./second-answers.ts";

export type WriteOutcomes<T> = Readonly<Record<ClusterId, ClusterOutcome<T>>>;

/** What all writes of a client have in common. */
export interface BothClusters {
  readonly links: Readonly<Record<ClusterId, ClusterLink>>;
  readonly secondAnswers: Readonly<Record<ClusterId, SecondAnswers>>;
  /** Whether nothing is to be sent to that cluster for now. */
  readonly isDrained: (cluster: ClusterId) => boolean;
}

/** What is sent to both. */
export interface DualRequest<T> {
  send(cluster: ClusterId, client: Client): Promise<T>;
  /** Another try of what `send` has rejected with this, if there is to be one. */
  again(cluster: ClusterId, client: Client, error: unknown): Promise<T> | undefined;
  /** What a failure of `send` means, over all tries. */
  read(cluster: ClusterId, error: unknown): ErrorReading;
  /** Called when the other cluster refuses the values. Returns whether nothing was sent to this one, nor will be. */
  callOff(cluster: ClusterId, refusal: unknown): boolean;
}

export interface DualWriteOptions<T> {
  /** What is slow is waited for in full, since what it has yet to do would be done twice. */
  readonly isOnce: boolean;
  readonly signal: AbortSignal | undefined;
  /**
   * Called when one cluster has applied it and the other has not answered. Returns whether that is enough for the
   * caller, whose signal then ends nothing any more.
   */
  readonly onFirst: ((cluster: ClusterId, result: T) => boolean) | undefined;
}

/**
 * One write on its way to both clusters, up to the point where it is known what to do.
 *
 * Per cluster: waiting → applied | failed. A cluster that is drained or not available fails at once, unasked. Once the
 * other has applied it, a waiting one fails as not answered after `secondaryTimeoutMs`, or as soon as its
 * breaker opens; when the signal is aborted all that wait fail so. What comes after that is ignored: the
 * same write twice is harmless (where it is not, there is no such limit). While the other has not applied it, it is waited for in full, since then
 * its answer is the caller's; but what one cluster's columns refuse for good, and was not sent to the other yet, is called off
 * there, and so refused by both.
 */
export class DualWrite<T> {
  readonly #both: BothClusters;
  readonly #request: DualRequest<T>;
  readonly #isOnce: boolean;
  readonly #signal: AbortSignal | undefined;
  readonly #onFirst: DualWriteOptions<T>["onFirst"];
  readonly #sides: Both<Side<T>>;
  #unlisten: (() => void) | undefined;
  #onSettled: (outcomes: WriteOutcomes<T>) => void = () => {};

  constructor(both: BothClusters, request: DualRequest<T>, { isOnce, signal, onFirst }: DualWriteOptions<T>) {
    this.#both = both;
    this.#request = request;
    this.#isOnce = isOnce;
    this.#signal = signal;
    this.#onFirst = onFirst;
    this.#sides = new Both(new Side("A", request, this), new Side("B", request, this));
  }

  /** Calls back with both outcomes, perhaps at once. To be called once. */
  run(onSettled: (outcomes: WriteOutcomes<T>) => void): void {
    this.#onSettled = onSettled;
    if (this.#signal !== undefined && !this.#isOnce) this.#listen(this.#signal);
    this.#send(this.#sides.A);
    this.#send(this.#sides.B);
  }

  #send(side: Side<T>): void {
    const { links, isDrained } = this.#both;
    const link = links[side.cluster];
    const isSkipped = isDrained(side.cluster);
    if (!isSkipped && link.isAvailable) {
      link.ask(side);
      return;
    }
    const error = link.unavailableError(isSkipped ? "it is drained" : undefined);
    this.settle(side, { state: "failed", error, reading: readError(error) });
  }

  settle(side: Side<T>, outcome: ClusterOutcome<T>): void {
    if (side.outcome !== undefined) return;
    side.outcome = outcome;
    const { cluster } = side;
    const other = this.#sides[otherCluster(cluster)];
    if (other.outcome !== undefined) {
      this.#unlisten?.();
      this.#both.secondAnswers[cluster].end(side);
      const { outcome: answer } = other;
      this.#onSettled(cluster === "A" ? { A: outcome, B: answer } : { A: answer, B: outcome });
    } else if (outcome.state === "applied") {
      // From now on nobody depends on the other's answer.
      if (!this.#isOnce) this.#both.secondAnswers[other.cluster].wait(other);
      if (this.#onFirst?.(cluster, outcome.result) === true) this.#unlisten?.();
    } else if (isRefusedForGood(outcome) && this.#request.callOff(other.cluster, outcome.error)) {
      this.settle(other, outcome);
    }
  }

  #listen(signal: AbortSignal): void {
    const giveUp = () => {
      for (const cluster of CLUSTERS) this.#sides[cluster].giveUp(signal.reason);
    };
    this.#unlisten = onAbort(signal, giveUp);
  }
}

/** One cluster's part of a write. */
class Side<T> extends ListNode<SecondAnswer> implements LinkRequest<T>, SecondAnswer {
  readonly cluster: ClusterId;
  readonly #request: DualRequest<T>;
  readonly #write: DualWrite<T>;
  outcome: ClusterOutcome<T> | undefined;
  dueAtMs = 0;

  constructor(cluster: ClusterId, request: DualRequest<T>, write: DualWrite<T>) {
    super();
    this.cluster = cluster;
    this.#request = request;
    this.#write = write;
  }

  send(client: Client): Promise<T> {
    return this.#request.send(this.cluster, client);
  }

  again(client: Client, error: unknown): Promise<T> | undefined {
    return this.#request.again(this.cluster, client, error);
  }

  isWanted(): boolean {
    return this.outcome === undefined;
  }

  applied(result: T): void {
    this.#write.settle(this, { state: "applied", result });
  }

  failed(error: unknown): void {
    const reading = this.#request.read(this.cluster, error);
    this.#write.settle(this, { state: "failed", error, reading });
  }

  /** It has not answered, for whatever reason. */
  giveUp(error: unknown): void {
    // Whatever the reason of the signal would mean as an answer.
    const reading = { ...readError(error), applied: "maybe", retry: "later" } as const;
    this.#write.settle(this, { state: "failed", error, reading });
  }
}
