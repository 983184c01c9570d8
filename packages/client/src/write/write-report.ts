import {
  CLUSTERS,
  type ClusterId,
  type ClusterReport,
  helixError,
  otherCluster,
  type ReplayPayload,
  type WriteReport,
} from "@helix/core";
import type { WriteReports } from "../result.ts";
import { type ClusterOutcome, isMistake, type WriteDecision } from "./decide-write.ts";
import type { JudgedWrite } from "./judged-write.ts";
import type { Handoff } from "./replay-handoff.ts";

/** What was handed to the queue, per cluster that missed the write. */
export type Handoffs = Readonly<Partial<Record<ClusterId, Handoff & { readonly payload: ReplayPayload }>>>;

type Outcomes = Readonly<Record<ClusterId, ClusterOutcome<unknown>>>;

const APPLIED: ClusterReport = Object.freeze({ applied: "yes", queued: "no" });
const PENDING: ClusterReport = Object.freeze({ applied: "pending", queued: "no" });
/** Of a write that nobody missed. */
export const BOTH_APPLIED: WriteReports = Object.freeze({ A: APPLIED, B: APPLIED });

/** What is known of each cluster at the end. */
export function reportsOf(outcomes: Outcomes, handoffs: Handoffs): WriteReports {
  const { A, B } = outcomes;
  return { A: reportOn(A, handoffs.A), B: reportOn(B, handoffs.B) };
}

/** What is known when one cluster has applied it and the other has not answered. */
export function reportsAtFirst(cluster: ClusterId): WriteReports {
  return { [cluster]: APPLIED, [otherCluster(cluster)]: PENDING };
}

/** The error that the caller gets. */
export function failureOf(
  verdict: WriteDecision["verdict"],
  outcomes: Outcomes,
  handoffs: Handoffs,
  { timestampMicros, disposition }: Pick<JudgedWrite, "timestampMicros" | "disposition">,
): unknown {
  // The refusal of a value says more than anything around it could.
  if (verdict === "mistake") return errorOf(CLUSTERS.map((one) => outcomes[one]).find(isMistake));
  const report: WriteReport = { clusters: reportsOf(outcomes, handoffs), timestampMicros };
  const cause = errorOf(outcomes.A);
  if (verdict === "failed") {
    const text = "The write failed on both clusters; nothing was queued";
    return helixError("HELIX_BOTH_CLUSTERS_FAILED", text, report, { cause });
  }
  const notQueued = Object.values(handoffs).find(({ queued }) => queued !== "yes");
  if (notQueued !== undefined) {
    const missed =
      verdict === "success"
        ? "A cluster missed the write"
        : "The write failed on both clusters, perhaps applied on one";
    const notDone = disposition === "hold" ? "kept for a person" : "queued for replay";
    return helixError("HELIX_REPLAY_NOT_QUEUED", `${missed}, and it could not be ${notDone}`, report, {
      cause: notQueued.error ?? errorOf(outcomes[notQueued.payload.targetCluster]),
    });
  }
  const unconfirmed = "Neither cluster has confirmed the write";
  if (disposition === "hold") {
    const text = `${unconfirmed}; it is kept for both, and is not applied unless a person decides so`;
    return helixError("HELIX_OUTCOME_HELD", text, report, { cause });
  }
  const text = `${unconfirmed}; it is queued for both and will be applied`;
  const twice = disposition === "unsafe" ? ", a second time where it was applied already" : "";
  return helixError("HELIX_OUTCOME_PENDING", text + twice, report, { cause });
}

/** Undefined where it was applied. */
export function errorOf(outcome: ClusterOutcome<unknown> | undefined): unknown {
  return outcome?.state === "failed" ? outcome.error : undefined;
}

function reportOn(outcome: ClusterOutcome<unknown>, handoff: Handoffs[ClusterId]): ClusterReport {
  if (outcome.state === "applied") return APPLIED;
  const { applied } = outcome.reading;
  const { queued = "no", payload } = handoff ?? {};
  const isHeld = queued === "yes" && payload?.disposition === "hold";
  return { applied, queued: isHeld ? "held" : queued, replayId: payload?.id, cause: outcome.error };
}
