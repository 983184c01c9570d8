import {
  type ControlDocument,
  type ControlStore,
  GATES_KEY,
  type GateOrder,
  gateStateAt,
  RATES_KEY,
  type RateOrder,
  rateAt,
  readGates,
  readRates,
} from "@helix/core";
import { toldError } from "@helix/core/internal";
import type { GateStatus, RateStatus } from "./status-types.ts";

/** What people have ordered, and at which revision. Each rejects as the store does, and for what is no such document. */
export const readOrders = {
  gates: async (control: Pick<ControlStore, "get">) =>
    ordersIn("gates", await control.get(GATES_KEY), readGates),
  rates: async (control: Pick<ControlStore, "get">) =>
    ordersIn("rates", await control.get(RATES_KEY), readRates),
};

function ordersIn<T>(
  name: string,
  found: ControlDocument | undefined,
  read: (value: unknown) => T | undefined,
) {
  const orders = read(found === undefined ? {} : found.value);
  if (orders === undefined) throw toldError(`what lies in the store as ${name} are none`);
  return { orders, revision: found?.revision ?? 0 };
}

export function gateStatus(order: GateOrder | undefined, nowMs: number): GateStatus {
  const state = gateStateAt(order, nowMs);
  if (order === undefined || state !== order.state) return { state };
  const { by, reason: why, sinceMs, untilMs } = order;
  return { state, by, why, sinceMs, untilMs };
}

export function rateStatus(order: RateOrder | undefined, nowMs: number): RateStatus | undefined {
  const perSecond = rateAt(order, nowMs);
  if (order === undefined || perSecond === undefined) return undefined;
  const { by, reason: why, sinceMs, untilMs } = order;
  return { perSecond, by, why, sinceMs, untilMs };
}
