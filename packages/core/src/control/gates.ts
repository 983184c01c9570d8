import { CLUSTERS, type ClusterId, isClusterId, otherCluster } from "../cluster.ts";
import { helixError, isHelixError } from "../errors.ts";
import { isObject } from "../is-object.ts";
import { expected } from "../options/expected.ts";
import { type Clock, systemClock } from "../policy/clock.ts";
import { GATE_STATES, type GateState } from "../policy/cluster-gate.ts";
import type { ControlStore } from "./control-store.ts";

/** Where the gates of both clusters lie: in one document, so that an order sees the other cluster's as well. */
export const GATES_KEY = "gates";

/** What a person has ordered for a cluster. */
export interface GateOrder {
  readonly state: GateState;
  /** In that person's words, for others; empty only with `open`. */
  readonly reason: string;
  readonly by: string;
  /** Milliseconds since 1970. */
  readonly sinceMs: number;
  /** From then on the cluster is open again, by the clock of whoever obeys. Milliseconds since 1970; undefined: until another order. */
  readonly untilMs?: number | undefined;
}

/** The last order for each cluster; a cluster without one is open. */
export type Gates = Readonly<Partial<Record<ClusterId, GateOrder>>>;

const MAX_REASON = 500;
const MAX_BY = 200;
/** Each is lost to somebody else's order. */
const TRIES = 20;
/** By so much clocks may differ: until then a drain that is over may still be obeyed. */
const OVERLAP_MS = 60_000;

/** The schema of the document; undefined for what is none. What a newer version adds is skipped. */
export function readGates(value: unknown): Gates | undefined {
  if (!isObject(value)) return undefined;
  const gates: Partial<Record<ClusterId, GateOrder>> = {};
  for (const cluster of CLUSTERS) {
    if (value[cluster] === undefined) continue;
    const order = readOrder(value[cluster]);
    if (order === undefined) return undefined;
    gates[cluster] = order;
  }
  return gates;
}

function readOrder(value: unknown): GateOrder | undefined {
  if (!isObject(value)) return undefined;
  const { state, reason, by, sinceMs, untilMs } = value;
  const isOne =
    GATE_STATES.includes(state as GateState) &&
    isText(reason, MAX_REASON) &&
    isText(by, MAX_BY) &&
    isTime(sinceMs) &&
    (untilMs === undefined || isTime(untilMs));
  return isOne ? ({ state, reason, by, sinceMs, untilMs } as GateOrder) : undefined;
}

/** What holds at a time: what has an end that is over is open. */
export function gateStateAt(order: GateOrder | undefined, nowMs: number): GateState {
  if (order === undefined || (order.untilMs !== undefined && order.untilMs <= nowMs)) return "open";
  return order.state;
}

export interface GateChange extends Omit<GateOrder, "sinceMs"> {
  readonly cluster: ClusterId;
  /** Only over the document that somebody has seen. @default whatever was ordered meanwhile for this cluster */
  readonly revision?: number | undefined;
}

/**
 * Gives an order. Resolves with the revision of the gates when it is stored: pods and clients obey it within a second. Of two at
 * once the later one holds, and neither undoes what was ordered for the other cluster.
 *
 * Rejects with HELIX_GATE_REFUSED for a drain while the other cluster is drained, or was until a minute ago: writes would go nowhere. Rejects
 * with HELIX_CONTROL_CONFLICT if the gates are not at `revision`, and as the store does.
 *
 * @throws TypeError, RangeError for an order that cannot be.
 */
export async function orderGate(
  store: ControlStore,
  change: GateChange,
  { clock = systemClock }: { readonly clock?: Clock | undefined } = {},
): Promise<number> {
  const { cluster, revision, state, reason, by, untilMs } = change;
  const nowMs = clock.wallMs();
  checkChange(change, nowMs);
  const order: GateOrder = { state, reason, by, sinceMs: nowMs, ...(untilMs !== undefined && { untilMs }) };
  for (let tries = 1; ; tries++) {
    const found = await store.get(GATES_KEY);
    // What is no document of gates only an order replaces.
    const gates = readGates(found?.value) ?? {};
    const other = otherCluster(cluster);
    if (state === "drained" && gateStateAt(gates[other], nowMs - OVERLAP_MS) === "drained") {
      const text = `Cluster ${other} is drained: with both drained no write would go anywhere. Open ${other} first, or wait for a minute after its end`;
      throw helixError("HELIX_GATE_REFUSED", text, { cluster, drained: other });
    }
    try {
      const next = { ...gates, [cluster]: order };
      return await store.put(GATES_KEY, next, { revision: revision ?? found?.revision ?? 0 });
    } catch (error) {
      const isLost = isHelixError(error, "HELIX_CONTROL_CONFLICT") && revision === undefined;
      if (!isLost || tries === TRIES) throw error;
    }
  }
}

function checkChange({ cluster, state, reason, by, untilMs }: GateChange, nowMs: number): void {
  if (!isClusterId(cluster)) throw new TypeError(expected("cluster", '"A" or "B"', cluster));
  if (!GATE_STATES.includes(state)) {
    throw new TypeError(expected("state", '"open", "drained" or "paused"', state));
  }
  if (!isText(reason, MAX_REASON) || (reason === "" && state !== "open")) {
    throw new TypeError(expected("reason", `a text of 1 to ${MAX_REASON} characters`, reason));
  }
  if (!isText(by, MAX_BY) || by === "") {
    throw new TypeError(expected("by", `a text of 1 to ${MAX_BY} characters`, by));
  }
  if (untilMs === undefined) return;
  if (!isTime(untilMs)) throw new TypeError(expected("untilMs", "milliseconds since 1970", untilMs));
  if (untilMs <= nowMs || state === "open") {
    throw new RangeError(expected("untilMs", "a time to come, of a state that is not open", untilMs));
  }
}

function isText(value: unknown, max: number): value is string {
  return typeof value === "string" && value.length <= max;
}

function isTime(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value) && value >= 0;
}
