import { CLUSTERS, type ClusterId, LANES, type Lane } from "@helix/core";
import type { RangesAway } from "../cluster/model-cluster.ts";
import { TABLES } from "../cluster/statements.ts";
import { NATS_FAULTS, type NatsFault } from "./nats-faults.ts";
import type { Random } from "./random.ts";

/** What goes wrong, from when and for how long. Milliseconds since the start. */
export type Fault = { readonly atMs: number; readonly forMs: number } & (
  | { readonly kind: "outage" | "silence" | "deafness"; readonly cluster: ClusterId }
  | { readonly kind: "flapping"; readonly cluster: ClusterId; readonly periodMs: number }
  | {
      readonly kind: "table-away" | "table-timeouts" | "late-schema";
      readonly cluster: ClusterId;
      readonly table: string;
    }
  | ({ readonly cluster: ClusterId } & RangesAway)
  | { readonly kind: "slowness"; readonly cluster: ClusterId; readonly factor: number }
  | { readonly kind: "overload"; readonly cluster: ClusterId; readonly capacity: number }
  | {
      readonly kind: "flakiness";
      readonly cluster: ClusterId;
      readonly share: number;
      readonly appliedShare: number;
    }
  | { readonly kind: "double-failures"; readonly share: number; readonly appliedShare: number }
  | { readonly kind: "queue-restart" }
  | { readonly kind: "garbage"; readonly lane: Lane }
  | { readonly kind: "queue-loss"; readonly share: number }
  | { readonly kind: "queue-duplicates"; readonly share: number }
  | { readonly kind: "app-crash"; readonly app: number; readonly crossings: number }
  | { readonly kind: "pod-crash"; readonly pod: number; readonly crossings: number }
  | { readonly kind: "worker-restart"; readonly pod: number; readonly graceMs: number }
  | { readonly kind: "pause"; readonly pod: number; readonly cluster: ClusterId }
  | { readonly kind: "gate"; readonly cluster: ClusterId; readonly state: "drained" | "paused" }
  | { readonly kind: "clock-step"; readonly process: number; readonly byMs: number }
  | { readonly kind: "freeze"; readonly process: number }
  | NatsFault
);

export type FaultKind = Fault["kind"];

export interface Shape {
  readonly queue: QueueKind;
  readonly apps: number;
  readonly pods: number;
  readonly spanMs: number;
}

/** In one process with the client; a model of a durable one; the adapter of NATS, over a model of the server. */
export type QueueKind = "memory" | "model" | "nats";

export const QUEUES: readonly QueueKind[] = ["memory", "model", "nats"];

type Draw = (random: Random, shape: Shape) => DistributiveOmit<Fault, "atMs" | "forMs">;
type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

const cluster = (random: Random) => random.pick(CLUSTERS);

const lateSchema: Draw = (random) => ({
  kind: "late-schema",
  cluster: cluster(random),
  table: random.pick(TABLES),
});

const ANYWHERE: readonly Draw[] = [
  (random) => ({ kind: "outage", cluster: cluster(random) }),
  (random) => ({ kind: "silence", cluster: cluster(random) }),
  (random) => ({ kind: "deafness", cluster: cluster(random) }),
  (random) => ({ kind: "flapping", cluster: cluster(random), periodMs: random.pick([300, 1000, 4000]) }),
  (random) => ({ kind: "table-away", cluster: cluster(random), table: random.pick(TABLES) }),
  (random) => ({ kind: "table-timeouts", cluster: cluster(random), table: random.pick(TABLES) }),
  lateSchema,
  // Twice, since it alone fails at once, and so several times within the window in which a success proves anything.
  lateSchema,
  (random) => ({ kind: "slowness", cluster: cluster(random), factor: random.pick([10, 200, 1000]) }),
  (random) => ({ kind: "overload", cluster: cluster(random), capacity: random.pick([1, 4]) }),
  (random) => ({
    kind: "flakiness",
    cluster: cluster(random),
    share: random.pick([0.1, 0.5]),
    appliedShare: random.next(),
  }),
  (random) => ({ kind: "double-failures", share: random.pick([0.3, 0.9]), appliedShare: random.next() }),
  (random, { pods }) => ({
    kind: "worker-restart",
    pod: random.int(0, pods - 1),
    graceMs: random.pick([0, 100, 10_000]),
  }),
  (random, { pods }) => ({ kind: "pause", pod: random.int(0, pods - 1), cluster: cluster(random) }),
  (random) => ({ kind: "gate", cluster: cluster(random), state: random.pick(["drained", "paused"]) }),
  (random, { apps, pods }) => ({
    kind: "clock-step",
    process: random.int(0, apps + pods - 1),
    byMs: random.pick([-60_000, -500, 500, 3_600_000]),
  }),
  (random, { apps, pods }) => ({ kind: "freeze", process: random.int(0, apps + pods - 1) }),
];

const garbage: Draw = (random) => ({ kind: "garbage", lane: random.pick(LANES) });

