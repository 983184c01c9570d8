import type { Operation, Priority } from "@helix/core";
import { TABLES } from "../cluster/statements.ts";
import { drawFaults, drawNatsFaults, drawRangesAway, type Fault, type QueueKind } from "./faults.ts";
import { drawSetup, type NatsSetup } from "./nats-faults.ts";
import { Random } from "./random.ts";
import { drawWrites } from "./workload.ts";
import type { Poisoned } from "./write.ts";

/** A write to be made, if the process that is to make it is there. */
export interface PlannedWrite {
  readonly number: number;
  readonly atMs: number;
  readonly app: number;
  readonly operation: Operation;
  readonly priority: Priority;
  readonly poison: Poisoned | undefined;
  /** What is queued of it is for a person. */
  readonly isHeld: boolean;
  /** Takes the timestamp of the write before it, so that the value decides. */
  readonly isTie: boolean;
  /** Which clusters its caller waits for. */
  readonly wait: "both" | "first";
}

export type Misbehaviour = "none" | "throw" | "reject" | "hang";

/** All that a seed decides before the first millisecond. */
export interface Scenario {
  readonly seed: number;
  /** `embedded`: client, memory queue and worker in one process. `service`: a durable queue between many. */
  readonly mode: "embedded" | "service";
  readonly queue: QueueKind;
  readonly nats: NatsSetup;
  readonly apps: number;
  readonly pods: number;
  readonly worker: {
    readonly concurrency: number;
    readonly batchSize: number;
    readonly highPriorityRatio: number;
    readonly strictPriority: boolean;
    readonly maxDeliver: number;
    readonly executeTimeoutMs: number;
    readonly maxBytesInHand: number;
  };
  readonly queueCapacity: number;
  readonly leaseMs: number;
  readonly deadLetterCapacity: number;
  /** The retention of the durable queue; the one in memory has none. */
  readonly maxAgeMs: number;
  /** `gc_grace_seconds` of tables that remember their deletes for less than {@link LONG_GRACE_SECONDS}. */
  readonly graceSeconds: Readonly<Record<string, number>>;
  readonly isIdempotent: boolean;
  readonly onEnqueueFailed: boolean;
  /** What a write does whose queue is full. */
  readonly onQueueFull: "refuse" | { readonly waitMs: number; readonly maxWaiting: number };
  /** How many writes an application watches after their calls have returned. */
  readonly maxInBackground: number;
  readonly callbacks: Misbehaviour;
  readonly writes: readonly PlannedWrite[];
  readonly faults: readonly Fault[];
}

/** - `ttl`: some inserts have a TTL, which a replay does not shorten by the age of the write. */
export type Beyond = "ttl";

export const BEYOND: readonly Beyond[] = ["ttl"];

/** That of all other tables: nothing here grows as old. */
export const LONG_GRACE_SECONDS = 864_000;

/** The retention of a durable queue: such that only what nobody can cure expires, or within most outages. */
export const LONG_RETENTION_MS = 2_400_000;
const SHORT_RETENTION_MS = 300_000;

export interface ScenarioOptions {
  /** @default by the mode that the seed draws: `memory` if it is embedded, else `model` */
  readonly queue?: QueueKind | undefined;
  /** @default drawn, 100 to 260 */
  readonly writes?: number | undefined;
  /** What the code is known not to hold, to be looked at all the same. @default nothing */
  readonly beyond?: readonly Beyond[] | undefined;
  /** Only these of the faults, by their place. @default all */
  readonly only?: readonly number[] | undefined;
}

/** The scenario of a seed. Pure. */
export function scenarioOf(seed: number, options: ScenarioOptions = {}): Scenario {
  const { beyond = [] } = options;
  const root = new Random(`helix ${seed}`);
  const random = root.fork("shape");
  const isEmbedded = random.chance(0.35);
  const queue = options.queue ?? (isEmbedded ? "memory" : "model");
  const mode = queue === "memory" ? "embedded" : "service";
  const apps = mode === "embedded" ? 1 : random.int(1, 2);
  const pods = mode === "embedded" ? 1 : random.int(1, 2);
  const spanMs = random.pick([3_000, 10_000, 30_000]);
  const waiting = root.fork("wait");
  const firstShare = waiting.pick([0, 0, 0.3, 1]);
  const drawn = drawWrites(root.fork("writes"), {
    count: random.int(100, 260),
    apps,
    spanMs,
    mode,
    ttlShare: beyond.includes("ttl") ? 0.2 : 0,
  }).map((write): PlannedWrite => ({ ...write, wait: waiting.chance(firstShare) ? "first" : "both" }));
  const shape = { queue, apps, pods, spanMs };
  const draw = queue === "nats" && seed % 2 === 1 ? drawNatsFaults : drawFaults;
  const often = draw(root.fork("faults"), shape);
  // Such that other seeds, all of the corpus among them, mean what they always meant.
  const away = seed % 4 === 0 ? drawRangesAway(root.fork("ranges"), shape, often) : [];
  const faults = [...often, ...away];
  return {
    seed,
    mode,
    queue,
    nats: drawSetup(root.fork("nats")),
    apps,
    pods,
    worker: {
      concurrency: random.pick([1, 4, 16, 128]),
      batchSize: random.pick([1, 10, 100]),
      highPriorityRatio: random.pick([0, 1, 3, 10]),
      strictPriority: random.chance(0.3),
      maxDeliver: random.pick([2, 5]),
      executeTimeoutMs: random.pick([3_000, 20_000]),
      // One message of a lane at a time, a few, or any number.
      maxBytesInHand: root.fork("bytes").pick([1, 50_000, 2 ** 30, 2 ** 30]),
    },
    queueCapacity: random.chance(0.15) ? random.int(5, 40) : 10_000,
    leaseMs: random.pick([5_000, 30_000]),
    deadLetterCapacity: random.chance(0.15) ? random.int(2, 6) : 10_000,
    maxAgeMs: random.chance(0.2) ? SHORT_RETENTION_MS : LONG_RETENTION_MS,
    graceSeconds: drawGraces(root.fork("graces")),
    isIdempotent: random.chance(0.5),
    onEnqueueFailed: random.chance(0.2),
    onQueueFull: waiting.chance(0.5)
      ? "refuse"
      : { waitMs: waiting.pick([500, 10_000]), maxWaiting: waiting.pick([2, 1000]) },
    maxInBackground: waiting.pick([1, 4, 1000]),
    callbacks: random.pick(["none", "none", "throw", "reject", "hang"]),
    writes: drawn.slice(0, options.writes ?? drawn.length),
    faults: options.only === undefined ? faults : faults.filter((_, index) => options.only?.includes(index)),
  };
}

/** One table in ten. */
function drawGraces(random: Random): Scenario["graceSeconds"] {
  const graces: Record<string, number> = {};
  for (const table of TABLES) {
    const seconds = random.pick([10, 30, 120]);
    if (random.chance(0.1)) graces[table] = seconds;
  }
  return graces;
}
