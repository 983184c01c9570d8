import type { CassandraPair, OwnedNode, PairSource } from "./cassandra-node.ts";

/**
 * Starts A and B at once. When one fails the other is given up at once and removed, then the first error is
 * thrown.
 */
export async function startBoth<Node extends OwnedNode>(
  start: (name: "A" | "B", signal: AbortSignal) => Promise<Node>,
  signal: AbortSignal,
): Promise<{ A: Node; B: Node }> {
  const failed = new AbortController();
  const either = AbortSignal.any([signal, failed.signal]);
  let first: { error: unknown } | undefined;
  const starting = async (name: "A" | "B") => {
    try {
      return await start(name, either);
    } catch (error) {
      first ??= { error };
      failed.abort();
      return undefined;
    }
  };
  const [A, B] = await Promise.all([starting("A"), starting("B")]);
  if (A !== undefined && B !== undefined && !signal.aborted) return { A, B };
  await Promise.all([A?.close(), B?.close()]);
  signal.throwIfAborted();
  throw first?.error;
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
