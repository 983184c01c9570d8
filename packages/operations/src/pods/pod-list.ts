import type { ControlDocument, ControlStore } from "@helix/core";
import { PODS_KEY, type PodReport, readPodReport } from "./pod-report.ts";

/** A pod is taken for gone after so many reports that did not come. */
const MISSED = 3;
/** Of one whose report cannot be read. */
const UNKNOWN_INTERVAL_MS = 5_000;
const MAX_INTERVAL_MS = 60_000;
/** From then on one that is gone is not spoken of any more. */
const FORGOTTEN_MS = 600_000;

export interface ListedPod {
  readonly key: string;
  readonly revision: number;
  /** When it has reported last. By the store's clock, milliseconds since 1970. */
  readonly storedAtMs: number;
  /** Since then. */
  readonly silentMs: number;
  readonly isAlive: boolean;
  readonly isForgotten: boolean;
  /** So much the pod's clock was ahead of the store's with the last report, which had to get there: at least. Milliseconds. */
  readonly clockOffsetMs: number | undefined;
  /** Undefined: what it has written is no report, of a newer version perhaps. */
  readonly report: PodReport | undefined;
}

/** All that have a report in the store, those that are gone as well. Rejects as the store does. */
export async function listPods(control: Pick<ControlStore, "list">): Promise<readonly ListedPod[]> {
  const { documents, nowMs } = await control.list(PODS_KEY);
  return documents.map((document) => podOf(document, nowMs));
}

function podOf({ key, revision, storedAtMs, value }: ControlDocument, nowMs: number): ListedPod {
  const report = readPodReport(value);
  const intervalMs = Math.min(report?.intervalMs ?? UNKNOWN_INTERVAL_MS, MAX_INTERVAL_MS);
  const silentMs = Math.max(0, nowMs - storedAtMs);
  return {
    key,
    revision,
    storedAtMs,
    silentMs,
    isAlive: silentMs < MISSED * intervalMs,
    isForgotten: silentMs >= FORGOTTEN_MS,
    clockOffsetMs: report?.atMs === undefined ? undefined : report.atMs - storedAtMs,
    report,
  };
}
