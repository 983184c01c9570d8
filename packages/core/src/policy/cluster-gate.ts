import { CLUSTERS, type ClusterId, isClusterId } from "../cluster.ts";
import { expected } from "../options/expected.ts";
import { harmlessCallback } from "../report/harmless.ts";

/** `drained`: skipped by writes, reads and replay. `paused`: skipped by replay only. */
export type GateState = "open" | "drained" | "paused";

export const GATE_STATES: readonly GateState[] = Object.freeze(["open", "drained", "paused"]);

/** Drain and pause, obeyed by client and worker. */
export interface ClusterGate {
  state(cluster: ClusterId): GateState;
  /** Why it is not open, for people; undefined if it is. @default the state */
  reasonOf?(cluster: ClusterId): string | undefined;
  onChange(listener: (cluster: ClusterId) => void): Disposable;
}

/** A gate that one process sets for itself. */
export class LocalClusterGate implements ClusterGate {
  readonly #states = new Map<ClusterId, GateState>(CLUSTERS.map((cluster) => [cluster, "open"]));
  readonly #listeners = new Set<(cluster: ClusterId) => void>();

  state(cluster: ClusterId): GateState {
    return this.#states.get(cluster) ?? "open";
  }

  /** @throws TypeError for a cluster or state that does not exist. */
  set(cluster: ClusterId, state: GateState): void {
    if (!isClusterId(cluster)) throw new TypeError(expected("cluster", '"A" or "B"', cluster));
    if (!GATE_STATES.includes(state)) {
      throw new TypeError(expected("state", '"open", "drained" or "paused"', state));
    }
    if (this.state(cluster) === state) return;
    this.#states.set(cluster, state);
    for (const listener of [...this.#listeners]) listener(cluster);
  }

  onChange(listener: (cluster: ClusterId) => void): Disposable {
    // None may keep the others from hearing of it, nor the change from being made.
    const entry = harmlessCallback(listener);
    this.#listeners.add(entry);
    return { [Symbol.dispose]: () => void this.#listeners.delete(entry) };
  }
}
