import { isHelixError, systemClock } from "@helix/core";
import type { Ordered } from "../audit.ts";
import { audited } from "../audited.ts";
import type { Operated } from "../operated.ts";
import { isOver, type Job } from "./job.ts";
import { JOBS, jobKey, readStoredJob, type StoredJob, shown } from "./job-document.ts";
import { jobEnded, jobNotFound } from "./job-errors.ts";
import { isJobId, unlistJob } from "./open-jobs.ts";

/** Each is lost to the pod that works on it. */
const TRIES = 50;

export interface JobListing {
  /** The newest first. */
  readonly jobs: readonly Job[];
  /** Keys of documents that lie among the jobs and are none. */
  readonly unreadable: readonly string[];
}

/** Rejects with HELIX_JOB_NOT_FOUND. */
export async function getJob({ control }: Pick<Operated, "control">, id: string): Promise<Job> {
  return shown((await found(control, id)).job);
}

/** All that are not over, and the last of those that are. */
export async function listJobs({ control }: Pick<Operated, "control">): Promise<JobListing> {
  const { documents } = await control.list(JOBS);
  const read = documents.map((document) => ({ key: document.key, job: readStoredJob(document) }));
  return {
    jobs: read
      .flatMap(({ job }) => (job === undefined ? [] : [shown(job)]))
      .sort((one, other) => other.createdAtMs - one.createdAtMs),
    unreadable: read.flatMap(({ key, job }) => (job === undefined ? [key] : [])),
  };
}

/**
 * No letter more is taken up, within a second; what is done stays done. Resolves with the job as it is then: `cancelled`, or `cancelling` until its
 * pod has ended what is under way. Twice is safe.
 *
 * Rejects with HELIX_JOB_NOT_FOUND, with HELIX_JOB_ENDED for one that is done or failed, with TypeError where nobody, or no reason, is named.
 */
export async function cancelJob(
  operated: Pick<Operated, "control" | "audit" | "clock">,
  id: string,
  { by, why }: Ordered,
): Promise<Job> {
  const { control, clock = systemClock } = operated;
  return audited(
    operated,
    { verb: "cancelJob", subject: { id: String(id).slice(0, 64) }, by, why },
    async () => {
      for (let tries = 1; ; tries++) {
        const { job, revision } = await found(control, id);
        if (job.cancelled !== undefined && job.state !== "done" && job.state !== "failed") return shown(job);
        if (isOver(job)) throw jobEnded(id, job.state);
        const next = cancelledBy(job, { by, why }, Math.floor(clock.wallMs()));
        try {
          await control.put(jobKey(id), next, { revision });
          // The list is a hint: a runner that finds it over takes it off as well.
          if (isOver(next)) await unlistJob(control, id).catch(() => {});
          return shown(next);
        } catch (error) {
          if (!isHelixError(error, "HELIX_CONTROL_CONFLICT") || tries === TRIES) throw error;
        }
      }
    },
  );
}

/** One that nobody has taken up yet is over at once. */
function cancelledBy(job: StoredJob, { by, why }: Ordered, atMs: number): StoredJob {
  const cancelled = { by, why, atMs };
  if (job.state === "waiting") return { ...job, cancelled, state: "cancelled", endedAtMs: atMs };
  return { ...job, cancelled, state: "cancelling" };
}

async function found(
  control: Operated["control"],
  id: string,
): Promise<{ job: StoredJob; revision: number }> {
  const document = isJobId(id) ? await control.get(jobKey(id)) : undefined;
  const job = document && readStoredJob(document);
  if (document === undefined || job === undefined) throw jobNotFound(id);
  return { job, revision: document.revision };
}
