import type { Lane, QueueRoom } from "@helix/core";
import { quantity } from "@helix/core/internal";
import type { PodStatus } from "./status-types.ts";
import { trafficOf } from "./traffic.ts";

const NEARLY = 0.8;

/** A limit that is nearly reached, in parts of a sentence. */
export interface Fullness {
  readonly of: QueueRoom["of"];
  /** Whose own limit it is. */
  readonly lane?: Lane | undefined;
  /** Such as `the queue`. */
  readonly where: string;
  /** Such as `800 of 1,000 messages (80 %)`. */
  readonly held: string;
  readonly isFull: boolean;
  /** Until it is full, if it goes on as in the last minute. Milliseconds; undefined: it is, it does not grow, or nobody can tell. */
  readonly inMs: number | undefined;
  /** What happens when it is full. */
  readonly harm: string;
}

/** Undefined: there is room enough. */
export function fullnessOf(room: QueueRoom, pods: readonly PodStatus[]): Fullness | undefined {
  const { of, lanes, unit, used, messages, capacity } = room;
  if (used < NEARLY * capacity) return undefined;
  const growth = of === "lanes" ? trafficOf(lanes, pods).growth : diedPerSecond(lanes, pods);
  // Of bytes by what a message has on the average.
  const perSecond = growth === undefined || messages === 0 ? 0 : (growth * used) / messages;
  const lane = lanes.length === 1 ? lanes[0] : undefined;
  const isFull = used >= capacity;
  return {
    of,
    ...(lane !== undefined && { lane }),
    where: of === "dead-letters" ? "the dead letters" : lane === undefined ? "the queue" : `lane ${lane}`,
    held: `${quantity(used)} of ${quantity(capacity)} ${unit} (${Math.floor((100 * used) / capacity)} %)`,
    isFull,
    inMs: perSecond > 0 && !isFull ? Math.round((1000 * (capacity - used)) / perSecond) : undefined,
    harm:
      of === "lanes"
        ? "it takes nothing more, and what a cluster misses is not queued"
        : "what cannot be replayed stays in its lane",
  };
}

function diedPerSecond(lanes: readonly Lane[], pods: readonly PodStatus[]): number | undefined {
  const alive = pods.filter(({ isAlive }) => isAlive);
  const died = alive.flatMap((pod) => lanes.map((lane) => pod.lanes[lane].died.last1Min));
  const known = died.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : known.reduce((sum, value) => sum + value, 0);
}
