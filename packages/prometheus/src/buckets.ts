import type { MetricName } from "@helix/core";

/** Upper bounds in seconds. */
export type Buckets = Readonly<Record<MetricName<"histogram">, readonly number[]>>;

/**
 * An execution takes milliseconds, or its timeout of 30 s. A replay follows its write within milliseconds, or
 * after an outage of minutes to a day.
 */
export const DEFAULT_BUCKETS: Buckets = {
  helix_execution_seconds: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
  helix_replay_lag_seconds: [
    0.01,
    0.1,
    0.5,
    1,
    5,
    15,
    60,
    300,
    900,
    3600,
    3 * 3600,
    6 * 3600,
    12 * 3600,
    24 * 3600,
  ],
};
