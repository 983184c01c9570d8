import { type Lane, laneOf } from "../cluster.ts";
import { type HelixErrorOf, helixError } from "../errors.ts";
import type { ReplayPayload } from "./payload.ts";

/**
 * What is wrong with a payload in a lane that is not its own; undefined if it is. The lane is the authority: who may write
 * into it is known, and a body can say anything. By its body it would be executed on a cluster whose pause it walks around,
 * and hold up the lane while that cluster is away.
 */
export function laneFault(
  { targetCluster, priority }: Pick<ReplayPayload, "targetCluster" | "priority">,
  lane: Lane,
): HelixErrorOf<"HELIX_PAYLOAD_INVALID"> | undefined {
  const own = laneOf(targetCluster, priority);
  if (own === lane) return undefined;
  const text = `The message lies in the lane \`${lane}\`, and its body is for \`${own}\``;
  const path = lane.endsWith(targetCluster) ? "priority" : "targetCluster";
  return helixError("HELIX_PAYLOAD_INVALID", text, { path });
}
