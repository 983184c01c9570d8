import { CLUSTERS, type ClusterId } from "../cluster.ts";
import { clock, having, logger, type OptionsOf, optional, readOptions } from "../options/index.ts";
import type { Clock } from "../policy/clock.ts";
import type { ClusterGate, GateState } from "../policy/cluster-gate.ts";
import { harmlessCallback } from "../report/harmless.ts";
import type { Logger } from "../report/logger.ts";
import type { ControlReader, ControlStore } from "./control-store.ts";
import { GATES_KEY, type GateOrder, gateStateAt, readGates } from "./gates.ts";
import { StoredOrders } from "./stored-orders.ts";

export interface StoredClusterGateOptions {
  /** Where the orders lie. */
  readonly store: ControlReader;
  /**
   * The same, for who may write: orders that are lost with the store are put back by whoever knows them. @default none
   */
  readonly writer?: ControlStore | undefined;
  /** Where log lines go. Whatever it does changes nothing. @default none */
  readonly logger?: Logger | undefined;
  /** @default the machine's */
  readonly clock?: Clock | undefined;
}

interface Settings {
  readonly store: ControlReader;
  readonly writer: ControlStore | undefined;
  readonly logger: Logger;
  readonly clock: Clock;
}

const OPTIONS: OptionsOf<Settings> = {
  store: having<ControlReader>("a ControlStore", ["watch"]),
  writer: optional(having<ControlStore>("a ControlStore", ["put"])),
  logger,
  clock,
};

/**
 * The gate that people order by the control store, the same for all processes within a second. Nobody has to be there for what
 * was ordered to hold: while the store is away the last known orders do, and what has an end opens by itself, by this process's clock.
 *
 * States: unknown → (the first look) known → closed. While unknown, clusters are `paused`: nothing is replayed to one that perhaps must
 * be left alone, and writes and reads are as usual. Without the right to look they are open. A document that is none changes
 * nothing, and neither does one that is gone: orders are replaced, never deleted, so the store has lost it.
 */
export class StoredClusterGate implements ClusterGate, Disposable {
  readonly #clock: Clock;
  /** Undefined while it is made: a store may tell what it has from within `watch`. */
  readonly #orders: StoredOrders<GateOrder> | undefined;
  readonly #listeners = new Set<(cluster: ClusterId) => void>();
  readonly #told = new Map<ClusterId, string>();

  /** @throws TypeError for an option. */
  constructor(options: StoredClusterGateOptions) {
    const settings = readOptions<Settings>("StoredClusterGate", OPTIONS, options);
    this.#clock = settings.clock;
    this.#orders = new StoredOrders({
      ...settings,
      key: GATES_KEY,
      name: "gates",
      read: readGates,
      onChange: () => this.#look(),
    });
    for (const cluster of CLUSTERS) this.#told.set(cluster, this.#effect(cluster));
  }

  state(cluster: ClusterId): GateState {
    const all = this.#orders?.all;
    return all === undefined ? "paused" : gateStateAt(all[cluster], this.#clock.wallMs());
  }

  reasonOf(cluster: ClusterId): string | undefined {
    const state = this.state(cluster);
    if (state === "open") return undefined;
    const order = this.#orders?.all?.[cluster];
    return order === undefined
      ? "what was ordered is not known yet"
      : `${state} by ${order.by}: ${order.reason}`;
  }

  /** Resolves when it is known what was ordered, or that it cannot be for want of a right; at once if it is. */
  known(): Promise<void> {
    return this.#orders?.known() ?? Promise.resolve();
  }

  onChange(listener: (cluster: ClusterId) => void): Disposable {
    const entry = harmlessCallback(listener);
    this.#listeners.add(entry);
    return { [Symbol.dispose]: () => void this.#listeners.delete(entry) };
  }

  /** Hears of no order any more: the last ones hold. Twice is safe. */
  close(): void {
    this.#orders?.close();
    this.#listeners.clear();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** Tells what has changed, by an order or by time. */
  #look(): void {
    for (const cluster of CLUSTERS) {
      const effect = this.#effect(cluster);
      if (effect === this.#told.get(cluster)) continue;
      this.#told.set(cluster, effect);
      for (const listener of [...this.#listeners]) listener(cluster);
    }
  }

  #effect(cluster: ClusterId): string {
    return `${this.state(cluster)} ${this.reasonOf(cluster)}`;
  }
}
