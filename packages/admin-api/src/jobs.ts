import { z } from "zod";
import { FILTER_SHAPE } from "./filter.ts";
import { counted, cursor, limit, nextCursor, ordered, timeMs } from "./words.ts";

const filter = z.strictObject(FILTER_SHAPE).meta({ id: "Filter", description: "All conditions must hold." });

export const jobId = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/);

const start = {
  ...ordered,
  filter: filter.optional().describe("Which letters: at least one condition, or else `all`."),
  all: z.boolean().optional().describe("Every letter there is is meant."),
  expect: counted
    .optional()
    .describe(
      "How many letters there are, as `jobs/count` has told: otherwise nothing is begun. Needed unless the filter has one id.",
    ),
  perSecond: z.int().min(1).max(100_000).optional().describe("At most so many per second."),
};

const stages = {
  stages: z
    .array(z.int().min(1).max(10_000))
    .min(1)
    .max(10)
    .optional()
    .describe(
      "It begins with so many, and goes on only when few enough of them have died again; at the end comes the rest.",
    ),
  stageWaitMs: z
    .int()
    .min(1)
    .max(2_147_483_647)
    .optional()
    .describe("For so long they may die again. Milliseconds."),
  stageMaxDiedAgain: z
    .number()
    .min(0)
    .max(1)
    .optional()
    .describe("So large a part of them, or more, ends the job."),
};

export const startJob = z.strictObject(start);
export const startRedrive = z.strictObject({ ...start, ...stages });

/** What long work there is. */
const verb = z.enum(["redrive", "discard", "restore", "empty"]);

export const jobCountQuery = z.strictObject({ ...FILTER_SHAPE, verb });

const job = z
  .object({
    id: z.string(),
    verb,
    by: z.string(),
    why: z.string(),
    filter,
    force: z.boolean(),
    perSecond: z.number().optional(),
    stages: z.array(z.number()).optional(),
    expect: counted.describe("How many letters there were when it was ordered."),
    state: z.enum(["waiting", "running", "paused", "cancelling", "done", "failed", "cancelled"]),
    counts: z.object({
      done: counted,
      failed: counted,
      skipped: counted.describe("Their bytes are no payload."),
      needsForce: counted.describe("To redrive them may bring back what was deleted since."),
      vanished: counted.describe("Somebody else has ended them."),
    }),
    errors: z.record(z.string(), counted).describe("How often each failure came, by its code."),
    failures: z
      .array(z.object({ id: z.string(), code: z.string() }))
      .describe("The first of those that failed."),
    stage: z
      .object({
        index: counted,
        done: counted,
        diedAgain: counted.optional(),
        lookedFor: counted.optional(),
        decidesAtMs: timeMs.optional(),
      })
      .optional(),
    holder: z.string().optional().describe("The pod that works on it."),
    stalled: z
      .object({ code: z.string(), sinceMs: timeMs })
      .optional()
      .describe("It goes on by itself when this is over."),
    cancelled: z.object({ by: z.string(), why: z.string(), atMs: timeMs }).optional(),
    failedFor: z.string().optional(),
    createdAtMs: timeMs,
    startedAtMs: timeMs.optional(),
    endedAtMs: timeMs.optional(),
  })
  .meta({ id: "Job" });

export const oneJob = z.object({ job });
export const jobPageQuery = z.strictObject({ limit, cursor: cursor.optional() });
export const jobPage = z.object({ jobs: z.array(job).describe("The newest first."), cursor: nextCursor });
export const cancelJob = z.strictObject(ordered);
