import { expected } from "./expected.ts";
import { type Facts, type MoreFacts, type Option, type OptionsOf, readOptions } from "./option.ts";

interface Bounds extends MoreFacts<number> {
  readonly min: number;
  readonly max?: number | undefined;
  /** None: it must be given. */
  readonly fallback?: number | undefined;
  readonly unit?: string | undefined;
  readonly atLeast?: string | undefined;
}

/** An integer within bounds, both inclusive. */
export function integer({ max, ...facts }: Bounds): Option<number> {
  const { min, fallback } = facts;
  const expectation =
    max === undefined ? `an integer of at least ${min}` : `an integer from ${min} to ${max}`;
  const most = max ?? Number.MAX_SAFE_INTEGER;
  return {
    kind: "integer",
    expectation,
    about: "",
    required: fallback === undefined,
    ...facts,
    ...(max !== undefined && { max }),
    check(value, name) {
      if (!Number.isSafeInteger(value)) throw new TypeError(expected(name, expectation, value));
      if ((value as number) < min || (value as number) > most) {
        throw new RangeError(expected(name, expectation, value));
      }
      return value as number;
    },
  };
}

/** The longest delay that a timer of Node can wait; a longer one would fire at once. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

/** Milliseconds, from 1 to what a timer can wait unless told otherwise. */
export function milliseconds(
  bounds: Omit<Bounds, "min" | "unit"> & { readonly min?: number },
): Option<number> {
  return integer({ min: 1, max: MAX_TIMER_MS, unit: "ms", ...bounds });
}

/** A number within bounds, both inclusive. */
export function number(facts: Bounds & { readonly max: number }): Option<number> {
  const { min, max, fallback } = facts;
  const expectation = `a number from ${min} to ${max}`;
  return {
    kind: "number",
    expectation,
    about: "",
    required: fallback === undefined,
    ...facts,
    check(value, name) {
      if (typeof value !== "number") throw new TypeError(expected(name, expectation, value));
      if (!(value >= min && value <= max)) throw new RangeError(expected(name, expectation, value));
      return value;
    },
  };
}

/** True or false, with a default. */
export function boolean(fallback: boolean, facts?: MoreFacts<boolean>): Option<boolean> {
  return { ...flag(facts), required: false, fallback };
}

/** True or false, to be given. */
export function flag(facts?: MoreFacts<boolean>): Option<boolean> {
  return {
    kind: "boolean",
    expectation: "a boolean",
    about: "",
    required: true,
    ...facts,
    check(value, name) {
      if (typeof value !== "boolean") throw new TypeError(expected(name, "a boolean", value));
      return value;
    },
  };
}

/** One of a few texts. */
export function oneOf<const T extends string>(
  values: readonly T[],
  fallback?: NoInfer<T>,
  facts?: MoreFacts<T>,
): Option<T> {
  const expectation = values.map((one) => JSON.stringify(one)).join(" or ");
  return {
    kind: "choice",
    expectation,
    about: "",
    values,
    required: fallback === undefined,
    fallback,
    ...facts,
    check(value, name) {
      if (!values.includes(value as T)) throw new TypeError(expected(name, expectation, value));
      return value as T;
    },
  };
}

interface TextFacts extends MoreFacts<string> {
  /** Any that is not empty, if there is none. */
  readonly pattern?: RegExp | undefined;
  readonly expectation?: string;
  readonly fallback?: string;
  readonly secret?: boolean;
  readonly file?: boolean;
}

export const ANY_TEXT = "a string that is not empty";

/** A text that matches. */
export function text({ pattern, ...facts }: TextFacts = {}): Option<string> {
  const { expectation = ANY_TEXT, fallback } = facts;
  return {
    kind: "text",
    about: "",
    required: fallback === undefined,
    ...facts,
    expectation,
    check(value, name) {
      if (typeof value !== "string") throw new TypeError(expected(name, expectation, value));
      if (value === "" && pattern === undefined) throw new TypeError(expected(name, expectation, value));
      if (pattern?.test(value) === false) throw new RangeError(expected(name, expectation, value));
      return value;
    },
  };
}

/** Texts, at least one. */
export function list(facts: {
  readonly isItem: (item: string) => boolean;
  readonly expectation: string;
  readonly about: string;
}): Option<readonly string[]> {
  const { isItem, expectation, about } = facts;
  return {
    kind: "list",
    expectation,
    about,
    required: true,
    check(value, name) {
      const isList =
        Array.isArray(value) &&
        value.length > 0 &&
        value.every((one) => typeof one === "string" && isItem(one));
      if (!isList) throw new TypeError(expected(name, expectation, value));
      return value;
    },
  };
}

/** An object with options of its own. */
export function group<T extends object>(
  options: OptionsOf<T>,
  facts?: MoreFacts<T> & { readonly expectation?: string },
): Option<T> {
  return object({ expectation: "an object", ...facts }, (value, name) =>
    readOptions<T>(name, options, value),
  );
}

/** Whatever `check` makes of it. */
export function object<T>(
  facts: MoreFacts<T> & Pick<Facts<T>, "expectation">,
  check: Option<T>["check"],
): Option<T> {
  return { kind: "object", about: "", required: true, ...facts, check };
}
