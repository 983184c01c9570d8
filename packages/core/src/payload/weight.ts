import { type Operation, statementsOf } from "./payload.ts";

/** What the values of an operation come to. */
export interface Weight {
  /** Each element, key and field of a value counts, and so does what contains them. */
  readonly values: number;
  /** Of blobs, and of texts at one byte per character; of every other value 16. */
  readonly bytes: number;
}

const OTHER_VALUE_BYTES = 16;

/** An estimate of what an operation takes up in memory, for bounds. Its values contain nothing twice. */
export function weigh(operation: Operation): Weight {
  const weight = { values: 0, bytes: 0 };
  for (const { query, params } of statementsOf({ operation })) {
    weight.bytes += query.length;
    add(params, weight);
  }
  return weight;
}

function add(value: unknown, weight: { values: number; bytes: number }): void {
  weight.values++;
  if (typeof value === "string") {
    weight.bytes += value.length;
  } else if (ArrayBuffer.isView(value)) {
    weight.bytes += value.byteLength;
  } else if (typeof value !== "object" || value === null) {
    weight.bytes += OTHER_VALUE_BYTES;
  } else if (value instanceof Map) {
    for (const pair of value) for (const one of pair) add(one, weight);
  } else {
    const parts = Array.isArray(value) || value instanceof Set ? value : Object.values(value);
    for (const one of parts) add(one, weight);
  }
}
