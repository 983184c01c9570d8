import { CLUSTERS, type Clock, type ClusterId, type ErrorReading, otherCluster } from "@helix/core";
import { readError } from "../failure/read-error.ts";
import type { ClusterLink } from "../session/cluster-link.ts";
import { requestTimeout } from "../session/outstanding.ts";
import { type ClusterOutcome, isRefusedForGood } from "./decide-write.ts";

export type WriteOutcomes<T> = Readonly<Record<ClusterId, ClusterOutcome<T>>>;

export interface DualWriteOptions<T> {
  readonly links: Readonly<Record<ClusterId, ClusterLink>>;
  /** Sends it to one cluster, unless it is not wanted any more when its turn has come. */
  readonly send: (link: ClusterLink, isWanted: () => boolean) => Promise<T>;
  /** What a failure of `send` means, over all tries. */
  readonly read: (cluster: ClusterId, error: unknown) => ErrorReading;
  /** Whether nothing is to be sent to that cluster for now. */
  readonly isDrained: (cluster: ClusterId) => boolean;
  /** Called when the other cluster refuses the values. Returns whether nothing was sent to this one, nor will be. */
  readonly callOff: (cluster: ClusterId, refusal: unknown) => boolean;
  /** Undefined: what is slow is waited for in full, since what it has yet to do would be done twice. */
  readonly secondaryTimeoutMs: number | undefined;
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
  /**
   * Called when one cluster has applied it and the other has not answered. Returns whether that is enough for the
   * caller, whose signal then ends nothing any more.
   */
  readonly onFirst?: ((cluster: ClusterId, result: T) => boolean) | undefined;
}

/**
 * One write on its way to both clusters, up to the point where it is known what to do.
 *
 * Per cluster: waiting → applied | failed. A cluster that is drained or not available fails at once, unasked. Once the
 * other has applied it, a waiting one fails as not answered after `secondaryTimeoutMs`, or as soon as its
 * breaker opens; when the signal is aborted all that wait fail so. What comes after that is ignored: the
 * same write twice is harmless (where it is not, there is no `secondaryTimeoutMs`). While the other has not applied it, it is waited for in full, since then
 * its answer is the caller's; but what one cluster's columns refuse for good, and was not sent to the other yet, is called off
 * there, and so refused by both.
 */
export class DualWrite<T> {
  readonly #options: DualWriteOptions<T>;
  readonly #outcomes: Partial<Record<ClusterId, ClusterOutcome<T>>> = {};
  readonly #cleanups: (() => void)[] = [];
  #unlisten: (() => void) | undefined;
  #resolve: (outcomes: WriteOutcomes<T>) => void = () => {};

  constructor(options: DualWriteOptions<T>) {
    this.#options = options;
  }

  /** Resolves with both outcomes; never rejects. To be called once. */
  run(): Promise<WriteOutcomes<T>> {
    return new Promise((resolve) => {
      this.#resolve = resolve;
      const { signal } = this.#options;
      if (signal !== undefined) this.#listen(signal);
      for (const cluster of CLUSTERS) this.#send(cluster);
    });
  }

  #send(cluster: ClusterId): void {
    const { links, send, read, isDrained } = this.#options;
    const link = links[cluster];
    const isSkipped = isDrained(cluster);
    if (isSkipped || !link.isAvailable) {
      const error = link.unavailableError(isSkipped ? "it is drained" : undefined);
      this.#settle(cluster, { state: "failed", error, reading: readError(error) });
      return;
    }
    send(link, () => this.#outcomes[cluster] === undefined).then(
      (result) => this.#settle(cluster, { state: "applied", result }),
      (error: unknown) => this.#settle(cluster, { state: "failed", error, reading: read(cluster, error) }),
    );
  }

  #settle(cluster: ClusterId, outcome: ClusterOutcome<T>): void {
    if (this.#outcomes[cluster] !== undefined) return;
    this.#outcomes[cluster] = outcome;
    const { A, B } = this.#outcomes;
    if (A !== undefined && B !== undefined) {
      this.#unlisten?.();
      for (const cleanup of this.#cleanups) cleanup();
      this.#resolve({ A, B });
    } else if (outcome.state === "applied") {
      this.#limit(otherCluster(cluster));
      if (this.#options.onFirst?.(cluster, outcome.result) === true) this.#unlisten?.();
    } else if (isRefusedForGood(outcome) && this.#options.callOff(otherCluster(cluster), outcome.error)) {
      this.#settle(otherCluster(cluster), outcome);
    }
  }

  /** From now on nobody depends on this cluster's answer. */
  #limit(cluster: ClusterId): void {
    const { clock, secondaryTimeoutMs, links } = this.#options;
    if (secondaryTimeoutMs === undefined) return;
    const link = links[cluster];
    this.#cleanups.push(
      clock.setTimer(
        () => this.#notAnswered(cluster, requestTimeout(secondaryTimeoutMs)),
        secondaryTimeoutMs,
      ),
      link.onUnavailable(() => this.#notAnswered(cluster, link.unavailableError())),
    );
  }

  #listen(signal: AbortSignal): void {
    const giveUp = () => {
      for (const cluster of CLUSTERS) this.#notAnswered(cluster, signal.reason);
    };
    signal.addEventListener("abort", giveUp, { once: true });
    this.#unlisten = () => signal.removeEventListener("abort", giveUp);
  }

  #notAnswered(cluster: ClusterId, error: unknown): void {
    // Whatever the reason of the signal would mean as an answer.
    const reading = { ...readError(error), applied: "maybe", retry: "later" } as const;
    this.#settle(cluster, { state: "failed", error, reading });
  }
}
