import { HARMS } from "@helix/core";
import { z } from "zod";
import { timeMs } from "./words.ts";

/** As `doctor` of `@helix/operations` gives it. */
export const doctorReport = z
  .object({
    atMs: timeMs,
    verdict: z
      .union([z.literal(0), z.literal(1), z.literal(2)])
      .describe(
        "0: nothing is wrong. 1: something is that is more than advice. 2: besides, something could not be looked at.",
      ),
    findings: z.array(
      z.object({
        code: z.string().describe("The same in all versions."),
        harm: z.enum(HARMS),
        where: z.string(),
        what: z.string().describe("What can happen, and why."),
        cure: z.string(),
      }),
    ),
    unseen: z.array(z.object({ what: z.string(), why: z.string() })).describe("What could not be looked at."),
  })
  .meta({ id: "DoctorReport" });
