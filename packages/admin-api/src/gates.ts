import { z } from "zod";
import { ordered, timeMs } from "./words.ts";

const revision = z
  .int()
  .nonnegative()
  .describe(
    "What `status` has shown as `revisions.gates`: over another one nothing is changed, and the answer is 409.",
  );

/** Pause, or drain. */
export const closeGate = z.strictObject({
  ...ordered,
  untilMs: timeMs
    .optional()
    .describe("Open again from then on. Milliseconds since 1970; absent: until another order."),
  revision,
});

/** Resume, or undrain. */
export const openGate = z.strictObject({ ...ordered, revision });

export const gatesChanged = z.object({ revision: z.int().describe("Of the gates as they are now.") });
