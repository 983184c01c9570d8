import type { EvaluatedCall, EvaluatedFunction } from "@helix/safety";
import { types } from "cassandra-driver";

const MS_PER_DAY = 86_400_000;

/** What each function comes to at a moment, as a server has it: dates and times are those of UTC. */
const VALUES: Readonly<Record<EvaluatedFunction, (nowMs: number) => unknown>> = {
  // Not `fromDate`, whose values of one millisecond are not always in the order in which they were made.
  now: () => types.TimeUuid.now(),
  current_timeuuid: () => types.TimeUuid.now(),
  uuid: () => types.Uuid.random(),
  current_timestamp: (nowMs) => new Date(nowMs),
  current_date: (nowMs) => {
    const now = new Date(nowMs);
    return new types.LocalDate(now.getUTCFullYear(), now.getUTCMonth() + 1, now.getUTCDate());
  },
  current_time: (nowMs) => types.LocalTime.fromMilliseconds(nowMs % MS_PER_DAY),
};

/** What a call comes to, once for both clusters and for whatever is sent later. Two calls are two values. */
export function valueOfCall({ function: name }: EvaluatedCall, nowMs: number): unknown {
  return VALUES[name](nowMs);
}
