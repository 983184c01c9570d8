import { DEAD_LETTER_REASONS } from "@helix/core";
import { z } from "zod";
import { FILTER_SHAPE } from "./filter.ts";
import { cluster, counted, cursor, limit, nextCursor, ordered, priority, timeMs } from "./words.ts";

/** A subject is made of it. */
export const letterId = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,128}\.\d{1,20}(-\d{1,20})?$/)
  .describe("Id and life of the message, as pages show them.");

const failure = z.object({ name: z.string(), code: z.string().optional(), message: z.string() });

const letter = z
  .object({
    id: z.string(),
    cluster,
    priority,
    reason: z.enum(DEAD_LETTER_REASONS),
    outcome: z.enum(["unavailable", "uncertain", "rejected"]).optional(),
    error: failure.optional().describe("The last failure. Its text quotes no value."),
    firstError: failure.optional().describe("The first that was counted. Its text quotes no value."),
    attempts: counted,
    diedAtMs: timeMs,
    bytes: counted.describe("Of the message, as it lay in its lane."),
    write: z
      .object({
        kind: z.enum(["statement", "logged", "unlogged", "counter"]),
        statements: counted,
        tables: z.array(z.string()),
        life: counted.describe("How often it was redriven before it died."),
        timestampMicros: z.string().describe("What the database compares: an int64 in decimal."),
        writtenAtMs: timeMs,
      })
      .optional()
      .describe("Absent where its bytes are no payload."),
  })
  .meta({ id: "DeadLetter" });

export const letterQuery = z.strictObject(FILTER_SHAPE);
export const letterPageQuery = z.strictObject({ ...FILTER_SHAPE, limit, cursor: cursor.optional() });
export const letterPage = z.object({ letters: z.array(letter), cursor: nextCursor });
export const oneLetter = z.object({ letter });
export const letterCount = z.object({
  count: counted,
  isExact: z.boolean().describe("Otherwise a second was too short, and there are at least so many."),
});

const trashedLetter = letter
  .extend({
    discarded: z.object({ atMs: timeMs, by: z.string().optional(), why: z.string().optional() }),
  })
  .meta({ id: "TrashedLetter" });

export const oneTrashedLetter = z.object({ letter: trashedLetter });
export const trashPage = z.object({ letters: z.array(trashedLetter), cursor: nextCursor });

export const letterGroups = z.object({
  groups: z
    .array(
      z
        .object({
          cluster,
          tables: z.array(z.string()),
          reason: z.enum(DEAD_LETTER_REASONS),
          errorCode: z.string().optional(),
          count: counted,
          redrivenBefore: counted.describe("How many of them have died again after a redrive."),
          firstDiedAtMs: timeMs,
          lastDiedAtMs: timeMs,
          sampleId: z.string(),
        })
        .meta({ id: "DeadLetterGroup" }),
    )
    .describe("By cluster, tables, reason and code of the failure, the largest first."),
  total: counted.describe("How many groups there are."),
  cursor: nextCursor,
});

export const valuesRequest = z.strictObject(ordered);
export const letterValues = z.object({
  letter,
  error: failure.optional().describe("The last failure, its text whole: it may quote values."),
  statements: z
    .array(
      z.object({
        query: z.string(),
        params: z.union([z.array(z.unknown()), z.record(z.string(), z.unknown())]),
      }),
    )
    .optional()
    .describe(
      'What JSON has no value for is `{ "type": …, "value": … }`. Absent where its bytes are no payload.',
    ),
  raw: z.string().optional().describe("Bytes that are no payload, in base64."),
});
