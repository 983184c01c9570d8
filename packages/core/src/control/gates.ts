import { type ClusterId, isClusterId, otherCluster } from "../cluster.ts";
import { helixError } from "../errors.ts";
import { expected } from "../options/expected.ts";
import { type Clock, systemClock } from "../policy/clock.ts";
import { GATE_STATES, type GateState } from "../policy/cluster-gate.ts";
import { changeDocument } from "./change-document.ts";
import type { ControlStore } from "./control-store.ts";
import { checkOrder, checkUntil, isOver, isRepeated, type Order, readOrders } from "./order.ts";

/** Where the gates of both clusters lie: in one document, so that an order sees the other cluster's as well. */
export const GATES_KEY = "gates";

/** What a person has ordered for a cluster; the reason is empty only with `open`. When it is over, the cluster is open again. */
export interface GateOrder extends Order {
  readonly state: GateState;
}

/** The last order for each cluster; a cluster without one is open. */
export type Gates = Readonly<Partial<Record<ClusterId, GateOrder>>>;

/** By so much clocks may differ: until then a drain that is over may still be obeyed. */
const OVERLAP_MS = 60_000;

/** The schema of the document; undefined for what is none. What a newer version adds is skipped. */
export function readGates(value: unknown): Gates | undefined {
  return readOrders<GateOrder>(value, ({ state, reason, by, sinceMs, untilMs, key }) =>
    GATE_STATES.includes(state) ? { state, reason, by, sinceMs, untilMs, key } : undefined,
  );
}

/** What holds at a time: what has an end that is over is open. */
export function gateStateAt(order: GateOrder | undefined, nowMs: number): GateState {
  return order === undefined || isOver(order, nowMs) ? "open" : order.state;
}

export interface GateChange extends Omit<GateOrder, "sinceMs"> {
  readonly cluster: ClusterId;
  /** Only over the document that somebody has seen. @default whatever was ordered meanwhile for this cluster */
  readonly revision?: number | undefined;
  /** Only where one of these holds. @default whatever holds */
  readonly from?: readonly GateState[] | undefined;
}

/**
 * Gives an order. Resolves with the revision of the gates when it is stored: pods and clients obey it within a second. Of two at
 * once the later one holds, and neither undoes what was ordered for the other cluster.
 *
 * Rejects with HELIX_GATE_REFUSED for a drain while the other cluster is drained, or was until a minute ago: writes would go nowhere; and
 * where something else holds than what `from` names. Rejects with HELIX_ORDER_KEY_REUSED where the last order for this cluster has the
 * same key and is another, with HELIX_CONTROL_CONFLICT if the gates are not at `revision`, and as the store does.
 *
 * @throws TypeError, RangeError for an order that cannot be.
 */
export async function orderGate(
  store: ControlStore,
  change: GateChange,
  { clock = systemClock }: { readonly clock?: Clock | undefined } = {},
): Promise<number> {
  const { cluster, revision, state, reason, by, untilMs, key } = change;
  const nowMs = clock.wallMs();
  checkChange(change, nowMs);
  const order: GateOrder = { state, reason, by, sinceMs: nowMs, untilMs, key };
  const changed = (found: unknown) => {
    // What is no document of gates only an order replaces.
    const gates = readGates(found) ?? {};
    checkGates(change, gates, nowMs);
    return { ...gates, [cluster]: order };
  };
  const isMade = (found: unknown) => isRepeated(cluster, readGates(found)?.[cluster], order);
  return changeDocument(store, GATES_KEY, revision, changed, isMade);
}

function checkGates({ cluster, state, from }: GateChange, gates: Gates, nowMs: number): void {
  const other = otherCluster(cluster);
  if (state === "drained" && gateStateAt(gates[other], nowMs - OVERLAP_MS) === "drained") {
    const text = `Cluster ${other} is drained: with both drained no write would go anywhere. Open ${other} first, or wait for a minute after its end`;
    throw helixError("HELIX_GATE_REFUSED", text, { cluster, drained: other });
  }
  const now = gateStateAt(gates[cluster], nowMs);
  if (from === undefined || from.includes(now)) return;
  const first = now === "drained" ? "Undrain it first" : "Resume it first";
  const text = `Cluster ${cluster} is ${now}${by(gates[cluster])}, which this order would take back without speaking of it. ${first}`;
  throw helixError("HELIX_GATE_REFUSED", text, { cluster, state: now });
}

function by(order: GateOrder | undefined): string {
  return order === undefined ? "" : ` by ${order.by} (${order.reason})`;
}

function checkChange(change: GateChange, nowMs: number): void {
  const { cluster, state, untilMs } = change;
  if (!isClusterId(cluster)) throw new TypeError(expected("cluster", '"A" or "B"', cluster));
  if (!GATE_STATES.includes(state)) {
    throw new TypeError(expected("state", '"open", "drained" or "paused"', state));
  }
  checkOrder(change, { mayLackReason: state === "open" });
  checkUntil(untilMs, nowMs);
  if (untilMs !== undefined && state === "open") {
    throw new RangeError(expected("untilMs", "a time to come, of a state that is not open", untilMs));
  }
}
