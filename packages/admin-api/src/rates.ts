import { z } from "zod";
import { ordered, timeMs } from "./words.ts";

const revision = z
  .int()
  .nonnegative()
  .describe(
    "What `status` has shown as `revisions.rates`: over another one nothing is changed, and the answer is 409.",
  );

export const setRate = z.strictObject({
  ...ordered,
  perSecond: z.number().min(0.001).describe("Executions per second, over all pods together."),
  untilMs: timeMs
    .optional()
    .describe("Without a limit from then on. Milliseconds since 1970; absent: until another order."),
  revision,
});

export const removeRate = z.strictObject({ ...ordered, revision });

export const ratesChanged = z.object({ revision: z.int().describe("Of the rates as they are now.") });
