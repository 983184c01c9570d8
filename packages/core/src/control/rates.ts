import { type ClusterId, isClusterId } from "../cluster.ts";
import { expected } from "../options/expected.ts";
import { number, optional, readOption } from "../options/index.ts";
import { type Clock, systemClock } from "../policy/clock.ts";
import { changeDocument } from "./change-document.ts";
import type { ControlStore } from "./control-store.ts";
import { checkOrder, checkUntil, isOver, isRepeated, type Order, readOrders } from "./order.ts";

/** Where the rates of both clusters lie. */
export const RATES_KEY = "rates";

const MIN = 0.001;
const MAX = 1_000_000;

/** What a person has ordered for a cluster. When it is over, there is no limit. */
export interface RateOrder extends Order {
  /** Executions per second, over all pods, 0.001 to 1 000 000; undefined: any number. */
  readonly perSecond?: number | undefined;
}

/** The last order for each cluster; a cluster without one gets any number. */
export type Rates = Readonly<Partial<Record<ClusterId, RateOrder>>>;

/** The schema of the document; undefined for what is none. What a newer version adds is skipped. */
export function readRates(value: unknown): Rates | undefined {
  return readOrders<RateOrder>(value, ({ perSecond, reason, by, sinceMs, untilMs, key }) => {
    const isOne =
      perSecond === undefined || (typeof perSecond === "number" && perSecond >= MIN && perSecond <= MAX);
    return isOne ? { perSecond, reason, by, sinceMs, untilMs, key } : undefined;
  });
}

/** What holds at a time; undefined: any number. */
export function rateAt(order: RateOrder | undefined, nowMs: number): number | undefined {
  return order === undefined || isOver(order, nowMs) ? undefined : order.perSecond;
}

export interface RateChange extends Omit<RateOrder, "sinceMs"> {
  readonly cluster: ClusterId;
  /** Only over the document that somebody has seen. @default whatever was ordered meanwhile for this cluster */
  readonly revision?: number | undefined;
}

/**
 * Gives an order. Resolves with the revision of the rates when it is stored. Rejects with HELIX_CONTROL_CONFLICT if the rates are not
 * at `revision`, with HELIX_ORDER_KEY_REUSED where the last order for this cluster has the same key and is another, and as the store does.
 *
 * @throws TypeError, RangeError for an order that cannot be.
 */
export async function orderRate(
  store: ControlStore,
  { cluster, revision, perSecond, reason, by, untilMs, key }: RateChange,
  { clock = systemClock }: { readonly clock?: Clock | undefined } = {},
): Promise<number> {
  const nowMs = clock.wallMs();
  if (!isClusterId(cluster)) throw new TypeError(expected("cluster", '"A" or "B"', cluster));
  readOption(optional(number({ min: MIN, max: MAX })), perSecond, "perSecond");
  checkOrder({ reason, by, key });
  checkUntil(untilMs, nowMs);
  if (untilMs !== undefined && perSecond === undefined) {
    throw new TypeError(expected("untilMs", "undefined where there is no `perSecond`", untilMs));
  }
  const order: RateOrder = { perSecond, reason, by, sinceMs: nowMs, untilMs, key };
  const changed = (found: unknown) => ({ ...readRates(found), [cluster]: order });
  const isMade = (found: unknown) => isRepeated(cluster, readRates(found)?.[cluster], order);
  return changeDocument(store, RATES_KEY, revision, changed, isMade);
}
