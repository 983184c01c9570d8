import { CLUSTERS, type ClusterId } from "../cluster.ts";
import { clock, having, logger, type OptionsOf, optional, readOptions } from "../options/index.ts";
import type { Clock } from "../policy/clock.ts";
import type { ClusterGate, GateState } from "../policy/cluster-gate.ts";
import { harmlessCallback } from "../report/harmless.ts";
import type { Logger } from "../report/logger.ts";
import type { ControlDocument, ControlReader, ControlStore } from "./control-store.ts";
import { GATES_KEY, type Gates, gateStateAt, readGates } from "./gates.ts";

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

/** An end is looked for at the wall clock, which may jump, at least so often. */
const MOST_MS = 60_000;

/**
 * The gate that people order by the control store, the same for all processes within a second. Nobody has to be there for what
 * was ordered to hold: while the store is away the last known orders do, and what has an end opens by itself, by this process's clock.
 *
 * States: unknown → (the first look) known → closed. While unknown, clusters are `paused`: nothing is replayed to one that perhaps must
 * be left alone, and writes and reads are as usual. Without the right to look they are open. A document that is none changes
 * nothing, and neither does one that is gone: orders are replaced, never deleted, so the store has lost it.
 */
export class StoredClusterGate implements ClusterGate, Disposable {
  readonly #settings: Settings;
  readonly #watch: Disposable;
  readonly #listeners = new Set<(cluster: ClusterId) => void>();
  readonly #told = new Map<ClusterId, string>();
  readonly #whenKnown: (() => void)[] = [];
  #gates: Gates | undefined;
  #revision: number | undefined;
  #complaint: string | undefined;
  #cancelTimer: (() => void) | undefined;

  /** @throws TypeError for an option. */
  constructor(options: StoredClusterGateOptions) {
    this.#settings = readOptions<Settings>("StoredClusterGate", OPTIONS, options);
    for (const cluster of CLUSTERS) this.#told.set(cluster, this.#effect(cluster));
    this.#watch = this.#settings.store.watch(GATES_KEY, {
      onDocument: (document) => this.#seen(document),
      onFailure: (error, lasts) => this.#failed(error, lasts),
    });
  }

  state(cluster: ClusterId): GateState {
    if (this.#gates === undefined) return "paused";
    return gateStateAt(this.#gates[cluster], this.#settings.clock.wallMs());
  }

  reasonOf(cluster: ClusterId): string | undefined {
    const state = this.state(cluster);
    if (state === "open") return undefined;
    const order = this.#gates?.[cluster];
    return order === undefined
      ? "what was ordered is not known yet"
      : `${state} by ${order.by}: ${order.reason}`;
  }

  /** Resolves when it is known what was ordered, or that it cannot be for want of a right; at once if it is. */
  known(): Promise<void> {
    if (this.#gates !== undefined) return Promise.resolve();
    return new Promise((resolve) => this.#whenKnown.push(resolve));
  }

  onChange(listener: (cluster: ClusterId) => void): Disposable {
    const entry = harmlessCallback(listener);
    this.#listeners.add(entry);
    return { [Symbol.dispose]: () => void this.#listeners.delete(entry) };
  }

  /** Hears of no order any more: the last ones hold. Twice is safe. */
  close(): void {
    this.#watch[Symbol.dispose]();
    this.#cancelTimer?.();
    this.#listeners.clear();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #seen(document: ControlDocument | undefined): void {
    const gates = readGates(document?.value);
    if (document === undefined) {
      this.#absent();
    } else if (gates === undefined) {
      this.#complain("what lies in the store as gates are none", { revision: document.revision });
    } else {
      this.#complaint = undefined;
      this.#revision = document.revision;
    }
    this.#know(gates ?? this.#gates ?? {});
  }

  #absent(): void {
    const isLost = this.#revision !== undefined;
    this.#complaint = undefined;
    if (!isLost) return;
    this.#revision = undefined;
    this.#complain("the store has lost the gates", {});
    // Of several who do so one wins, with what all of them knew.
    void this.#settings.writer?.put(GATES_KEY, this.#gates ?? {}, { revision: 0 }).catch(() => {});
  }

  #failed(err: unknown, lasts: boolean): void {
    this.#complain("the gates cannot be read", { err });
    if (lasts) this.#know(this.#gates ?? {});
  }

  /** Once for each kind, until there is a document again. */
  #complain(what: string, fields: object): void {
    if (this.#complaint === what) return;
    this.#complaint = what;
    this.#settings.logger.warn(fields, `${what}: the last orders that are known hold`);
  }

  #know(gates: Gates): void {
    this.#gates = gates;
    this.#look();
    for (const resolve of this.#whenKnown.splice(0)) resolve();
  }

  /** Tells what has changed, by an order or by time. */
  #look(): void {
    for (const cluster of CLUSTERS) {
      const effect = this.#effect(cluster);
      if (effect === this.#told.get(cluster)) continue;
      this.#told.set(cluster, effect);
      for (const listener of [...this.#listeners]) listener(cluster);
    }
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    const nowMs = this.#settings.clock.wallMs();
    const ends = CLUSTERS.map((cluster) => this.#gates?.[cluster]?.untilMs ?? 0).filter((ms) => ms > nowMs);
    if (ends.length === 0) return;
    const delayMs = Math.min(Math.ceil(Math.min(...ends) - nowMs), MOST_MS);
    this.#cancelTimer = this.#settings.clock.setTimer(() => this.#look(), delayMs);
  }

  #effect(cluster: ClusterId): string {
    return `${this.state(cluster)} ${this.reasonOf(cluster)}`;
  }
}
