import { z } from "zod";
import { lane } from "./status.ts";
import { durationMs, timeMs } from "./words.ts";

const points = z.array(z.number().nullable());

// As `TrafficHistory` of `@helix/operations` gives it.
export const traffic = z
  .object({
    atMs: timeMs.optional().describe("Of the last point; absent: there is none yet."),
    everyMs: durationMs.describe("Between points. Milliseconds."),
    lanes: z.array(
      z.object({
        lane,
        in: points.describe("What left the lane, and by how much it grew."),
        out: points.describe("Applied or dead, by all pods."),
      }),
    ),
  })
  .describe(
    "Messages per second, the oldest point first: 90 at most, as many as this pod has looked for; null where it does not know. Estimates.",
  )
  .meta({ id: "Traffic" });
