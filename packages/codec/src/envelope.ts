import { invalid } from "./invalid.ts";

/** Raised only by a change that an older reader would misread. A new key is not one: it is skipped. */
export const FORMAT_VERSION = 1;

/** The keys of one MessagePack map, read with the type that they must have. Unknown keys are never looked at. */
export class Envelope {
  readonly #fields: Readonly<Record<string, unknown>>;
  readonly #path: string;

  /** @param path What comes before a key in an error, e.g. `batch_statements[1].` */
  constructor(fields: unknown, path = "") {
    if (typeof fields !== "object" || fields === null || Object.getPrototypeOf(fields) !== Object.prototype) {
      throw invalid(`\`${path || "the body"}\` is no map`, path || undefined);
    }
    this.#fields = fields as Record<string, unknown>;
    this.#path = path;
  }

  text(key: string): string {
    const value = this.#get(key);
    return typeof value === "string" ? value : this.#wrong(key, "a string");
  }

  optionalText(key: string): string | undefined {
    return this.#get(key) === undefined ? undefined : this.text(key);
  }

  boolean(key: string): boolean {
    const value = this.#get(key);
    return typeof value === "boolean" ? value : this.#wrong(key, "a boolean");
  }

  /** In any integer form, as Go reads it; not a float. */
  int64(key: string): bigint {
    const value = this.#get(key);
    if (typeof value === "bigint") return value;
    return Number.isSafeInteger(value) ? BigInt(value as number) : this.#wrong(key, "an integer");
  }

  integer(key: string): number {
    const value = this.#get(key);
    if (Number.isSafeInteger(value)) return value as number;
    const number = Number(this.int64(key));
    return Number.isSafeInteger(number) ? number : this.#wrong(key, "an integer that a number holds");
  }

  optionalInteger(key: string): number | undefined {
    return this.#get(key) === undefined ? undefined : this.integer(key);
  }

  array(key: string): unknown[] {
    const value = this.#get(key);
    return Array.isArray(value) ? value : this.#wrong(key, "an array");
  }

  /** Go writes nil for none. */
  arrayOrNil(key: string): unknown[] {
    return this.#get(key) === null ? [] : this.array(key);
  }

  has(key: string): boolean {
    return this.#get(key) !== undefined;
  }

  /** The map under a key. */
  fields(key: string): Record<string, unknown> {
    const value = this.#get(key);
    const isMap =
      typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
    return isMap ? (value as Record<string, unknown>) : this.#wrong(key, "a map");
  }

  /** No key is ever the name of something that every object has. */
  #get(key: string): unknown {
    return this.#fields[key];
  }

  #wrong(key: string, expectation: string): never {
    const path = this.#path + key;
    throw invalid(`\`${path}\` is ${this.has(key) ? `not ${expectation}` : "missing"}`, path);
  }
}
