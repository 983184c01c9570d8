import { CLUSTERS, type ClusterId } from "../cluster.ts";
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
}

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
  const { reason, by, sinceMs, untilMs } = value as Partial<Order>;
  return (
    isText(reason, MAX_REASON) &&
    isText(by, MAX_BY) &&
    isTime(sinceMs) &&
    (untilMs === undefined || isTime(untilMs))
  );
}

export function isOver({ untilMs }: Order, nowMs: number): boolean {
  return untilMs !== undefined && untilMs <= nowMs;
}

/** @throws TypeError for an order without a person, or without a reason. */
export function checkOrder(
  { reason, by }: { readonly reason: unknown; readonly by: unknown },
  { mayLackReason = false }: { readonly mayLackReason?: boolean } = {},
): void {
  if (!isText(reason, MAX_REASON) || (reason === "" && !mayLackReason)) {
    throw new TypeError(expected("reason", `a text of 1 to ${MAX_REASON} characters`, reason));
  }
  if (!isText(by, MAX_BY) || by === "") {
    throw new TypeError(expected("by", `a text of 1 to ${MAX_BY} characters`, by));
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
