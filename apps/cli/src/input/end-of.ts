import { timeToCome } from "@helix/core/internal";
import { UsageError } from "../failures.ts";

/** When an order is over. @param command What `--until` belongs to. @throws UsageError for what is no time to come. */
export function endOf(until: string | undefined, nowMs: number, command: string): number | undefined {
  if (until === undefined) return undefined;
  const untilMs = timeToCome(until, nowMs);
  if (untilMs !== undefined && untilMs > nowMs) return untilMs;
  const inAnHour = new Date(nowMs + 3_600_000).toISOString().replace(/:\d\d\.\d+/, "");
  throw new UsageError(
    `Expected --until to be a time to come, got ${JSON.stringify(until)}`,
    ...["90m", "14:00Z", inAnHour].map((one) => `${command} --until ${one}`),
  );
}
