import { duration, quantity } from "@helix/core/internal";
import type { ClusterStatus, GateStatus, LaneStatus } from "./status-types.ts";

/** `B: paused by ops, schema change, until 14:00 UTC; 12,310 waiting, the oldest 4 min`. */
export function sentenceOf({ name, gate, lanes }: Omit<ClusterStatus, "sentence">, nowMs: number): string {
  return `${name}: ${[gateText(gate, nowMs), waitingText(lanes)].join("; ")}`;
}

function gateText(gate: GateStatus | undefined, nowMs: number): string {
  if (gate === undefined) return "what is ordered is not known";
  const { state, by, why, untilMs } = gate;
  if (state === "open") return state;
  const until = untilMs === undefined ? [] : [`until ${timeText(untilMs, nowMs)}`];
  return [`${state} by ${by}`, why, ...until].join(", ");
}

function waitingText(lanes: readonly LaneStatus[]): string {
  if (lanes.length === 0) return "what waits is not known";
  const waiting = lanes.reduce((sum, { depth }) => sum + depth, 0);
  if (waiting === 0) return "nothing waits";
  const ages = lanes.map(({ oldestAgeMs }) => oldestAgeMs).filter((age) => age !== undefined);
  const oldest = ages.length === 0 ? [] : [`the oldest ${duration(Math.max(...ages))}`];
  return [`${quantity(waiting)} waiting`, ...oldest].join(", ");
}

/** The hour of today, or the day as well. */
function timeText(atMs: number, nowMs: number): string {
  const [day, today] = [atMs, nowMs].map((ms) => new Date(ms).toISOString().slice(0, 10));
  return `${day === today ? "" : `${day} `}${new Date(atMs).toISOString().slice(11, 16)} UTC`;
}
