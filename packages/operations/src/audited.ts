import { isHelixError, systemClock } from "@helix/core";
import { boundedText, checkOrder, harmlessCallback, LoggableError } from "@helix/core/internal";
import type { Ordered } from "./audit.ts";
import type { Operated } from "./operated.ts";

/** What is ordered, and by whom. */
export interface Order extends Ordered {
  /** Such as `pause`. */
  readonly verb: string;
  /** What it is done to, such as `{ cluster: "B" }`. Nothing that was bound to a statement may be in it. */
  readonly subject: Readonly<Record<string, unknown>>;
}

/**
 * Does what was ordered, and writes one record of it, done or refused. Resolves and rejects as `run` does; with TypeError where
 * nobody, or no reason, is named.
 */
export async function audited<T>(
  operated: Pick<Operated, "audit" | "clock">,
  { verb, subject, by, why }: Order,
  run: () => Promise<T>,
): Promise<T> {
  const { audit = () => {}, clock = systemClock } = operated;
  const record = (refusedBy: string | undefined) =>
    harmlessCallback(audit)({
      atMs: clock.wallMs(),
      verb,
      subject,
      by: textOf(by),
      why: textOf(why),
      ...(refusedBy !== undefined && { refusedBy }),
    });
  try {
    checkOrder({ by, reason: why });
    const result = await run();
    record(undefined);
    return result;
  } catch (error) {
    record(isHelixError(error) ? error.code : new LoggableError(error).name);
    throw error;
  }
}

/** Whoever orders may send anything. */
function textOf(value: unknown): string {
  return typeof value === "string" ? boundedText(value) : "";
}
