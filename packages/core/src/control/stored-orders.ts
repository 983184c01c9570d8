import { CLUSTERS, type ClusterId } from "../cluster.ts";
import type { Clock } from "../policy/clock.ts";
import type { Logger } from "../report/logger.ts";
import type { ControlDocument, ControlReader, ControlStore } from "./control-store.ts";
import type { Order } from "./order.ts";

export type Orders<O extends Order> = Readonly<Partial<Record<ClusterId, O>>>;

export interface StoredOrdersOptions<O extends Order> {
  readonly store: ControlReader;
  /** The same, for who may write: orders that are lost with the store are put back by whoever knows them. */
  readonly writer: ControlStore | undefined;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly key: string;
  /** What they are called in log lines, such as `gates`. */
  readonly name: string;
  /** The schema of the document; undefined for what is none. */
  readonly read: (value: unknown) => Orders<O> | undefined;
  /** Called when other orders hold, perhaps: by a change or by time. */
  readonly onChange: () => void;
}

/** An end is looked for at the wall clock, which may jump, at least so often. */
const MOST_MS = 60_000;

/**
 * What people have ordered for the clusters by one document of the control store. While the store is away the last known orders
 * hold. A document that is none changes nothing, and neither does one that is gone: orders are replaced, never deleted, so the store
 * has lost it.
 *
 * States: unknown → (the first look, or there is no right to look) known → closed.
 */
export class StoredOrders<O extends Order> {
  readonly #options: StoredOrdersOptions<O>;
  readonly #watch: Disposable;
  readonly #whenKnown: (() => void)[] = [];
  #orders: Orders<O> | undefined;
  #revision: number | undefined;
  #complaint: string | undefined;
  #cancelTimer: (() => void) | undefined;

  constructor(options: StoredOrdersOptions<O>) {
    this.#options = options;
    this.#watch = options.store.watch(options.key, {
      onDocument: (document) => this.#seen(document),
      onFailure: (error, lasts) => this.#failed(error, lasts),
    });
  }

  /** Those that are over as well; undefined: not known yet. */
  get all(): Orders<O> | undefined {
    return this.#orders;
  }

  /** Resolves when it is known what was ordered, or that it cannot be for want of a right; at once if it is. */
  known(): Promise<void> {
    if (this.#orders !== undefined) return Promise.resolve();
    return new Promise((resolve) => this.#whenKnown.push(resolve));
  }

  /** Hears of no order any more: the last ones hold. Twice is safe. */
  close(): void {
    this.#watch[Symbol.dispose]();
    this.#cancelTimer?.();
  }

  #seen(document: ControlDocument | undefined): void {
    const { read, name } = this.#options;
    const orders = read(document?.value);
    if (document === undefined) {
      this.#absent();
    } else if (orders === undefined) {
      this.#complain(`what lies in the store as ${name} are none`, { revision: document.revision });
    } else {
      this.#complaint = undefined;
      this.#revision = document.revision;
    }
    this.#know(orders ?? this.#orders ?? {});
  }

  #absent(): void {
    const { writer, key, name } = this.#options;
    const isLost = this.#revision !== undefined;
    this.#complaint = undefined;
    if (!isLost) return;
    this.#revision = undefined;
    this.#complain(`the store has lost the ${name}`, {});
    // Of several who do so one wins, with what all of them knew.
    void writer?.put(key, this.#orders ?? {}, { revision: 0 }).catch(() => {});
  }

  #failed(err: unknown, lasts: boolean): void {
    this.#complain(`the ${this.#options.name} cannot be read`, { err });
    if (lasts) this.#know(this.#orders ?? {});
  }

  /** Once for each kind, until there is a document again. */
  #complain(what: string, fields: object): void {
    if (this.#complaint === what) return;
    this.#complaint = what;
    this.#options.logger.warn(fields, `${what}: the last orders that are known hold`);
  }

  #know(orders: Orders<O>): void {
    this.#orders = orders;
    this.#changed();
    for (const resolve of this.#whenKnown.splice(0)) resolve();
  }

  #changed(): void {
    const { clock, onChange } = this.#options;
    onChange();
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    const nowMs = clock.wallMs();
    const ends = CLUSTERS.map((cluster) => this.#orders?.[cluster]?.untilMs ?? 0).filter((ms) => ms > nowMs);
    if (ends.length === 0) return;
    const delayMs = Math.min(Math.ceil(Math.min(...ends) - nowMs), MOST_MS);
    this.#cancelTimer = clock.setTimer(() => this.#changed(), delayMs);
  }
}
