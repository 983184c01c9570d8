import { startTogether } from "../servers/start-together.ts";
import type { CassandraPair, OwnedNode, PairSource } from "./cassandra-node.ts";

/** Starts A and B at once, or neither: see `startTogether`. */
export async function startBoth<Node extends OwnedNode>(
  start: (name: "A" | "B", signal: AbortSignal) => Promise<Node>,
  signal: AbortSignal,
): Promise<{ A: Node; B: Node }> {
  const [A, B] = (await startTogether(["A", "B"] as const, start, signal)) as [Node, Node];
  return { A, B };
}

/** A pair that closes its nodes. */
export function ownedPair(
  source: PairSource,
  what: string,
  { A, B }: { A: OwnedNode; B: OwnedNode },
): CassandraPair {
  let closing: Promise<void> | undefined;
  const close = () => {
    closing ??= Promise.all([A.close(), B.close()]).then(() => {});
    return closing;
  };
  return {
    source,
    description: `${what}: A at ${A.contactPoint}, B at ${B.contactPoint}`,
    A,
    B,
    close,
    [Symbol.asyncDispose]: close,
  };
}
