import { type Clock, systemClock } from "./policy/clock.ts";
import { harmlessLogger, harmlessMetrics } from "./report/harmless.ts";
import { type Logger, silentLogger } from "./report/logger.ts";
import { type Metrics, silentMetrics } from "./report/metrics.ts";

/** Reads one option: returns the value to use, or throws a TypeError or RangeError that names it. */
export type Rule<T> = (value: unknown, name: string) => T;

type Rules<T> = { readonly [K in keyof T]-?: Rule<T[K]> };

/**
 * Validates options before any I/O and fills in defaults, once. What is not in `rules` is refused: a
 * misspelt option that is silently ignored is found in production.
 *
 * @throws TypeError, RangeError naming the option, what was expected and what was given.
 */
export function readOptions<T extends object>(owner: string, rules: Rules<T>, options: unknown = {}): T {
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw new TypeError(`Expected the options of ${owner} to be an object, got ${describeValue(options)}`);
  }
  const given = options as Record<string, unknown>;
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(rules, name)) {
      const known = Object.keys(rules).join("`, `");
      throw new TypeError(`Unknown option \`${name}\` of ${owner}; there are \`${known}\``);
    }
  }
  const result: Record<string, unknown> = {};
  for (const [name, rule] of Object.entries<Rule<unknown>>(rules)) {
    const value = rule(given[name], name);
    if (value !== undefined) result[name] = value;
  }
  return result as T;
}

/** An integer within bounds, both inclusive. */
export function integer(bounds: { min: number; max?: number; fallback: number }): Rule<number> {
  const max = bounds.max ?? Number.MAX_SAFE_INTEGER;
  return (value, name) => {
    if (value === undefined) return bounds.fallback;
    const limits =
      bounds.max === undefined
        ? `an integer of at least ${bounds.min}`
        : `an integer from ${bounds.min} to ${max}`;
    if (!Number.isSafeInteger(value)) throw new TypeError(expected(name, limits, value));
    if ((value as number) < bounds.min || (value as number) > max) {
      throw new RangeError(expected(name, limits, value));
    }
    return value as number;
  };
}

/** The longest delay that a timer of Node can wait; a longer one would fire at once. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

/** Milliseconds, at most what a timer can wait. */
export function milliseconds(bounds: { min?: number; max?: number; fallback: number }): Rule<number> {
  return integer({ min: bounds.min ?? 1, max: bounds.max ?? MAX_TIMER_MS, fallback: bounds.fallback });
}

export function boolean(fallback: boolean): Rule<boolean> {
  return (value, name) => {
    if (value === undefined) return fallback;
    if (typeof value !== "boolean") throw new TypeError(expected(name, "a boolean", value));
    return value;
  };
}

export function oneOf<T extends string>(values: readonly T[], fallback: T): Rule<T> {
  return (value, name) => {
    if (value === undefined) return fallback;
    if (!values.includes(value as T)) {
      throw new TypeError(expected(name, values.map((one) => JSON.stringify(one)).join(" or "), value));
    }
    return value as T;
  };
}

/** A function, or nothing. */
export function callback<T>(): Rule<T | undefined> {
  return (value, name) => {
    if (value !== undefined && typeof value !== "function") {
      throw new TypeError(expected(name, "a function", value));
    }
    return value as T | undefined;
  };
}

/** An object that has these methods (an interface is recognised by its shape, never by its class). */
export function having<T extends object>(what: string, methods: readonly (keyof T & string)[]): Rule<T> {
  return (value, name) => {
    const object = value as Record<string, unknown> | null | undefined;
    const isObject = typeof value === "object" && value !== null;
    if (!isObject || methods.some((method) => typeof object?.[method] !== "function")) {
      throw new TypeError(expected(name, `${what} (with \`${methods.join("`, `")}\`)`, value));
    }
    return value as T;
  };
}

/** Where log lines go, so that it can change no outcome. @default nowhere */
export const logger: Rule<Logger> = (value, name) =>
  value === undefined ? silentLogger : harmlessLogger(isLogger(value, name));
const isLogger = having<Logger>("a Logger", ["debug", "info", "warn", "error"]);

/** Where figures go, so that it can change no outcome. @default nowhere */
export const metrics: Rule<Metrics> = (value, name) =>
  value === undefined ? silentMetrics : harmlessMetrics(isMetrics(value, name));
const isMetrics = having<Metrics>("a Metrics", ["increment", "gauge", "observe"]);

/** What tells the time. @default the machine's */
export const clock: Rule<Clock> = (value, name) => (value === undefined ? systemClock : isClock(value, name));
const isClock = having<Clock>("a Clock", ["wallMs", "monotonicMs", "setTimer"]);

/** The rule, or nothing. */
export function optional<T>(rule: Rule<T>): Rule<T | undefined> {
  return (value, name) => (value === undefined ? undefined : rule(value, name));
}

/** Wording shared by every refusal. */
export function expected(name: string, expectation: string, value: unknown): string {
  return `Expected \`${name}\` to be ${expectation}, got ${describeValue(value)}`;
}

/** Value and type for a message; of anything that could hide a secret or a bound value, the type alone. */
export function describeValue(value: unknown): string {
  switch (typeof value) {
    case "string":
      return value.length <= 40
        ? `${JSON.stringify(value)} (string)`
        : `a string of ${value.length} characters`;
    case "number":
    case "boolean":
    case "bigint":
      return `\`${Object.is(value, -0) ? "-0" : value}\` (${typeof value})`;
    case "object": {
      if (value === null) return "null";
      if (Array.isArray(value)) return `an array of ${value.length}`;
      const name: unknown = value.constructor?.name;
      return typeof name === "string" && name !== "Object" ? `a ${name}` : "an object";
    }
    default:
      return typeof value;
  }
}
