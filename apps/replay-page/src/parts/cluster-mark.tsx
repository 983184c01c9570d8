import type { ClusterStatus } from "../pod.ts";
import { Mark, type Tone } from "./mark.tsx";

/** What holds of a cluster, in a word. */
export function stateOf({ gate, breaker }: Pick<ClusterStatus, "gate" | "breaker">): readonly [Tone, string] {
  if (gate === undefined) return ["bad", "unknown"];
  if (gate.state !== "open") return ["warning", gate.state];
  if (breaker.state === "open") return ["bad", "away"];
  if (breaker.state === "partly-open") return ["warning", "partly away"];
  return breaker.state === "unknown" ? ["quiet", "no pod known"] : ["good", "open"];
}

export function ClusterMark({ status }: { readonly status: Pick<ClusterStatus, "gate" | "breaker"> }) {
  const [tone, word] = stateOf(status);
  return <Mark tone={tone}>{word}</Mark>;
}
