import type { Lane, LaneDepth } from "@helix/core";
import type { PerSecond } from "../pods/per-second.ts";
import type { Outlook, PodStatus } from "./status-types.ts";

/** Less is taken for nothing: a message in twenty seconds. */
const LEAST_PER_SECOND = 0.05;

/** What goes on in lanes, together. */
export interface Traffic {
  readonly in: PerSecond;
  readonly out: PerSecond;
  /** Per second of the last minute; undefined: nobody can tell. */
  readonly growth: number | undefined;
  /** Of what left them, so many died, per second of the last minute. */
  readonly died: number | undefined;
}

/**
 * What the pods have counted. What left the lanes is the sum of what each has taken out; by how much they grew, each has seen of all that is
 * done, so the one that has looked for the longest is believed.
 */
export function trafficOf(lanes: readonly Lane[], pods: readonly PodStatus[]): Traffic {
  const alive = pods.filter(({ isAlive }) => isAlive);
  const watcher = alive.toSorted((one, other) => one.startedAtMs - other.startedAtMs)[0];
  const growth = sum(lanes.map((lane) => watcher?.lanes[lane].growth ?? {}));
  const out = sum(alive.flatMap((pod) => lanes.map((lane) => pod.lanes[lane].out)));
  const died = sum(alive.flatMap((pod) => lanes.map((lane) => pod.lanes[lane].died)));
  const into = (window: keyof PerSecond) => {
    const [left, grew] = [out[window], growth[window]];
    return left === undefined || grew === undefined ? undefined : rounded(Math.max(0, left + grew));
  };
  return {
    in: { last1Min: into("last1Min"), last15Min: into("last15Min") },
    out,
    growth: growth.last1Min,
    died: died.last1Min,
  };
}

/** @param isHeld Whether nothing is replayed. */
export function outlookOf(depth: number, growth: number | undefined, isHeld: boolean): Outlook {
  if (depth === 0) return { outlook: "empty" };
  if (growth !== undefined && growth > LEAST_PER_SECOND) return { outlook: "growing" };
  if (isHeld) return { outlook: "held" };
  if (growth === undefined) return { outlook: "unknown" };
  if (growth > -LEAST_PER_SECOND) return { outlook: "steady" };
  return { outlook: "draining", drainedInMs: Math.round((-1000 * depth) / growth) };
}

/** Of those that are known; a pod that has just started has nothing to say yet. */
function sum(all: readonly PerSecond[]): PerSecond {
  const of = (window: keyof PerSecond) => {
    const known = all.map((one) => one[window]).filter((value) => value !== undefined);
    return known.length === 0 ? undefined : rounded(known.reduce((total, value) => total + value, 0));
  };
  return { last1Min: of("last1Min"), last15Min: of("last15Min") };
}

/** All that is in a lane. */
export function heldIn(depth: LaneDepth | undefined): number {
  return depth === undefined ? 0 : depth.pending + depth.inFlight + depth.delayed + depth.stuck;
}

export function rounded(value: number): number {
  return Math.round(100 * value) / 100;
}
