import { invalid } from "../invalid.ts";
import { textOf } from "./raw-text.ts";

/** Raised only by a change that an older reader would misread. A new key is not one: it is skipped. */
export const FORMAT_VERSION = 1;

/** One MessagePack map: a statement of a batch has the first three. Unknown keys are never looked at. */
export interface Fields {
  readonly query?: unknown;
  readonly args?: unknown;
  readonly named_args?: unknown;
  readonly target_cluster?: unknown;
  readonly timestamp?: unknown;
  readonly priority?: unknown;
  readonly is_batch?: unknown;
  readonly batch_type?: unknown;
  readonly batch_statements?: unknown;
  readonly v?: unknown;
  readonly id?: unknown;
  readonly life?: unknown;
  readonly written_at?: unknown;
  readonly enqueued_at?: unknown;
  readonly keyspace?: unknown;
  readonly consistency?: unknown;
  readonly disposition?: unknown;
  readonly traceparent?: unknown;
}

/*
 * What reads one value, with the type that it must have. `path` and `name` are what it is called in an error; apart, so
 * that they are put together only for one. `source` is what the value was unpacked from.
 */

export function mapIn(value: unknown, path: string, name = ""): object {
  const isMap =
    typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
  return isMap ? value : wrong(value, "a map", path, name);
}

export function textIn(value: unknown, source: Buffer, path: string, name: string): string {
  const text = value instanceof Uint8Array ? textOf(value, source) : undefined;
  return text ?? wrong(value, "a string", path, name);
}

export function optionalText(value: unknown, source: Buffer, name: string): string | undefined {
  return value === undefined ? undefined : textIn(value, source, "", name);
}

export function booleanIn(value: unknown, name: string): boolean {
  return typeof value === "boolean" ? value : wrong(value, "a boolean", "", name);
}

/** In any integer form, as Go reads it; not a float. */
export function int64In(value: unknown, name: string): bigint {
  if (typeof value === "bigint") return value;
  return Number.isSafeInteger(value) ? BigInt(value as number) : wrong(value, "an integer", "", name);
}

export function integerIn(value: unknown, name: string): number {
  const number = typeof value === "bigint" ? Number(value) : value;
  if (Number.isSafeInteger(number)) return number as number;
  return wrong(value, typeof value === "bigint" ? "an integer that a number holds" : "an integer", "", name);
}

export function optionalInteger(value: unknown, name: string): number | undefined {
  return value === undefined ? undefined : integerIn(value, name);
}

export function arrayIn(value: unknown, path: string, name: string): unknown[] {
  return Array.isArray(value) ? value : wrong(value, "an array", path, name);
}

function wrong(value: unknown, expectation: string, path: string, name: string): never {
  const place = path + name;
  throw invalid(
    `\`${place || "the body"}\` is ${value === undefined ? "missing" : `not ${expectation}`}`,
    place || undefined,
  );
}
