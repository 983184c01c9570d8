import type { ReplayMessage } from "@helix/core";
import { weigh } from "@helix/core/internal";

/**
 * The driver makes two Buffers of each element while it encodes, of 118 bytes each beside its own, and the tree keeps 8 to
 * 130. A `list<int>` of 200,000 numbers is 1 MB in the queue, 2 MB as a tree and 48 MB for as long as it is encoded.
 */
const BYTES_PER_VALUE = 256;
/** In the queue, in the tree, and in the driver's request. */
const COPIES = 3;

/** What a message costs until it is settled: bytes, an estimate from above for values of ordinary size. */
export function heldBytes({ content, bytes = 0 }: Pick<ReplayMessage, "content" | "bytes">): number {
  const values = content.ok ? weigh(content.payload.operation).values : 0;
  return COPIES * bytes + BYTES_PER_VALUE * values;
}
