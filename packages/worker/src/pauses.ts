import { CLUSTERS, type ClusterGate, type ClusterId } from "@helix/core";

export interface PausesOptions {
  readonly gate: ClusterGate | undefined;
  /** Called after each change with why replay to a cluster stands still, or undefined if it goes on. */
  readonly onChange: (cluster: ClusterId, reason: string | undefined) => void;
}

/**
 * Why replay to a cluster stands still, if it does: a pause of this worker, which outlives stop and start, or
 * what the gate says, which is listened to between `watch` and `unwatch`. Both must allow it.
 */
export class Pauses {
  readonly #options: PausesOptions;
  readonly #paused = new Map<ClusterId, string>();
  readonly #reported = new Map<ClusterId, string>();
  #listening: Disposable | undefined;

  constructor(options: PausesOptions) {
    this.#options = options;
  }

  /** The worker's own reason first. */
  reasonOf(cluster: ClusterId): string | undefined {
    const own = this.#paused.get(cluster);
    if (own !== undefined) return own;
    const { gate } = this.#options;
    const state = gate?.state(cluster) ?? "open";
    return state === "open" ? undefined : (gate?.reasonOf?.(cluster) ?? state);
  }

  pause(cluster: ClusterId, reason: string): void {
    this.#paused.set(cluster, reason);
    this.#look(cluster);
  }

  resume(cluster: ClusterId): void {
    this.#paused.delete(cluster);
    this.#look(cluster);
  }

  watch(): void {
    this.#listening ??= this.#options.gate?.onChange((cluster) => this.#look(cluster));
    for (const cluster of CLUSTERS) this.#look(cluster);
  }

  unwatch(): void {
    this.#listening?.[Symbol.dispose]();
    this.#listening = undefined;
  }

  #look(cluster: ClusterId): void {
    const reason = this.reasonOf(cluster);
    if (reason === this.#reported.get(cluster)) return;
    if (reason === undefined) this.#reported.delete(cluster);
    else this.#reported.set(cluster, reason);
    this.#options.onChange(cluster, reason);
  }
}
