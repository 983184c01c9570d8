import { describeType, expected } from "./expected.ts";

/** What is known of an option without looking at a value: for tables, for variables, for docstrings' facts. */
export interface Facts<T> {
  readonly kind: "integer" | "number" | "boolean" | "choice" | "text" | "list" | "function" | "object";
  /** Completes "Expected `x` to be …". */
  readonly expectation: string;
  /** One sentence: what it decides. Empty for what no table shows. */
  readonly about: string;
  /** Of a number, inclusive. */
  readonly min?: number;
  /** Of a number, inclusive; absent: any that is exact. */
  readonly max?: number;
  /** Of a number: what it counts. */
  readonly unit?: string | undefined;
  /** All that there are, of a choice. */
  readonly values?: readonly string[];
  /** Not given, it is a mistake. */
  readonly required: boolean;
  /** What it is if it is not given. */
  readonly fallback?: T | undefined;
  /** The default in words, where it is no plain value. */
  readonly byDefault?: string | undefined;
  /** The name of another one that it may not be below. */
  readonly atLeast?: string | undefined;
  /** Never shown. */
  readonly secret?: boolean;
  /** The path of a file that must be readable. */
  readonly file?: boolean;
}

/** An option, declared once: its facts, and how a value is read. */
export interface Option<T> extends Facts<T> {
  /** The value to use, of one that was given. @throws TypeError, RangeError naming the option. */
  readonly check: (value: unknown, name: string) => T;
}

/** The options that a type is read by. */
export type OptionsOf<T> = { readonly [K in keyof T]-?: Option<T[K]> };

/** The facts that every kind of option may be given. */
export type MoreFacts<T> = Partial<Pick<Facts<T>, "about" | "byDefault">>;

/** The same, with a default. */
export function withDefault<T>(fallback: T, option: Option<T | undefined>, byDefault?: string): Option<T> {
  return { ...(option as Option<T>), required: false, fallback, byDefault };
}

/** The same, or nothing. @param byDefault What that comes to, in words. */
export function optional<T>(option: Option<T>, byDefault = "none"): Option<T | undefined> {
  return { ...option, required: false, fallback: undefined, byDefault };
}

/** The value to use, given or not. @throws TypeError, RangeError naming the option. */
export function readOption<T>(option: Option<T>, value: unknown, name: string): T {
  return value === undefined && !option.required ? (option.fallback as T) : option.check(value, name);
}

/**
 * Validates options before any I/O and fills in defaults, once. What is not among `known` is refused: a
 * misspelt option that is silently ignored is found in production.
 *
 * @throws TypeError, RangeError naming the option, what was expected and what was given.
 */
export function readOptions<T extends object>(owner: string, known: OptionsOf<T>, options: unknown = {}): T {
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw new TypeError(`Expected the options of ${owner} to be an object, got ${describeType(options)}`);
  }
  const given = options as Readonly<Record<string, unknown>>;
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(known, name)) {
      const names = Object.keys(known).join("`, `");
      throw new TypeError(`Unknown option \`${name}\` of ${owner}; there are \`${names}\``);
    }
  }
  const result: Record<string, unknown> = {};
  const all = Object.entries<Option<unknown>>(known);
  for (const [name, option] of all) {
    const value = readOption(option, given[name], name);
    if (value !== undefined) result[name] = value;
  }
  for (const [name, { atLeast }] of all) {
    if (atLeast === undefined) continue;
    const [value, least] = [result[name] as number, result[atLeast] as number];
    if (value < least) throw new RangeError(expected(name, `at least \`${atLeast}\` (${least})`, value));
  }
  return result as T;
}
