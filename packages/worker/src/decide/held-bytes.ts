import { type ReplayMessage, statementsOf } from "@helix/core";

/**
 * The driver makes two Buffers of each element while it encodes, of 118 bytes each beside its own, and the tree keeps 8 to
 * 130. A `list<int>` of 200,000 numbers is 1 MB in the queue, 2 MB as a tree and 48 MB for as long as it is encoded.
 */
const BYTES_PER_VALUE = 256;
/** In the queue, in the tree, and in the driver's request. */
const COPIES = 3;

/** What a message costs until it is settled: bytes, an estimate from above for values of ordinary size. */
export function heldBytes({ content, bytes = 0 }: Pick<ReplayMessage, "content" | "bytes">): number {
  if (!content.ok) return COPIES * bytes;
  let values = 0;
  for (const { params } of statementsOf(content.payload)) values += valuesIn(params);
  return COPIES * bytes + BYTES_PER_VALUE * values;
}

/** What came out of a queue contains nothing twice. */
function valuesIn(value: unknown): number {
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return 1;
  let values = 1;
  const parts =
    Array.isArray(value) || value instanceof Set
      ? value
      : value instanceof Map
        ? [...value.keys(), ...value.values()]
        : Object.values(value);
  for (const one of parts) values += valuesIn(one);
  return values;
}
