import type { Job } from "./pod.ts";

export function isOver({ state }: Pick<Job, "state">): boolean {
  return state === "done" || state === "failed" || state === "cancelled";
}

/** Those letters of which it is known what has become of them. */
export function endedOf({
  counts: { done, failed, skipped, needsForce, vanished },
}: Pick<Job, "counts">): number {
  return done + failed + skipped + needsForce + vanished;
}

/** How fast it goes on the average, and how long it takes from now. Undefined where nobody can tell. */
export function paceOf(
  job: Pick<Job, "state" | "counts" | "expect" | "startedAtMs">,
  nowMs: number,
): { readonly perSecond?: number; readonly leftMs?: number } {
  const { state, expect, startedAtMs } = job;
  const ended = endedOf(job);
  if (state !== "running" || startedAtMs === undefined || nowMs - startedAtMs < 1_000 || ended === 0)
    return {};
  const perSecond = (1_000 * ended) / (nowMs - startedAtMs);
  return { perSecond, leftMs: (1_000 * Math.max(0, expect - ended)) / perSecond };
}
