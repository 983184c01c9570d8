import { LANES } from "@helix/core";
import { z } from "zod";
import { cluster, counted, durationMs, priority, timeMs } from "./words.ts";

// As `status` of `@helix/operations` gives it. What is absent is not known, or is not there.

export const lane = z.enum(LANES);
const perSecond = z
  .object({ last1Min: z.number().optional(), last15Min: z.number().optional() })
  .describe("Messages per second. An estimate.");

const outlook = {
  outlook: z
    .enum(["empty", "draining", "growing", "steady", "held", "unknown"])
    .describe("What becomes of what waits, if it goes on as in the last minute."),
  drainedInMs: durationMs.optional(),
};

const laneStatus = z
  .object({
    lane,
    priority,
    depth: counted.describe("All that is in the lane."),
    pending: counted,
    inHand: counted,
    inBackOff: z.number(),
    stuck: counted.describe("Stored, but owed to nobody: a fault of the queue."),
    oldestAgeMs: durationMs.optional(),
    in: perSecond,
    out: perSecond,
    ...outlook,
  })
  .meta({ id: "LaneStatus" });

const order = {
  by: z.string().optional(),
  why: z.string().optional(),
  sinceMs: timeMs.optional(),
  untilMs: timeMs.optional(),
};

const gate = z
  .object({
    state: z
      .enum(["open", "drained", "paused"])
      .describe("drained: skipped by writes, reads and replay; paused: by replay only."),
    ...order,
  })
  .meta({ id: "GateStatus" });

const rate = z.object({ perSecond: z.number(), ...order }).meta({ id: "RateStatus" });

const breaker = z
  .object({
    state: z
      .enum(["closed", "open", "partly-open", "unknown"])
      .describe("Over all pods; `unknown`: there is none that could tell."),
    openPods: counted,
    pods: counted,
    openForMs: durationMs.optional(),
  })
  .meta({ id: "BreakerStatus" });

const clusterStatus = z
  .object({
    cluster,
    name: z.string(),
    sentence: z.string().describe("All of it, for a person."),
    gate: gate.optional().describe("Absent where it could not be read."),
    rate: rate.optional().describe("Over all pods; absent: any."),
    breaker,
    lastError: z.object({ text: z.string(), atMs: timeMs, pod: z.string() }).optional(),
    depth: counted.optional().describe("All that is in its lanes."),
    oldestAgeMs: durationMs.optional(),
    in: perSecond,
    out: perSecond,
    lanes: z.array(laneStatus),
    ...outlook,
  })
  .meta({ id: "ClusterStatus" });

const podCluster = z
  .object({
    breaker: z.enum(["closed", "open", "half-open"]),
    breakerSinceMs: timeMs.optional(),
    pausedBy: z.string().optional().describe("Why replay stands still by order."),
    concurrency: z.number().describe("Executions that it may get at once by now."),
    perSecond: z.number().optional().describe("Executions that it may get per second; absent: any number."),
    lastError: z.object({ text: z.string(), atMs: timeMs }).optional(),
    refusedWrites: z
      .object({ tables: z.string(), text: z.string(), sinceMs: timeMs })
      .optional()
      .describe("What the cluster has refused again and again, and may take once that is cured."),
    shortestGrace: z.object({ table: z.string(), gcGraceSeconds: z.number() }).optional(),
  })
  .meta({ id: "PodCluster" });

const podLane = z
  .object({
    inHand: z.number(),
    inBackOff: z.number(),
    applied: z.number().describe("Since the pod has started."),
    failed: z.number().describe("Executions that failed and are tried again, since then."),
    dead: z.number().describe("Became dead letters, since then."),
    out: perSecond,
    died: perSecond,
    growth: perSecond,
  })
  .meta({ id: "PodLane" });

const pod = z
  .object({
    protocol: z.number(),
    id: z.string().describe("Another one with each start."),
    host: z.string(),
    version: z.string(),
    startedAtMs: timeMs,
    intervalMs: durationMs,
    warning: z.string().optional().describe("What its queue has for somebody to look after."),
    isAlive: z.boolean(),
    silentMs: durationMs,
    clockOffsetMs: z
      .number()
      .optional()
      .describe("So much its clock was ahead of the queue's with its last report, at least. Milliseconds."),
    clusters: z.object({ A: podCluster, B: podCluster }),
    lanes: z.record(lane, podLane),
  })
  .meta({ id: "PodStatus" });

export const status = z
  .object({
    atMs: timeMs,
    clusters: z.object({ A: clusterStatus, B: clusterStatus }),
    pods: z.array(pod),
    warnings: z.array(
      z.object({
        code: z.string().describe("The same in all versions."),
        sentence: z.string(),
        cluster: cluster.optional(),
        lane: lane.optional(),
        inMs: durationMs.optional().describe("Until it is too late. Milliseconds; absent: nobody can tell."),
      }),
    ),
    revisions: z
      .object({ gates: counted.optional(), rates: counted.optional() })
      .describe("What an order is compared with."),
    unread: z
      .array(z.object({ part: z.string(), error: z.string() }))
      .describe("What could not be read: the rest is what is known."),
  })
  .meta({ id: "Status" });
