import { describeValue } from "@helix/core/internal";

/** One line of the configuration: what it takes, what it stands for, and what it is without a value. */
export interface Setting<T> {
  /** Completes "expected …" in a mistake, and is the column of that name in the README. */
  readonly expectation: string;
  /** For an operator: what it decides, with its unit where it has one. */
  readonly about: string;
  readonly required: boolean;
  readonly fallback?: T | undefined;
  /** Never shown; may also be given as the path of a file that holds it. */
  readonly secret: boolean;
  /** The path of a file that must be readable at the start. */
  readonly file: boolean;
  /** From an environment variable; undefined if it is none of what is expected. */
  parse(text: string): T | undefined;
  /** From JSON; undefined if it is none of what is expected. */
  accept(value: unknown): T | undefined;
}

type Kind<T> = Omit<Setting<T>, "required" | "secret" | "file"> &
  Partial<Pick<Setting<T>, "secret" | "file">>;

/** A setting that may be absent. */
function setting<T>(kind: Kind<T>): Setting<T | undefined> {
  return { required: false, secret: false, file: false, ...kind };
}

/** Without a value the service does not start. */
export function required<T>(optional: Setting<T | undefined>): Setting<T> {
  return { ...(optional as Setting<T>), required: true };
}

export function byDefault<T>(fallback: T, optional: Setting<T | undefined>): Setting<T> {
  return { ...(optional as Setting<T>), fallback };
}

/** A whole number within bounds, both inclusive. */
export function integer(bounds: {
  min: number;
  max?: number;
  about: string;
  unit?: string;
}): Setting<number | undefined> {
  const { min, max = Number.MAX_SAFE_INTEGER, unit, about } = bounds;
  const accept = (value: unknown) =>
    Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max
      ? (value as number)
      : undefined;
  const range = bounds.max === undefined ? `at least ${min}` : `${min} to ${max}`;
  return setting({
    expectation: `an integer, ${range}${unit === undefined ? "" : ` ${unit}`}`,
    about,
    parse: (text) => (/^-?\d{1,16}$/.test(text) ? accept(Number(text)) : undefined),
    accept,
  });
}

/** The longest delay that a timer of Node can wait. */
const MAX_TIMER_MS = 2 ** 31 - 1;

export function milliseconds(bounds: {
  min?: number;
  max?: number;
  about: string;
}): Setting<number | undefined> {
  const { min = 1, max = MAX_TIMER_MS, about } = bounds;
  return integer({ min, max, unit: "ms", about });
}

export function boolean(about: string): Setting<boolean | undefined> {
  return setting({
    expectation: "true or false",
    about,
    parse: (text) => (text === "true" ? true : text === "false" ? false : undefined),
    accept: (value) => (typeof value === "boolean" ? value : undefined),
  });
}

export function oneOf<const T extends string>(values: readonly T[], about: string): Setting<T | undefined> {
  const accept = (value: unknown) => values.find((one) => one === value);
  return setting({ expectation: `one of ${values.join(", ")}`, about, parse: accept, accept });
}

/** A text that is not empty and matches. */
export function text(options: {
  about: string;
  expectation?: string;
  pattern?: RegExp;
}): Setting<string | undefined> {
  const { about, expectation = "a text", pattern = /^[\s\S]+$/ } = options;
  const accept = (value: unknown) => (typeof value === "string" && pattern.test(value) ? value : undefined);
  return setting({ expectation, about, parse: accept, accept });
}

export function secret(about: string): Setting<string | undefined> {
  return { ...text({ about, expectation: "a text (a secret)" }), secret: true };
}

export function file(about: string): Setting<string | undefined> {
  return { ...text({ about, expectation: "the path of a file that can be read" }), file: true };
}

/** Texts, separated by commas in an environment variable, an array in JSON; at least one. */
export function list(options: {
  about: string;
  expectation: string;
  isItem: (item: string) => boolean;
}): Setting<readonly string[] | undefined> {
  const { about, expectation, isItem } = options;
  const accept = (value: unknown) =>
    Array.isArray(value) && value.length > 0 && value.every((one) => typeof one === "string" && isItem(one))
      ? (value as readonly string[])
      : undefined;
  return setting({
    expectation,
    about,
    parse: (given) => accept(given.split(",").map((item) => item.trim())),
    accept,
  });
}

/** Longer texts are cut out of a mistake, not quoted. */
const MAX_QUOTED = 60;

/** A value as a mistake shows it: of a secret, and of what may hold a password, nothing. */
export function quote(setting: Pick<Setting<unknown>, "secret">, value: unknown): string {
  if (setting.secret) return "a value that is not shown";
  const texts: unknown[] = Array.isArray(value) ? value : [value];
  if (texts.some((one) => typeof one === "string" && one.includes("@"))) {
    return "a value that is not shown, since it may hold a password";
  }
  if (typeof value === "string") {
    return value.length <= MAX_QUOTED ? JSON.stringify(value) : `a text of ${value.length} characters`;
  }
  if (Array.isArray(value) && JSON.stringify(value).length <= MAX_QUOTED) return JSON.stringify(value);
  return describeValue(value);
}
