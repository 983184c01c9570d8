import type { Refusal } from "../api/refusal.ts";
import { hour } from "../words.ts";

/** What somebody else has ordered meanwhile. */
export interface Conflict {
  /** Whoever orders it all the same has seen this one. */
  readonly revision: number | undefined;
  readonly text: string;
}

/** What a 409 tells of it; undefined for another refusal. @param nowMs By the pod's clock. */
export function conflictOf(
  refusal: Pick<Refusal, "code" | "current"> | undefined,
  { cluster, nowMs }: { readonly cluster: string; readonly nowMs: number },
): Conflict | undefined {
  if (refusal?.code !== "HELIX_CONTROL_CONFLICT") return undefined;
  const { revision, value } = Object(refusal.current) as { revision?: unknown; value?: unknown };
  const order = orderText(Object(Object(value)[cluster]), nowMs);
  return {
    revision: typeof revision === "number" ? revision : undefined,
    text: `Somebody was faster: ${order ?? "no order holds for this cluster now"}.`,
  };
}

function orderText(order: Readonly<Record<string, unknown>>, nowMs: number): string | undefined {
  const { state, perSecond, by, reason, untilMs } = order;
  if (typeof by !== "string") return undefined;
  const what = typeof state === "string" ? `it is ${state}` : `at most ${perSecond}/s`;
  const why = typeof reason === "string" && reason !== "" ? [reason] : [];
  const until = typeof untilMs === "number" ? [`until ${hour(untilMs, nowMs)}`] : [];
  return [`${what} by ${by}`, ...why, ...until].join(", ");
}
