import { LANES } from "@helix/core";
import { z } from "zod";
import { cluster, counted, priority, timeMs } from "./words.ts";

const ageMs = z.number().nonnegative().describe("Milliseconds.");

const lane = z
  .looseObject({
    lane: z.enum(LANES),
    priority,
    depth: counted.describe("All that is in the lane."),
    pending: counted,
    inHand: counted,
    inBackOff: counted,
    stuck: counted.describe("Stored, but owed to nobody: a fault of the queue."),
    oldestAgeMs: ageMs.optional(),
  })
  .meta({ id: "LaneStatus" });

const gate = z
  .looseObject({
    state: z
      .enum(["open", "drained", "paused"])
      .describe("drained: skipped by writes, reads and replay; paused: by replay only."),
    by: z.string().optional(),
    why: z.string().optional(),
    sinceMs: timeMs.optional(),
    untilMs: timeMs.optional(),
  })
  .meta({ id: "GateStatus" });

const clusterStatus = z
  .looseObject({
    cluster,
    name: z.string(),
    sentence: z.string().describe("All of it, for a person."),
    gate: gate.optional().describe("Absent where it could not be read."),
    lanes: z.array(lane),
  })
  .meta({ id: "ClusterStatus" });

/** As `status` of `@helix/operations` gives it; there may be more in it. */
export const status = z
  .looseObject({
    atMs: timeMs,
    clusters: z.object({ A: clusterStatus, B: clusterStatus }),
    revisions: z.looseObject({ gates: counted.optional() }).describe("What an order is compared with."),
    unread: z
      .array(z.looseObject({ part: z.string(), error: z.string() }))
      .describe("What could not be read: the rest is what is known."),
  })
  .meta({ id: "Status" });