const CRASHES: readonly Draw[] = [
  (random, { apps }) => ({ kind: "app-crash", app: random.int(0, apps - 1), crossings: random.int(0, 60) }),
  (random, { pods }) => ({ kind: "pod-crash", pod: random.int(0, pods - 1), crossings: random.int(0, 60) }),
  (random, { pods }) => ({ kind: "pod-crash", pod: random.int(0, pods - 1), crossings: random.int(0, 300) }),
];

const ON_A_MODEL: readonly Draw[] = [
  () => ({ kind: "queue-restart" }),
  garbage,
  (random) => ({ kind: "queue-loss", share: random.pick([0.05, 0.3]) }),
  (random) => ({ kind: "queue-duplicates", share: random.pick([0.1, 0.5]) }),
];

const DRAWS: Readonly<Record<QueueKind, readonly Draw[]>> = {
  memory: ANYWHERE,
  model: [...ANYWHERE, ...ON_A_MODEL, ...CRASHES],
  nats: [...ANYWHERE, garbage, ...CRASHES, ...NATS_FAULTS],
};

/** Longer than the patience of a worker with one message, 15 minutes, and than five failures after that. */
const LONG_MS = 1_500_000;

/** One to six faults within the time of the workload; some outlast it by far. */
export function drawFaults(random: Random, shape: Shape): Fault[] {
  const draws = DRAWS[shape.queue];
  return Array.from({ length: random.int(1, 6) }, () => {
    const atMs = random.int(0, shape.spanMs);
    const drawn = random.pick(draws)(random, shape);
    const forMs = "table" in drawn && random.chance(0.2) ? LONG_MS : drawDuration(random, shape.spanMs);
    return { ...drawn, atMs, forMs } as Fault;
  });
}

/** From the end of an outage until most of it has been replayed. */
const REPLAYED_MS = 2000;

/** What makes a cluster miss writes, so that there is something to replay. */
const MISSING: readonly Draw[] = [
  (random) => ({ kind: "outage", cluster: cluster(random) }),
  (random) => ({ kind: "silence", cluster: cluster(random) }),
  (random) => ({ kind: "flapping", cluster: cluster(random), periodMs: random.pick([300, 1000, 4000]) }),
  (random) => ({ kind: "slowness", cluster: cluster(random), factor: random.pick([200, 1000]) }),
];

/** One or two faults of NATS and little else, where many at once would excuse each other. */
export function drawNatsFaults(random: Random, shape: Shape): Fault[] {
  const { spanMs } = shape;
  const missing = { ...random.pick(MISSING)(random, shape), ...drawTimes(random, spanMs) } as Fault;
  const backMs = missing.atMs + missing.forMs;
  const ofNats = Array.from({ length: random.int(1, 2) }, () => {
    const drawn = { ...random.pick(NATS_FAULTS)(random, shape), ...drawTimes(random, spanMs) };
    // While what was missed is replayed there is most to go wrong.
    return random.chance(0.5) ? { ...drawn, atMs: backMs + random.int(0, REPLAYED_MS) } : drawn;
  });
  return [missing, ...(ofNats as Fault[])];
}

function drawTimes(random: Random, spanMs: number): { atMs: number; forMs: number } {
  return { atMs: random.int(0, spanMs), forMs: drawDuration(random, spanMs) };
}

const WHOLE: readonly FaultKind[] = ["outage", "silence", "deafness", "flapping", "flakiness"];

/**
 * Some rows are away, from within a time in which the whole cluster is until after it: its nodes come back one by
 * one. If it is at no time, an outage is added.
 */
export function drawRangesAway(random: Random, { spanMs }: Shape, faults: readonly Fault[]): Fault[] {
  const outage = {
    kind: "outage",
    cluster: cluster(random),
    atMs: random.int(0, spanMs),
    forMs: random.int(100, spanMs),
  } as const;
  const found = faults.find(({ kind }) => WHOLE.includes(kind));
  const whole = found !== undefined && "cluster" in found ? found : outage;
  const afterMs = random.int(0, whole.forMs);
  const away = {
    kind: "ranges-away",
    cluster: whole.cluster,
    from: random.next(),
    share: random.pick([0.1, 0.3, 0.6]),
    how: random.pick(["unavailable", "unavailable", "timeout"] as const),
    appliedShare: random.next(),
    atMs: whole.atMs + afterMs,
    forMs: whole.forMs - afterMs + drawDuration(random, spanMs),
  } as const;
  return whole === outage ? [outage, away] : [away];
}

/** Some are over before anybody has drawn a conclusion, some last for minutes. */
function drawDuration(random: Random, spanMs: number): number {
  const kind = random.next();
  if (kind < 0.1) return random.int(60_000, 600_000);
  return random.int(100, kind < 0.4 ? 1000 : spanMs);
}

export function describeFault({ kind, atMs, forMs, ...rest }: Fault): string {
  const details = Object.entries(rest).map(
    ([name, value]) => `${name}=${typeof value === "number" ? Number(value.toFixed(2)) : value}`,
  );
  return `${kind} ${details.join(" ")} at ${atMs} ms for ${forMs} ms`;
}
