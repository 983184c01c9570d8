import { type Reply, reply } from "./cql/reply.ts";
import { startScriptedCqlServer } from "./scripted-cql-server.ts";

/** Two scripted servers that answer alike, and what a client is given to reach them. */
export async function startScriptedPair(onRequest: () => Reply | Promise<Reply> = () => reply.void) {
  const [A, B] = await Promise.all([
    startScriptedCqlServer({ onRequest }),
    startScriptedCqlServer({ onRequest }),
  ]);
  const options = ({ contactPoint, localDataCenter }: typeof A) => ({
    contactPoints: [contactPoint],
    localDataCenter,
  });
  return {
    A,
    B,
    options: { clusters: { A: options(A), B: options(B) }, connect: { waitFor: "all" } } as const,
    async [Symbol.asyncDispose]() {
      await Promise.all([A.close(), B.close()]);
    },
  };
}
