import { CLUSTERS, type ClusterId } from "../cluster.ts";
import { type Clock, systemClock } from "../policy/clock.ts";
import { harmlessLogger, harmlessMetrics } from "../report/harmless.ts";
import { type Logger, silentLogger } from "../report/logger.ts";
import { type Metrics, silentMetrics } from "../report/metrics.ts";
import { expected } from "./expected.ts";
import { type MoreFacts, type Option, optional, withDefault } from "./option.ts";
import { object } from "./values.ts";

/** A function. */
export function func<T>(facts?: MoreFacts<T>): Option<T> {
  return {
    kind: "function",
    expectation: "a function",
    about: "",
    required: true,
    ...facts,
    check(value, name) {
      if (typeof value !== "function") throw new TypeError(expected(name, "a function", value));
      return value as T;
    },
  };
}

/** A function that is told something, or nothing. */
export function callback<T>(facts?: MoreFacts<T>): Option<T | undefined> {
  return optional(func<T>(facts));
}

/** An object that has these methods (an interface is recognised by its shape, never by its class). */
export function having<T extends object>(
  what: string,
  methods: readonly (keyof T & string)[],
  facts?: MoreFacts<T>,
): Option<T> {
  return object({ expectation: what, ...facts }, (value, name) => {
    const isObject = typeof value === "object" && value !== null;
    if (isObject && methods.every((method) => hasMethod(value, method))) return value as T;
    const these = methods.length === 0 ? "" : ` (with \`${methods.join("`, `")}\`)`;
    throw new TypeError(expected(name, `${what}${these}`, value));
  });
}

function hasMethod(value: object, name: string): boolean {
  try {
    return typeof (value as Record<string, unknown>)[name] === "function";
  } catch {
    // A getter that throws is no method.
    return false;
  }
}

const isLogger = having<Logger>("a Logger", ["debug", "info", "warn", "error"]);

/** Where log lines go, so that it can change no outcome. */
export const logger: Option<Logger> = withDefault<Logger>(
  silentLogger,
  {
    ...isLogger,
    about: "Where log lines go. Whatever it does changes nothing.",
    check: (value, name) => harmlessLogger(isLogger.check(value, name)),
  },
  "none",
);

const isMetrics = having<Metrics>("a Metrics", ["increment", "gauge", "observe"]);

/** Where figures go, so that it can change no outcome. */
export const metrics: Option<Metrics> = withDefault<Metrics>(
  silentMetrics,
  {
    ...isMetrics,
    about: "Where figures go. Whatever it does changes nothing.",
    check: (value, name) => harmlessMetrics(isMetrics.check(value, name)),
  },
  "none",
);

/** What tells the time. */
export const clock: Option<Clock> = withDefault<Clock>(
  systemClock,
  having<Clock>("a Clock", ["wallMs", "monotonicMs", "setTimer"], {
    about: "What tells the time; for tests and simulations.",
  }),
  "the machine's",
);

/** What ends a wait. */
export const signal: Option<AbortSignal> = object<AbortSignal>(
  { expectation: "an AbortSignal", about: "An abort ends it early." },
  (value, name) => {
    const { aborted, addEventListener } = (value ?? {}) as Partial<AbortSignal>;
    if (typeof aborted === "boolean" && typeof addEventListener === "function") return value as AbortSignal;
    throw new TypeError(expected(name, "an AbortSignal", value));
  },
);

/** What decides jitter. */
export const random: Option<() => number> = withDefault<() => number>(
  Math.random,
  func({ about: "Decides jitter: numbers in [0, 1)." }),
  "`Math.random`",
);

/** What the clusters are called. */
export const clusterNames: Option<Readonly<Record<ClusterId, string>>> = withDefault<
  Readonly<Record<ClusterId, string>>
>(
  Object.freeze({ A: "A", B: "B" }),
  object(
    {
      expectation: "an object with names for `A` and `B`",
      about: "What the clusters are called in log lines.",
    },
    (value, name) => {
      const given = value as Readonly<Record<string, unknown>> | null;
      const isNames =
        typeof given === "object" &&
        given !== null &&
        Object.entries(given).every(
          ([key, one]) =>
            CLUSTERS.includes(key as ClusterId) && (one === undefined || typeof one === "string"),
        );
      if (!isNames) throw new TypeError(expected(name, "an object with names for `A` and `B`", value));
      return { A: (given.A as string | undefined) ?? "A", B: (given.B as string | undefined) ?? "B" };
    },
  ),
  "A and B",
);
