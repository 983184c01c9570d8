import {
  CLUSTERS,
  type Clock,
  type ClusterId,
  type ControlStore,
  type Logger,
  RATES_KEY,
  type RateOrder,
  rateAt,
  readRates,
} from "@helix/core";
import { StoredOrders } from "@helix/core/internal";

/** What a worker takes at the least. */
const LEAST = 0.001;

export interface ObeyedRatesOptions {
  readonly control: ControlStore;
  readonly worker: { setRateLimit(cluster: ClusterId, perSecond: number | undefined): void };
  /** How many pods there are, this one included. May reject. */
  readonly countPods: () => Promise<number>;
  readonly logger: Logger;
  readonly clock: Clock;
}

/**
 * Gives a worker its share of the rates that people order by the control store: the rate by the number of pods that are alive.
 * That number is looked for only while a rate holds: at each order, and at each `look`. A rate that is over ends by itself.
 */
export class ObeyedRates {
  readonly #options: ObeyedRatesOptions;
  readonly #orders: StoredOrders<RateOrder>;
  readonly #given = new Map<ClusterId, number | undefined>();
  #pods = 1;

  constructor(options: ObeyedRatesOptions) {
    const { control, logger, clock } = options;
    this.#options = options;
    this.#orders = new StoredOrders({
      store: control,
      writer: control,
      logger,
      clock,
      key: RATES_KEY,
      name: "rates",
      read: readRates,
      // Not from within the watch, which may tell while this is being made.
      onChange: () => queueMicrotask(() => void this.look()),
    });
  }

  /** Resolves when it is known whether there are rates; they are obeyed a moment later. */
  known(): Promise<void> {
    return this.#orders.known();
  }

  /** Counts the pods again, where a rate holds. Never rejects: where they cannot be counted there are as many as before. */
  async look(): Promise<void> {
    const { countPods } = this.#options;
    if (CLUSTERS.some((cluster) => this.#rate(cluster) !== undefined)) {
      this.#pods = Math.max(1, await countPods().catch(() => this.#pods));
    }
    for (const cluster of CLUSTERS) this.#give(cluster);
  }

  /** Hears of no order any more: the last ones hold. */
  close(): void {
    this.#orders.close();
  }

  #rate(cluster: ClusterId): number | undefined {
    return rateAt(this.#orders.all?.[cluster], this.#options.clock.wallMs());
  }

  #give(cluster: ClusterId): void {
    const rate = this.#rate(cluster);
    const share = rate === undefined ? undefined : Math.max(LEAST, rate / this.#pods);
    if (share === this.#given.get(cluster)) return;
    this.#given.set(cluster, share);
    this.#options.worker.setRateLimit(cluster, share);
  }
}
