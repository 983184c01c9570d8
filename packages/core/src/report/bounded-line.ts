import { boundedText } from "./bounded-text.ts";
import { LoggableError } from "./error-text.ts";

/** Of all the texts of a line together. UTF-16 units. */
const MAX_LINE_LENGTH = 8_000;
/** Of all that a line has, in whatever it has. */
const MAX_ENTRIES = 200;
const MAX_DEPTH = 5;

/**
 * The fields of a log line, so short that nobody outside decides how long a line becomes: texts of 1,000 characters, 8,000 in
 * all, 200 entries, five objects in each other. What was cut says how long it was. The same object where nothing is too long.
 */
export function boundedFields(fields: object): object {
  return new Cut().entriesOf(fields, MAX_DEPTH);
}

/** What is left of the bounds of one line. */
class Cut {
  #length = MAX_LINE_LENGTH;
  #entries = MAX_ENTRIES;

  entriesOf(object: object, depth: number): object {
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
    if (value instanceof Error) return this.#isShort(value, depth) ? value : new LoggableError(value);
    return depth === 0 ? "an object" : this.entriesOf(value, depth - 1);
  }

  /** Whether it may stay as it is, for a logger that knows how to write an error. */
  #isShort(error: Error, depth: number): boolean {
    const { name, message, stack, cause } = error;
    const parts = { name, message, frames: stack?.split("\n"), cause, own: { ...error } };
    return depth > 0 && this.entriesOf(parts, depth - 1) === parts;
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
