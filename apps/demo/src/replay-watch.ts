import type { ClusterId } from "@helix/core";
import type { TappedExecution } from "@helix/testkit";
import { type Account, type ExecutionKey, executionKey } from "./account.ts";

/** What the pods have replayed, as seen at the doors of the clusters. */
export class ReplayWatch {
  /** Writes of which a cluster has said that they are applied. */
  readonly replayed = new Set<ExecutionKey>();
  /** Of them, how many each pod was the first to bring. */
  readonly shares: number[];
  readonly #account: Account;

  constructor(account: Account, pods: number) {
    this.#account = account;
    this.shares = Array.from({ length: pods }, () => 0);
  }

  /** Returns how many that pod was the first to bring, this one among them. */
  applied(pod: number, cluster: ClusterId, { timestampMicros }: TappedExecution): number {
    const key = executionKey(cluster, timestampMicros);
    const share = this.shares[pod] ?? 0;
    if (this.replayed.has(key)) return share;
    this.replayed.add(key);
    this.shares[pod] = share + 1;
    // A timestamp is the time of the write, as long as the clocks are right.
    this.#account.tally.applied(Date.now() - Number(timestampMicros / 1000n));
    return share + 1;
  }

  /** For how long the oldest write has waited that is not replayed. Milliseconds; 0: none waits. */
  get oldestMs(): number {
    return this.#account.oldestMs((_, key) => this.replayed.has(key));
  }

  /** Writes that were queued, by the word of their calls, and that no cluster got. */
  get lost(): number {
    return [...this.#account.queued.values()].filter((key) => !this.replayed.has(key)).length;
  }
}
