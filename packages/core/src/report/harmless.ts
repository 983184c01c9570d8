import { boundedFields, type DescribeError } from "./bounded-line.ts";
import { boundedText } from "./bounded-text.ts";
import { safely, watch } from "./isolate.ts";
import { type Logger, silentLogger } from "./logger.ts";
import { type Metrics, silentMetrics } from "./metrics.ts";

/**
 * The same logger, by which nothing can change what its caller does: it may throw, reject, hang, return anything, or
 * have lost its methods. Its lines are bounded, whatever names and texts stand in them, and hold of an error no more than may be
 * told. Options are read into this form once, so that nobody else has to think of it.
 */
export function harmlessLogger(logger: Logger, describe?: DescribeError): Logger {
  if (logger === silentLogger) return logger;
  return harmless(logger, ["debug", "info", "warn", "error"], (fields, message) => [
    boundedFields(fields as object, describe),
    boundedText(message as string),
  ]);
}

/** The same metrics, as {@link harmlessLogger} says. */
export function harmlessMetrics(metrics: Metrics): Metrics {
  return metrics === silentMetrics ? metrics : harmless(metrics, ["increment", "gauge", "observe"]);
}

/** The same function, as {@link harmlessLogger} says. `report` is told what it throws or rejects with, and of what. */
export function harmlessCallback<A extends unknown[]>(
  callback: (...args: A) => unknown,
  report: (error: unknown, ...args: A) => void = () => {},
): (...args: A) => void {
  // Made once, since it is called for each message: a call makes no closure.
  return (...args) => {
    try {
      const result = callback(...args);
      if (typeof result === "object" && result !== null) watch(result, bound(report, args));
    } catch (error) {
      safely(bound(report, args), error);
    }
  };
}

/** Apart, since it keeps the arguments. */
function bound<A extends unknown[]>(report: (error: unknown, ...args: A) => void, args: A) {
  return (error: unknown) => report(error, ...args);
}

/** What was made here, so that it is not wrapped again where one package hands it to the next. */
const made = new WeakSet<object>();

function harmless<T extends object>(
  inner: T,
  methods: readonly (keyof T & string)[],
  bounded?: (...args: unknown[]) => unknown[],
): T {
  if (made.has(inner)) return inner;
  const functions = inner as Record<string, ((...args: unknown[]) => unknown) | undefined>;
  const outer = Object.fromEntries(
    methods.map((name) => [
      name,
      harmlessCallback((...args) => functions[name]?.(...(bounded === undefined ? args : bounded(...args)))),
    ]),
  ) as T;
  made.add(outer);
  return outer;
}
