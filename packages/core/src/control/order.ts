import { CLUSTERS, type ClusterId } from "../cluster.ts";
import { helixError } from "../errors.ts";
import { isObject } from "../is-object.ts";
import { expected } from "../options/expected.ts";

/** What a person has ordered, and stands in the control store for others to obey. */
export interface Order {
  /** In that person's words, for others. */
  readonly reason: string;
  readonly by: string;
  /** Milliseconds since 1970. */
  readonly sinceMs: number;
  /** From then on it is over, by the clock of whoever obeys. Milliseconds since 1970; undefined: until another order. */
  readonly untilMs?: number | undefined;
  /**
   * By which whoever ordered it repeats it: as long as it is the last one for its cluster, the same order with this key changes nothing, and is
   * answered as if it had. 1 to 200 characters. @default each is another order
   */
  readonly key?: string | undefined;
}

const MAX_KEY = 200;
const MAX_REASON = 500;
const MAX_BY = 200;

/**
 * The schema of a document with an order for each cluster; undefined for what is none.
 *
 * @param read Checks what an order has beyond what every one has.
 */
export function readOrders<O extends Order>(
  value: unknown,
  read: (order: O) => O | undefined,
): Partial<Record<ClusterId, O>> | undefined {
  if (!isObject(value)) return undefined;
  const orders: Partial<Record<ClusterId, O>> = {};
  for (const cluster of CLUSTERS) {
    const given = value[cluster];
    if (given === undefined) continue;
    const order = isOrder(given) ? read(given as O) : undefined;
    if (order === undefined) return undefined;
    orders[cluster] = order;
  }
  return orders;
}

function isOrder(value: unknown): value is Order {
  if (!isObject(value)) return false;
  const { reason, by, sinceMs, untilMs, key } = value as Partial<Order>;
  return (
    isText(reason, MAX_REASON) &&
    isText(by, MAX_BY) &&
    (key === undefined || isText(key, MAX_KEY)) &&
    isTime(sinceMs) &&
    (untilMs === undefined || isTime(untilMs))
  );
}

/**
 * Whether it is the last order for its cluster that is given once more, whenever it was given.
 *
 * @throws HelixError HELIX_ORDER_KEY_REUSED where the last one has its key and is another.
 */
export function isRepeated<O extends Order>(cluster: ClusterId, last: O | undefined, order: O): boolean {
  if (last?.key === undefined || last.key !== order.key) return false;
  if (textOf(last) === textOf(order)) return true;
  const text = `The key is that of another order for cluster ${cluster}, by ${last.by} (${last.reason})`;
  throw helixError("HELIX_ORDER_KEY_REUSED", text, { cluster });
}

function textOf(order: Order): string {
  return JSON.stringify(
    Object.entries({ ...order, sinceMs: 0 })
      .filter(([, value]) => value !== undefined)
      .sort(),
  );
}

export function isOver({ untilMs }: Order, nowMs: number): boolean {
  return untilMs !== undefined && untilMs <= nowMs;
}

/** @throws TypeError for an order without a person, or without a reason, or whose key cannot be. */
export function checkOrder(
  { reason, by, key }: { readonly reason: unknown; readonly by: unknown; readonly key?: unknown },
  { mayLackReason = false }: { readonly mayLackReason?: boolean } = {},
): void {
  if (!isText(reason, MAX_REASON) || (reason === "" && !mayLackReason)) {
    throw new TypeError(expected("reason", `a text of 1 to ${MAX_REASON} characters`, reason));
  }
  if (!isText(by, MAX_BY) || by === "") {
    throw new TypeError(expected("by", `a text of 1 to ${MAX_BY} characters`, by));
  }
  if (key !== undefined && (!isText(key, MAX_KEY) || key === "")) {
    throw new TypeError(expected("key", `a text of 1 to ${MAX_KEY} characters`, key));
  }
}

/** @throws TypeError, RangeError for what is no time to come. */
export function checkUntil(untilMs: number | undefined, nowMs: number): void {
  if (untilMs === undefined) return;
  if (!isTime(untilMs)) throw new TypeError(expected("untilMs", "milliseconds since 1970", untilMs));
  if (untilMs <= nowMs) throw new RangeError(expected("untilMs", "a time to come", untilMs));
}

function isText(value: unknown, max: number): value is string {
  return typeof value === "string" && value.length <= max;
}

function isTime(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value) && value >= 0;
}
