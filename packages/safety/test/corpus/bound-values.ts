import type { CorpusLine } from "./corpus-line.ts";

/** As the driver's `types.unset` looks. */
const UNSET = Object.freeze({ unset: true });

/** What a line binds, as far as a verdict can depend on it: a class of the driver is an object that is there. */
export function boundValues(
  params: CorpusLine["params"],
): readonly unknown[] | Readonly<Record<string, unknown>> {
  if (params === undefined || params === null) return [];
  if (Array.isArray(params)) return params.map(boundValue);
  return Object.fromEntries(Object.entries(params).map(([name, value]) => [name, boundValue(value)]));
}

function boundValue(json: unknown): unknown {
  if (typeof json !== "object" || json === null) return json;
  if (Array.isArray(json)) return json.map(boundValue);
  const [[key, value] = ["", undefined], ...others] = Object.entries(json);
  if (!key.startsWith("$") || others.length > 0) {
    return Object.fromEntries(Object.entries(json).map(([name, item]) => [name, boundValue(item)]));
  }
  switch (key) {
    case "$unset":
      return UNSET;
    case "$hex":
      return Buffer.from(String(value), "hex");
    case "$date":
      return new Date(Number(value));
    case "$vector":
      return Float32Array.from(Array.isArray(value) ? value.map(Number) : []);
    default:
      return new Opaque(value);
  }
}

/** Stands for a class of the driver: a tuple, a duration, an address. */
class Opaque {
  readonly value: unknown;

  constructor(value: unknown) {
    this.value = value;
  }

  toString(): string {
    return String(this.value);
  }
}
