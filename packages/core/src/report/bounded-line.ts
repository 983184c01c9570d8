import { boundedText } from "./bounded-text.ts";
import { LoggableError } from "./error-text.ts";

/** Of all the texts of a line together. UTF-16 units. */
const MAX_LINE_LENGTH = 8_000;
/** Of all that a line has, in whatever it has. */
const MAX_ENTRIES = 200;
const MAX_DEPTH = 5;

/** Fields in which somebody's error stands, whatever was thrown. */
const ERROR_FIELDS = new Set(["error", "err", "cause"]);

/** What is written of an error. */
export type DescribeError = (error: unknown) => LoggableError;

/**
 * The fields of a log line, so short that nobody outside decides how long a line becomes: texts of 1,000 characters, 8,000 in
 * all, 200 entries, five objects in each other. What was cut says how long it was. The same object where nothing is too long.
 * Of errors, which may quote what was bound, it has what `describe` says, and neither text nor `cause` otherwise.
 */
export function boundedFields(
  fields: object,
  describe: DescribeError = (error) => new LoggableError(error),
): object {
  return new Cut(describe).fieldsOf(fields);
}

/** What is left of the bounds of one line. */
class Cut {
  readonly #describe: DescribeError;
  #length = MAX_LINE_LENGTH;
  #entries = MAX_ENTRIES;

  constructor(describe: DescribeError) {
    this.#describe = describe;
  }

  fieldsOf(fields: object): object {
    const thrown = Object.entries(fields).filter(
      ([name, value]) => ERROR_FIELDS.has(name) && value !== undefined && !(value instanceof LoggableError),
    );
    const described = thrown.map(([name, value]) => [name, this.#describe(value)] as const);
    const all = described.length === 0 ? fields : { ...fields, ...Object.fromEntries(described) };
    return this.#entriesOf(all, MAX_DEPTH);
  }

  #entriesOf(object: object, depth: number): object {
    if (Array.isArray(object)) return this.#array(object, depth);
    const all = Object.entries(object);
    const kept = all.slice(0, this.#take(all.length));
    const bounded = kept.map(([key, value]) => [this.#text(key), this.#value(value, depth)] as const);
    const isSame = bounded.every(([key, value], n) => key === kept[n]?.[0] && value === kept[n]?.[1]);
    if (isSame && kept.length === all.length) return object;
    return { ...Object.fromEntries(bounded), ...moreOf(all.length - kept.length) };
  }

  #array(array: readonly unknown[], depth: number): readonly unknown[] {
    const kept = array.slice(0, this.#take(array.length));
    const bounded = kept.map((value) => this.#value(value, depth));
    if (kept.length < array.length) return [...bounded, moreOf(array.length - kept.length)];
    return bounded.every((value, n) => value === kept[n]) ? array : bounded;
  }

  #value(value: unknown, depth: number): unknown {
    if (typeof value === "string") return this.#text(value);
    if (typeof value !== "object" || value === null || value instanceof Date) return value;
    if (ArrayBuffer.isView(value)) return `${value.byteLength} bytes`;
    // It is short by itself.
    if (value instanceof LoggableError) return value;
    if (value instanceof Error) return this.#value(this.#describe(value), depth);
    return depth === 0 ? "an object" : this.#entriesOf(value, depth - 1);
  }

  #text(text: string): string {
    const bounded = boundedText(text, this.#length);
    this.#length -= bounded.length;
    return bounded;
  }

  #take(entries: number): number {
    const taken = Math.min(entries, this.#entries);
    this.#entries -= taken;
    return taken;
  }
}

function moreOf(more: number): object {
  return more > 0 ? { more } : {};
}
